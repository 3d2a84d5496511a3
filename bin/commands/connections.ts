import type { Command } from 'commander';
import { connectionKey } from '../../adapters/aws/connection-row.ts';
import { readHealth } from '../../adapters/aws/health-store.ts';
import { readPace } from '../../adapters/aws/pace-store.ts';
import { Table } from '../../adapters/aws/table.ts';
import { loadClient } from '../../adapters/client.ts';
import type { StorefrontConnection } from '../../core/client.ts';
import { PollState } from '../../core/connection.ts';
import type { Health } from '../../core/health.ts';
import type { Pace } from '../../core/pace.ts';
import type { Stack } from '../stack.ts';
import { columns, type Output, time } from '../terminal.ts';
import { listCarriers } from './carrier-rows.ts';
import { fileOf } from './rules.ts';

/** What the command is run with. */
interface Shell {
  stack(): Promise<Stack>;
  clientId(): string;
  print(output: Output): void;
}

/** A storefront connection, as far as the table knows it. */
interface Seen {
  readonly connection: StorefrontConnection;
  readonly capabilities: readonly string[];
  readonly health: Health | undefined;
  readonly pace: Pace | undefined;
  readonly poll: PollState | undefined;
}

/** Adds the command that shows how connections are. */
export function addConnectionsCommand(program: Command, shell: Shell): void {
  program
    .command('connections')
    .description('storefront and carrier connections')
    .command('list')
    .description('how each is: what came last, what reading it found, its subscriptions, and what is wrong, with what to do')
    .action(async () => shell.print(await listConnections(new Table((await shell.stack()).tableName), fileOf(shell.clientId()), new Date())));
}

/**
 * Lists the connections of a client, as the hourly checks and the readings of orders left them. Asks no storefront and no carrier: their
 * tokens are for the hub's functions alone.
 * @param file the client's file
 */
export async function listConnections(table: Table, file: string, now: Date): Promise<Output> {
  const { client, capabilities } = await loadClient(file);
  const seen = await Promise.all(
    client.storefronts.map(async (connection): Promise<Seen> => {
      const { id } = connection;
      const [health, pace, poll] = await Promise.all([readHealth(table, id), readPace(table, id), readPoll(table, id)]);
      return { connection, capabilities: capabilities[id] ?? [], health, pace, poll };
    }),
  );
  const heads = ['connection', 'kind', 'checked', 'subscriptions', 'last delivery', 'orders read until', 'found by reading'];
  const text = ['storefront connections', columns([heads, ...seen.map(rowOf)]), ...seen.flatMap(remarksOf)];
  const carriers = await listCarriers(table, { client, capabilities }, now);
  return { json: [...seen.map(jsonOf), ...carriers.json], text: [...text, '', carriers.text].join('\n') };
}

async function readPoll(table: Table, connectionId: string): Promise<PollState | undefined> {
  const row = await table.get<PollState>(connectionKey(connectionId, 'CURSOR'), 'cursor');
  return row === undefined ? undefined : PollState.parse(row);
}

function rowOf({ connection, capabilities, health, pace, poll }: Seen): string[] {
  const { topics = [], checkedAt } = health ?? {};
  const active = topics.filter((topic) => topic.active).length;
  const reads = capabilities.includes('polls');
  return [
    connection.id,
    connection.kind,
    checkedAt === undefined ? 'never' : time(checkedAt),
    topics.length === 0 ? '-' : `${active} of ${topics.length}`,
    pace === undefined ? '-' : time(pace.lastAt),
    reads ? (poll === undefined ? 'not yet' : time(poll.since)) : '-',
    reads ? foundBy(poll) : '-',
  ];
}

function foundBy(poll: PollState | undefined): string {
  if (poll === undefined || poll.found === 0) return 'none';
  return poll.foundAt === null ? String(poll.found) : `${poll.found}, last ${time(poll.foundAt)}`;
}

/** What is wrong with a connection, or worth knowing, a line each. */
function remarksOf({ connection: { id }, health }: Seen): string[] {
  if (health === undefined) return [`${id}: the hourly check has not looked yet`];
  const { ended, problem, silentSince, duplicates, repaired } = health;
  const remarks = [
    ended && `ended by the storefront at ${time(ended.at)} (${ended.reason}): connect it again there, put its new token into its secret, then redrive what waits`,
    problem && `since ${time(problem.since)}: ${problem.message} (${problem.code})`,
    silentSince && `silent since ${time(silentSince)}, which is longer than chance explains: look whether it sells, and whether its webhooks are on`,
    duplicates.length > 0 && `subscriptions that send what another sends too, to be deleted at the storefront: ${duplicates.join(', ')}`,
    repaired && `subscriptions were last mended at ${time(repaired.at)}: ${repaired.topics.join(', ')}`,
  ];
  return remarks.flatMap((remark) => (remark ? [`${id}: ${remark}`] : []));
}

function jsonOf({ connection, capabilities, health, pace, poll }: Seen): unknown {
  const { entity: _entity, connectionId: _id, version: _version, ...known } = health ?? { topics: [], duplicates: [] };
  const reading = poll && { until: poll.since, found: poll.found, foundAt: poll.foundAt };
  return {
    connectionId: connection.id,
    kind: connection.kind,
    capabilities,
    ...known,
    ...(pace && { lastDeliveryAt: pace.lastAt, hoursOfHistory: pace.hours }),
    ...(reading && { reading }),
  };
}
