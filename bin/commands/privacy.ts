import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { readCase, readCases, readWaiting, writeCase } from '../../adapters/aws/privacy-store.ts';
import { Table } from '../../adapters/aws/table.ts';
import { loadClient } from '../../adapters/client.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { instant } from '../../core/id.ts';
import { type PrivacyCase, settle } from '../../core/privacy.ts';
import type { Stack } from '../stack.ts';
import { columns, type Output, time } from '../terminal.ts';
import { fileOf } from './rules.ts';

/** What the commands are run with. */
interface Shell {
  stack(): Promise<Stack>;
  clientId(): string;
  print(output: Output): void;
}

/** Adds the commands about requests to show and to erase personal data. */
export function addPrivacyCommands(program: Command, shell: Shell): void {
  const privacy = program.command('privacy').description('requests of customers and shops to show or erase personal data');
  const table = async () => new Table((await shell.stack()).tableName);
  privacy
    .command('list')
    .description('all requests, with what is open and by when it must be settled')
    .action(async () => shell.print(await listPrivacy(await table(), fileOf(shell.clientId()), new Date())));
  privacy
    .command('export <id>')
    .description('write what is kept of a customer into a file that you alone may read; ids look like shop:1234')
    .requiredOption('--out <file>', 'a file that does not exist yet')
    .action(async (id: string, { out }: { out: string }) => shell.print(await exportPrivacy(await table(), id, out)));
  privacy
    .command('done <id>')
    .description('note that the customer was answered')
    .action(async (id: string) => shell.print(await closePrivacy(await table(), id, `operator:${userInfo().username}`, new Date())));
}

/** Lists the requests of all connections of a client, the most urgent first. */
export async function listPrivacy(table: Table, file: string, now: Date): Promise<Output> {
  const { client } = await loadClient(file);
  const cases = (await Promise.all(client.storefronts.map(({ id }) => readCases(table, id)))).flat();
  const sorted = cases.sort((a, b) => (a.status === b.status ? (a.dueBy < b.dueBy ? -1 : 1) : a.status === 'open' ? -1 : 1));
  const listed = await Promise.all(sorted.map(async (one) => ({ ...one, waiting: one.status === 'open' ? (await readWaiting(table, one)).length : 0 })));
  const json = listed.map(({ entity: _entity, version: _version, position: _position, ...one }) => ({ id: nameOf(one), ...one }));
  if (listed.length === 0) return { json, text: 'no requests to show or erase personal data' };
  const rows = listed.map((one) => [nameOf(one), one.wants, one.status, time(one.receivedAt), time(one.dueBy), adviceFor(one, one.waiting, now)]);
  return { json, text: `requests to show or erase personal data\n${columns([['id', 'wants', 'status', 'received', 'due by', 'remarks'], ...rows])}` };
}

function nameOf({ connectionId, requestId }: Pick<PrivacyCase, 'connectionId' | 'requestId'>): string {
  return `${connectionId}:${requestId}`;
}

function adviceFor(one: PrivacyCase, waiting: number, now: Date): string {
  if (one.status === 'done') return `settled by ${one.settled?.by ?? 'hub'}${one.wants === 'show' ? '' : `, ${one.erased} orders erased`}`;
  const overdue = one.dueBy < instant(now) ? 'OVERDUE; ' : '';
  if (!one.found) return `${overdue}its orders are being looked for`;
  if (one.wants !== 'show') return `${overdue}${one.erased} orders erased, ${waiting} still under way: they are erased once they are over`;
  return `${overdue}${one.orderIds.length} orders; crossdock privacy export ${nameOf(one)} --out FILE, answer the customer, then crossdock privacy done ${nameOf(one)}`;
}

/**
 * Writes every version that is kept of a customer's orders into a file for its owner alone.
 * @throws Rejected `privacy.not-to-show`, `privacy.file-unwritable`
 */
export async function exportPrivacy(table: Table, name: string, out: string): Promise<Output> {
  const one = await readCase(table, name);
  if (one.wants !== 'show') throw new Rejected('privacy.not-to-show', `${name} asks to ${one.wants}; there is nothing to hand over.`, { seen: one.wants });
  const orders = await Promise.all(one.orderIds.map(async (orderId) => ({ orderId, documents: await documentsOf(table, orderId) })));
  try {
    writeFileSync(out, `${JSON.stringify({ request: name, receivedAt: one.receivedAt, orders }, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new Rejected('privacy.file-unwritable', `${out} cannot be written: it exists already, or its folder does not. Name another with --out.`, { cause });
  }
  const documents = orders.reduce((sum, order) => sum + order.documents.length, 0);
  return {
    json: { id: name, file: out, orders: orders.length, documents },
    text: `${documents} versions of ${orders.length} orders are in ${out}; delete it once the customer was answered`,
  };
}

async function documentsOf(table: Table, orderId: string): Promise<unknown[]> {
  const rows = table.query<{ readonly entity: 'document'; readonly document: string }>(`O#${orderId}`, 'DOC#', 'document', { ConsistentRead: true });
  return (await Array.fromAsync(rows)).map(({ document }): unknown => JSON.parse(document));
}

/**
 * Notes that a person has answered a request.
 * @throws Rejected `privacy.not-to-show` for one that the hub itself settles, Unavailable `privacy.contended`
 */
export async function closePrivacy(table: Table, name: string, by: string, now: Date): Promise<Output> {
  const one = await readCase(table, name);
  if (one.wants !== 'show')
    throw new Rejected('privacy.not-to-show', `${name} asks to ${one.wants}, which the hub settles itself once all of its orders are over.`, { seen: one.wants });
  if (one.status === 'done') return { json: { id: name, status: 'done' }, text: `${name} was settled before, by ${one.settled?.by ?? 'hub'}` };
  if (!(await writeCase(table, settle(one, by, instant(now))))) throw new Unavailable('privacy.contended', `${name} changed meanwhile; try again.`);
  return { json: { id: name, status: 'done' }, text: `${name} is settled` };
}
