import { basename } from 'node:path';
import { ScanCommand, type ScanCommandOutput } from '@aws-sdk/lib-dynamodb';
import { readDocumentIfKept } from '../../adapters/aws/order-store.ts';
import { isEntity, Table } from '../../adapters/aws/table.ts';
import { clientFiles, loadClient } from '../../adapters/client.ts';
import type { Client } from '../../core/client.ts';
import { authoriserOf, customerDigest, factsOf, goodsDigest, type History, historyOf, needsHistory, type PastOrder } from '../../core/customer.ts';
import { Rejected } from '../../core/error.ts';
import { explode } from '../../core/kit.ts';
import { fingerprintOf, isBeyondPacking, isFinal, type Order } from '../../core/order.ts';
import { type OrderDocument, soldIn } from '../../core/order-document.ts';
import { judge, type Rule, type RuleFacts, USUAL_PRIORITY, type Verdict } from '../../core/rule.ts';
import type { Stack } from '../stack.ts';
import { columns, type Output } from '../terminal.ts';

/** What `rules test` is told. */
export interface RuleTest {
  /** The client file whose rules are tried. */
  readonly file: string;
  /** How many stored orders are read at most. */
  readonly limit: number;
  /** Hears from a reading that takes longer than a second. */
  progress(text: string): void;
}

/** Shows what the rules of a client file would do to the orders that a stack has stored. Writes nothing. */
export async function testRules(stack: Stack, { file, limit, progress }: RuleTest, table = new Table(stack.tableName)): Promise<Output> {
  const client = await readRules(file);
  const { stored, erased, complete } = await readStored(table, limit, progress);
  const shipped = stored.filter(({ document }) => !document.cancelled && !document.test && soldIn(document).length > 0);
  const histories = needsHistory(client) ? historiesOf(stored) : new Map<string, History>();
  const trials = shipped.map((one) => tryOn(one, client, histories.get(one.order.orderId))).sort((a, b) => (a.receivedAt > b.receivedAt ? -1 : 1));
  const result = {
    file: basename(file),
    tested: trials.length,
    erased,
    ended: stored.length - shipped.length,
    complete,
    rules: client.rules.map((rule) => hitsOf(rule, trials)),
    changes: trials.filter(({ changes }) => changes.length > 0).map(({ orderId, status, changes }) => ({ orderId, status, changes })),
  };
  return { json: result, text: describe(result, stack) };
}

/** The client file of a stack in this checkout. @throws Rejected `client.not-found` */
export function fileOf(clientId: string): string {
  const files = clientFiles();
  const file = files.find((path) => basename(path, '.yaml') === clientId);
  if (file !== undefined) return file;
  throw new Rejected(
    'client.not-found',
    `There is no clients/${clientId}.yaml; clients: ${files.map((path) => basename(path, '.yaml')).join(', ')}. Name another file with --file.`,
  );
}

async function readRules(file: string): Promise<Client> {
  try {
    return (await loadClient(file)).client;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new Rejected('client.not-found', `${file} does not exist; client files are in clients/.`, { cause: error });
  }
}

/** An order as it stands, and the newest version that came in. */
interface Stored {
  readonly order: Order;
  readonly document: OrderDocument;
}

const DOCUMENTS_AT_ONCE = 25;

async function readStored(
  table: Table,
  limit: number,
  progress: RuleTest['progress'],
): Promise<{ readonly stored: Stored[]; readonly erased: number; readonly complete: boolean }> {
  const stored: Stored[] = [];
  let read = 0;
  let complete = true;
  for await (const page of orderPages(table, progress)) {
    const orders = page.slice(0, limit - read);
    for (let from = 0; from < orders.length; from += DOCUMENTS_AT_ONCE) {
      const documents = await Promise.all(orders.slice(from, from + DOCUMENTS_AT_ONCE).map((order) => withDocument(table, order)));
      stored.push(...documents.filter((one) => one !== undefined));
    }
    read += orders.length;
    complete = orders.length === page.length;
    if (!complete) break;
  }
  return { stored, erased: read - stored.length, complete };
}

