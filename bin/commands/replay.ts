import * as z from 'zod';
import type { Outbox } from '../../adapters/aws/message-queue.ts';
import { type OtherDelivery, type Rehearsal, type Replaying, type ReplayRange, rehearseReplay, sendReplay } from '../../adapters/aws/replay.ts';
import { connectionOf } from '../../adapters/reach.ts';
import type { Client } from '../../core/client.ts';
import { Rejected } from '../../core/error.ts';
import { orderIdOf } from '../../core/id.ts';
import type { Rehearsed } from '../../core/replay.ts';
import { columns, type Output, time } from '../terminal.ts';

/** What `replay` is told. */
export interface ReplayOptions {
  readonly connection: string;
  /** An instant such as 2026-11-20T09:00:00Z, or how long ago: `2h`, `3d`. */
  readonly since: string;
  readonly until?: string;
  /** The hub's id of an order, or the storefront's. */
  readonly order?: string;
  readonly dryRun: boolean;
}

/** What it works with. */
export interface Replayer extends Replaying {
  /** Where the stack is, for people. */
  readonly where: string;
  readonly inbox: Outbox;
  /** Asks a person. */
  confirm(question: string): Promise<boolean>;
  wait(milliseconds: number): Promise<void>;
}

/** What `replay` has to say; `complete` when all that was kept could be read. */
export interface Replayed extends Output {
  readonly complete: boolean;
}

/** Shows what taking in once more what a connection brought would do, and does it once a person agrees. */
export async function replay(replayer: Replayer, options: ReplayOptions): Promise<Replayed> {
  const range = rangeOf(options, replayer.client, replayer.now());
  const rehearsal = await rehearseReplay(replayer, range);
  const isWanted = !options.dryRun && rehearsal.selected.size > 0;
  const agreed =
    isWanted &&
    (await replayer.confirm(
      `${describe(rehearsal, range, replayer.where)}\nsend ${countOf(rehearsal.selected.size, 'delivery', 'deliveries')} to the inbox of ${replayer.where}?`,
    ));
  const sent = agreed ? await sendReplay(replayer, range, rehearsal.selected, replayer.inbox, replayer.wait) : 0;
  const { selected, ...rest } = rehearsal;
  const ending = endingOf(selected.size, sent, options.dryRun);
  const complete = rehearsal.damaged.length === 0 && !rehearsal.others.some(({ outcome }) => outcome === 'unreadable');
  return { complete, json: { ...range, ...rest, toSend: selected.size, sent }, text: isWanted ? ending : `${describe(rehearsal, range, replayer.where)}\n${ending}` };
}

function rangeOf({ connection, since, until, order }: ReplayOptions, client: Client, now: Date): ReplayRange {
  const { id: connectionId } = connectionOf(client, connection);
  const range = { connectionId, since: instantOf('--since', since, now), until: until === undefined ? now.toISOString() : instantOf('--until', until, now) };
  if (range.since >= range.until) throw new Rejected('request.invalid', `--since ${range.since} is not before --until ${range.until}.`);
  return order === undefined ? range : { ...range, orderId: order.startsWith(`${connectionId}:`) ? order : orderIdOf(connectionId, order) };
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const Zoned = z.iso.datetime({ offset: true });
const Day = z.iso.date();

/** Reads a time as a person gives it. @throws Rejected `request.invalid` */
export function instantOf(option: string, text: string, now: Date): string {
  const [, number = '', unit = ''] = /^(\d{1,4})([mhd])$/.exec(text) ?? [];
  const milliseconds = UNITS[unit];
  if (milliseconds !== undefined) return new Date(now.getTime() - Number(number) * milliseconds).toISOString();
  if (Zoned.safeParse(text).success || Day.safeParse(text).success) return new Date(text).toISOString();
  throw new Rejected('request.invalid', `${option} ${JSON.stringify(text)} is no time; give 30m, 2h or 3d (ago), a day such as 2026-11-20 (UTC), or 2026-11-20T09:00:00Z.`, {
    seen: text.slice(0, 40),
  });
}

function endingOf(toSend: number, sent: number, isRehearsal: boolean): string {
  if (toSend === 0) return 'nothing to send';
  const deliveries = countOf(toSend, 'delivery', 'deliveries');
  if (isRehearsal) return `nothing was sent; without --dry-run ${deliveries} would be`;
  return sent === 0 ? 'nothing was sent' : `sent ${sent} of ${deliveries}; the orders are taken in within seconds`;
}

const SHOWN = 20;

function describe({ deliveries, repeats, orders, others, damaged }: Rehearsal, { connectionId, since, until, orderId }: ReplayRange, where: string): string {
  const of = (...outcomes: Rehearsed['outcome'][]) => orders.filter(({ outcome }) => outcomes.includes(outcome));
  const other = (outcome: OtherDelivery['outcome']) => others.filter((one) => one.outcome === outcome);
  return [
    `what ${orderId ?? connectionId} brought to ${where} from ${time(since)} to ${time(until)}`,
    `${countOf(deliveries, 'delivery', 'deliveries')} kept${repeats === 0 ? '' : `, ${repeats} of them repeats`}`,
    ...section('would be taken in', of('new', 'would change').map(movingRow)),
    ...section('would be fetched', other('would be fetched').map(otherRow)),
    ...section('cannot be read', other('unreadable').map(otherRow)),
    ...section(
      'kept as they are, as only a newer version replaces them',
      of('older')
        .filter(({ changes }) => changes.length > 0)
        .map(({ orderId: id, changes }) => [id, changes.join('; ')]),
    ),
    ...section(
      'not taken in again, as their personal data was erased',
      of('erased').map(({ orderId: id }) => [id]),
    ),
    ...section('left out', other('left out').map(otherRow)),
    `nothing to do: ${of('known').length} known, ${of('older').length} older, ${other('ignored').length} ignored`,
    ...section(
      'damaged in the archive, and passed over',
      damaged.map(({ object, why }) => [object, why]),
    ),
  ].join('\n');
}

function movingRow({ orderId, outcome, before, after, changes }: Rehearsed): string[] {
  return [orderId, outcome, before === null ? `-> ${after}` : before === after ? `stays ${before}` : `${before} -> ${after}`, changes.join('; ')];
}

function otherRow({ receivedAt, why }: OtherDelivery): string[] {
  return [time(receivedAt), why];
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  return [`${title}: ${rows.length}`, columns(rows.slice(0, SHOWN)), ...(rows.length > SHOWN ? [`  and ${rows.length - SHOWN} more; --json lists them all`] : [])];
}

function countOf(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;
}
