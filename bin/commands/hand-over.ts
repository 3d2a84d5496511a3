import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { MessageQueue } from '../../adapters/aws/message-queue.ts';
import { readPickups } from '../../adapters/aws/pickup-store.ts';
import { Table } from '../../adapters/aws/table.ts';
import { loadClient } from '../../adapters/client.ts';
import { askToClose, bookPickup, type HandOverDesk, type ShownHandOver, showHandOver, unbookPickup } from '../../adapters/hand-over-desk.ts';
import { type Refused, Rejected } from '../../core/error.ts';
import { ulid } from '../../core/id.ts';
import type { Act } from '../../core/order.ts';
import type { Pickup, PickupWish, PickupWord } from '../../core/pickup.ts';
import type { FoundStack } from '../stack.ts';
import { columns, type Output } from '../terminal.ts';
import { fileOf } from './rules.ts';

/** What the commands are run with. */
interface Shell {
  stack(): Promise<FoundStack>;
  clientId(): string;
  print(output: Output): void;
}

interface Which {
  readonly carrier?: string;
  readonly warehouse?: string;
  readonly day?: string;
}

/** Adds the commands that close carriers' days and have carriers come. */
export function addHandOverCommands(program: Command, shell: Shell): void {
  addManifests(program.command('manifests').description('what carriers get on a day; docs/hand-over.md says how it is closed'), shell);
  addPickups(program.command('pickups').description('have carriers come'), shell);
}

function addManifests(manifests: Command, shell: Shell): void {
  manifests
    .command('close')
    .description('close the day of a carrier in a warehouse now; its cut-off does so by itself')
    .requiredOption('--carrier <id>', 'carrier connection')
    .requiredOption('--warehouse <id>', 'where')
    .option('--day <date>', 'such as 2026-11-23; today where none is given', calendarDay)
    .option('--not-made <number>', "a manifest of that day that waits for a person, and of which the carrier's own pages show none", wholeNumber)
    .action(async ({ carrier, warehouse, day, notMade }: { carrier: string; warehouse: string; day?: string; notMade?: number }) => {
      const [stack, desk] = await open(shell);
      shell.print(described(await askToClose(desk, new MessageQueue(stack.manifestsUrl), { carrierId: carrier, warehouse, day }, operator(), notMade)));
    });
  manifests
    .command('list')
    .description('what carriers get on a day, what stays behind and why, and the papers')
    .option('--carrier <id>', 'only this carrier connection')
    .option('--warehouse <id>', 'only this warehouse')
    .option('--day <date>', 'such as 2026-11-23; today where none is given', calendarDay)
    .action(async (which: Which) => shell.print(await listManifests((await open(shell))[1], which, new Date())));
}

function addPickups(pickups: Command, shell: Shell): void {
  pickups
    .command('book')
    .description('have a carrier come; its parcels are counted by what is labelled, unless you say how many there will be')
    .requiredOption('--carrier <id>', 'carrier connection')
    .requiredOption('--warehouse <id>', 'where')
    .requiredOption('--day <date>', 'such as 2026-11-23', calendarDay)
    .requiredOption('--ready <time>', 'from when on they may be collected, such as 14:00', timeOfDay)
    .requiredOption('--closes <time>', 'until when', timeOfDay)
    .option('--instructions <text>', 'where the driver finds them', '')
    .option('--parcels <number>', 'how many there will be', wholeNumber)
    .option('--weight <grams>', 'what they will weigh together', wholeNumber)
    .option('--another', 'a second pickup of the same day is meant', false)
    .action(async ({ carrier: carrierId, ready, closes, parcels = null, weight = null, another, ...rest }: BookOptions) => {
      if (ready >= closes) throw new Rejected('request.invalid', `--closes ${closes} must be after --ready ${ready}.`);
      const [stack, desk] = await open(shell);
      const wish: PickupWish = { carrierId, ...rest, readyAt: ready, closesAt: closes, parcels, weight };
      shell.print(describedPickup(await bookPickup(desk, new MessageQueue(stack.pickupsUrl), wish, another, operator())));
    });
  pickups
    .command('cancel <carrier> <pickup>')
    .description('tell a carrier that it need not come; ids look like north-2026-11-23-1')
    .option('--confirmation <text>', "the carrier's name for it, where nobody knew whether it was booked")
    .option('--not-made', "the carrier's own pages show none")
    .action(async (carrierId: string, pickupId: string, word: PickupWord) => {
      const [stack, desk] = await open(shell);
      shell.print(describedPickup(await unbookPickup(desk, new MessageQueue(stack.pickupsUrl), { carrierId, pickupId }, word, operator())));
    });
  pickups
    .command('list')
    .description('all pickups, and what became of them')
    .option('--carrier <id>', 'only this carrier connection')
    .action(async ({ carrier }: Which) => shell.print(await listPickups((await open(shell))[1], carrier)));
}