/** The orders of a table, a page of the scan at a time. */
async function* orderPages(table: Table, progress: RuleTest['progress']): AsyncGenerator<Order[]> {
  let ExclusiveStartKey: ScanCommandOutput['LastEvaluatedKey'];
  let [items, orders, spoke] = [0, 0, Date.now()];
  do {
    const page: ScanCommandOutput = await table.client.send(
      new ScanCommand({ TableName: table.name, FilterExpression: 'entity = :order', ExpressionAttributeValues: { ':order': 'order' }, ExclusiveStartKey }),
    );
    const found = (page.Items ?? []).filter((item) => isEntity<Order>(item, 'order'));
    items += page.ScannedCount ?? 0;
    orders += found.length;
    if (Date.now() - spoke > 1_000) {
      progress(`${orders} orders found in ${items} items`);
      spoke = Date.now();
    }
    yield found;
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}

async function withDocument(table: Table, order: Order): Promise<Stored | undefined> {
  const document = await readDocumentIfKept(table, order);
  return document && { order, document };
}

/** What the hub would know of the customers, had it remembered them since the first of these orders. */
function historiesOf(stored: readonly Stored[]): Map<string, History> {
  const customers = Map.groupBy(stored, ({ document }) => customerDigest(document));
  return new Map([...customers].flatMap(([customer, theirs]) => (customer === undefined ? [] : historiesOfOne(theirs.map(pastOrder)))));
}

function pastOrder({ order, document }: Stored): PastOrder {
  return { orderId: order.orderId, at: order.receivedAt, goods: goodsDigest(document) };
}

function historiesOfOne(orders: readonly PastOrder[]): (readonly [string, History])[] {
  return orders.map((own) => [own.orderId, historyOf(own, orders)] as const);
}

/** What the rules would do to one order. */
interface Trial extends Pick<Order, 'orderId' | 'status' | 'receivedAt'> {
  /** What each rule does on the event that it is for. */
  readonly fired: Verdict['fired'];
  /** How the order would differ from what it is. */
  readonly changes: readonly string[];
}

// Whether a stored order was edited is past: rules for that are tried as if it had been just now.
const EVERY_EVENT: RuleFacts['on'] = new Set(['received', 'edited', 'readdressed']);
const AS_IT_STANDS: RuleFacts['on'] = new Set(['received']);

function tryOn({ order, document }: Stored, client: Client, history: History | undefined): Trial {
  const { demand } = explode(soldIn(document), client, order.kits ?? []);
  const facts = factsOf(document, demand, client, history, EVERY_EVENT);
  const verdict = judge(client.rules, { ...facts, on: AS_IT_STANDS }, client.currency);
  const { orderId, status, receivedAt } = order;
  const changes = isBeyondPacking(order) || isFinal(order) ? [] : changesOf(order, verdict, authoriserOf(verdict.authorise, client, history));
  return { orderId, status, receivedAt, fired: judge(client.rules, facts, client.currency).fired, changes };
}

function changesOf(order: Order, verdict: Verdict, authoriser: Order['authoriser']): string[] {
  const raised = verdict.holds.filter((held) => !order.cleared.includes(fingerprintOf(held, order.addressHash, order.source.digest)));
  const ruled = order.holds.filter(({ by, standing }) => by.startsWith('rule ') && !standing);
  const has = (holds: Verdict['holds'], { kind, by }: Verdict['holds'][number]) => holds.some((other) => other.kind === kind && other.by === by);
  return [
    ...raised.filter((held) => !has(order.holds, held)).map(({ kind, reason, by }) => `new ${kind} hold by ${by}: ${reason}`),
    ...ruled.filter((held) => !has(verdict.holds, held)).map(({ kind, by }) => `no ${kind} hold by ${by} any more`),
    ...(order.prioritised ? [] : differing('priority', order.priority, verdict.priority ?? USUAL_PRIORITY)),
    ...differing('only from', order.only?.join(', ') ?? 'any warehouse', verdict.only?.join(', ') ?? 'any warehouse'),
    ...differing('first from', order.prefer?.join(', ') ?? 'any warehouse', verdict.prefer?.join(', ') ?? 'any warehouse'),
    ...(order.authorisation === null ? differing('authorised by', order.authoriser ?? 'policy as usual', authoriser ?? 'policy as usual') : []),
  ];
}

function differing(what: string, before: string | number, after: string | number): string[] {
  return before === after ? [] : [`${what}: ${before} -> ${after}`];
}

const EXAMPLES = 5;

interface Hits {
  readonly rule: string;
  readonly on: Rule['on'];
  readonly orders: number;
  readonly examples: readonly { readonly orderId: string; readonly did: string }[];
}

function hitsOf({ name, on }: Rule, trials: readonly Trial[]): Hits {
  const hits = trials.flatMap(({ orderId, fired }) => {
    const own = fired.filter(({ rule }) => rule === name).map(({ did }) => did);
    return own.length === 0 ? [] : [{ orderId, did: own.join('; ') }];
  });
  return { rule: name, on, orders: hits.length, examples: hits.slice(0, EXAMPLES) };
}

interface Result {
  readonly file: string;
  readonly tested: number;
  readonly erased: number;
  readonly ended: number;
  readonly complete: boolean;
  readonly rules: readonly Hits[];
  readonly changes: readonly { readonly orderId: string; readonly status: string; readonly changes: readonly string[] }[];
}

const SHOWN = 20;

function describe({ file, tested, erased, ended, complete, rules, changes }: Result, stack: Stack): string {
  const left = [
    ...(erased > 0 ? [`not testable: ${erased}, whose personal data is erased`] : []),
    ...(ended > 0 ? [`left out: ${ended}, cancelled or with nothing to ship`] : []),
    ...(complete ? [] : ['there are more orders: raise --limit; customers may be known by orders that were not read']),
  ];
  const shown = changes.slice(0, SHOWN).map((one) => [one.orderId, one.status, one.changes.join('; ')]);
  return [
    `rules of ${file}, tried on ${count(tested)} of ${stack.where}; nothing was written`,
    ...left,
    ...(rules.length === 0 ? ['the file has no rules'] : rules.flatMap(ruleLines)),
    `${count(changes.length)} would change`,
    ...(shown.length === 0 ? [] : [columns(shown)]),
    ...(changes.length > SHOWN ? [`  and ${changes.length - SHOWN} more; --json lists them all`] : []),
  ].join('\n');
}

function ruleLines({ rule, on, orders, examples }: Hits): string[] {
  const when = on === 'received' ? '' : `, were they ${on} now`;
  return [`${rule}: ${count(orders)}${when}`, ...(examples.length === 0 ? [] : [columns(examples.map(({ orderId, did }) => [orderId, did]))])];
}

function count(orders: number): string {
  return orders === 1 ? '1 order' : `${orders} orders`;
}