interface BookOptions {
  readonly carrier: string;
  readonly warehouse: string;
  readonly day: string;
  readonly ready: string;
  readonly closes: string;
  readonly instructions: string;
  readonly parcels?: number | null;
  readonly weight?: number | null;
  readonly another: boolean;
}

async function open(shell: Shell): Promise<[FoundStack, HandOverDesk]> {
  const stack = await shell.stack();
  const { client } = await loadClient(fileOf(shell.clientId()));
  return [stack, { table: new Table(stack.tableName), client, newId: () => ulid(new Date(), randomBytes(10)) }];
}

function operator(): Act {
  return { by: `operator:${userInfo().username}`, now: new Date() };
}

function described(asked: Awaited<ReturnType<typeof askToClose>>): Output {
  if (asked.kind === 'refused') throw new Rejected(asked.code, asked.why);
  const { carrierId, warehouse, day } = asked.request;
  return {
    json: asked.request,
    text: `${carrierId} in ${warehouse}: ${day} is being closed\nlook: crossdock manifests list --carrier ${carrierId} --warehouse ${warehouse} --day ${day}`,
  };
}

function describedPickup(pickup: Pickup | Refused): Output {
  if ('kind' in pickup) throw new Rejected(pickup.code, pickup.why);
  const text = `pickup ${pickup.pickupId} of ${pickup.carrierId} is ${pickup.status}\nlook: crossdock pickups list --carrier ${pickup.carrierId}`;
  return { json: pickup, text };
}

/** Lists what carriers get on a day, each in each warehouse. */
export async function listManifests(desk: Pick<HandOverDesk, 'table' | 'client'>, { carrier, warehouse, day }: Which, now: Date): Promise<Output> {
  const carriers = carrier === undefined ? desk.client.carriers.map(({ id }) => id) : [carrier];
  const warehouses = warehouse === undefined ? desk.client.warehouses.map(({ id }) => id) : [warehouse];
  const names = carriers.flatMap((carrierId) => warehouses.map((where) => ({ carrierId, warehouse: where, day })));
  const shown = await Promise.all(names.map((name) => showHandOver(desk, name, now)));
  return { json: shown, text: shown.map(describeDay).join('\n') };
}

const LISTED = 20;

function describeDay({ carrierId, warehouse, day, handOver, manifests, pickups }: ShownHandOver): string {
  const head = `${carrierId} in ${warehouse} on ${day}: `;
  const state = handOver === undefined ? 'not closed yet' : `${handOver.parcels} parcels given, ${handOver.behind} left out`;
  const rows = manifests.map((one) => [`manifest ${one.number}`, one.carrier, `${one.parcels} parcels`, one.parked === undefined ? one.status : 'waits for a person', one.reason]);
  const behind = (handOver?.leftOut ?? []).slice(0, LISTED).map(({ orderId, parcel, reason }) => [`left out`, orderId, `parcel ${parcel}`, reason]);
  const more = (handOver?.behind ?? 0) > behind.length ? [[`and ${(handOver?.behind ?? 0) - behind.length} more, in the papers`]] : [];
  const papers = [...manifests.flatMap(({ documents }) => documents), ...(handOver?.documents ?? [])].map((key) => ['paper', key]);
  const booked = pickups.map((one) => ['pickup', one.pickupId, one.status, one.reason]);
  return [head + state, ...[rows, behind, more, papers, booked].filter((list) => list.length > 0).map(columns)].join('\n');
}

/** Lists pickups of all carriers, or of one. */
export async function listPickups({ table, client }: Pick<HandOverDesk, 'table' | 'client'>, carrier?: string): Promise<Output> {
  const carriers = carrier === undefined ? client.carriers.map(({ id }) => id) : [carrier];
  const pickups = (await Promise.all(carriers.map((id) => readPickups(table, id)))).flat();
  if (pickups.length === 0) return { json: [], text: 'no pickup was asked for' };
  const rows = pickups.map((one) => [
    one.carrierId,
    one.pickupId,
    `${one.readyAt}-${one.closesAt}`,
    one.parcels === null ? '-' : String(one.parcels),
    one.status,
    one.confirmation ?? '-',
    one.reason,
  ]);
  return { json: pickups, text: `pickups\n${columns([['carrier', 'id', 'between', 'parcels', 'status', 'confirmation', 'remarks'], ...rows])}` };
}

function calendarDay(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError(`${JSON.stringify(text)} is no day such as 2026-11-23.`);
}

function timeOfDay(text: string): string {
  if (/^([01]\d|2[0-3]):[0-5]\d$/.test(text)) return text;
  throw new InvalidArgumentError(`${JSON.stringify(text)} is no time of day such as 14:00.`);
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`${JSON.stringify(text)} is not a whole number above 0.`);
}
