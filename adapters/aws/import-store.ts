import { type BookingKind, type Entry, type Fault, placeOf } from '../../core/booking.ts';
import { type Chunk, lanesOf } from '../../core/booking-chunk.ts';
import type { Plan } from '../../core/booking-desk.ts';
import { movementsOf } from '../../core/booking-plan.ts';
import { type Done, doneBy, undoingOf } from '../../core/booking-undo.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import type { Act } from '../../core/order.ts';
import { type Books, contended, post, postingOf, readContext, type Write } from './booking-store.ts';
import { readOrders } from './order-store.ts';
import { readStock } from './stock-store.ts';
import { readSupplies } from './supply-store.ts';
import type { Key, Table } from './table.ts';
import { readTransfers } from './transfer-store.ts';

/** A file of bookings: all of it is booked, or nothing. */
export interface Import {
  /** By it a repeat of the file is known. */
  readonly importId: string;
  readonly kind: BookingKind;
  /** Digest of kind and content. */
  readonly digest: string;
  readonly entries: readonly Entry[];
}

/** What a file does to stock, in units. */
export interface Totals {
  readonly rows: number;
  readonly places: number;
  readonly gained: number;
  readonly lost: number;
  readonly toQuarantine: number;
  readonly fromQuarantine: number;
  /** More and fewer than was asked for. */
  readonly over: number;
  readonly short: number;
  /** Reserved units that orders give up. */
  readonly givenUp: number;
}

/** What became of a file. Refusals name entries by their place in the list. */
export type Imported =
  | { readonly kind: 'booked'; readonly booked: 'now' | 'already'; readonly totals: Totals }
  | { readonly kind: 'not-booked'; readonly refusals: readonly Fault[] };

/** Called with what is being done, and for how many rows it is done. */
export type Progress = (step: 'checked' | 'booked', rows: number) => void;

/** A file under way. `reversing`: something in it was refused, and what was booked of it is being taken back. */
interface ImportRow {
  readonly entity: 'import';
  readonly digest: string;
  readonly attempt: number;
  readonly status: 'booking' | 'booked' | 'reversing' | 'reversed';
  readonly chunks: number;
  readonly totals: Totals;
}

/** A transaction's worth of a file, with what it did. */
type ChunkRow = { readonly entity: 'import-chunk'; readonly status: 'booked'; readonly done: Done } | { readonly entity: 'import-chunk'; readonly status: 'reversed' };

const TRANSACTIONS_AT_A_TIME = 4;
const ATTEMPTS = 8;

/** Works out what a file would do, and everything in it that stock does not allow. Nothing is written. */
export async function rehearse(file: Import, books: Books, act: Act, progress: Progress): Promise<{ readonly totals: Totals; readonly refusals: readonly Fault[] }> {
  const plans: Plan[] = [];
  const refusals: Fault[] = [];
  let rows = 0;
  await inLanes(lanesOf(file.entries), async (chunk) => {
    const plan = movementsOf(chunk.entries, await readContext(chunk.entries, file.importId, books, act));
    plans.push(plan);
    refusals.push(...inFile(plan.refusals, chunk));
    rows += chunk.entries.length;
    progress('checked', rows);
    return true;
  });
  return { totals: totalsOf(plans, file.entries.length), refusals: refusals.sort((a, b) => a.index - b.index) };
}

/**
 * Books a file. It is booked in many transactions; what a run that died has booked stays, and the next run of the same file goes on from
 * there. When stock has moved meanwhile so that some of it cannot be booked, all that was booked of it is taken back.
 * @throws Rejected `inventory.booked-differently` when another file has this id; `inventory.import-unsettled` when units cannot be taken back
 */
export async function bookImport(file: Import, books: Books, act: Act, progress: Progress): Promise<Imported> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const row = await readImport(file, books.table);
    if (row?.status === 'booked') return { kind: 'booked', booked: 'already', totals: row.totals };
    if (row?.status === 'reversing') {
      await takeBack(file, row, books, act);
    } else if (row?.status === 'booking') {
      const refusals = await bookChunks(file, row, books, act, progress);
      if (refusals.length === 0) {
        if (await turn(file, row, 'booked', books.table)) return { kind: 'booked', booked: 'now', totals: row.totals };
      } else if (await turn(file, row, 'reversing', books.table)) {
        await takeBack(file, row, books, act);
        return { kind: 'not-booked', refusals };
      }
    } else {
      const { totals, refusals } = await rehearse(file, books, act, progress);
      if (refusals.length > 0) return { kind: 'not-booked', refusals };
      await begin(file, row, totals, books, act);
    }
  }
  throw contended(`Import ${file.importId}`);
}

function importKey({ importId }: Pick<Import, 'importId'>): Key {
  return { PK: `IMPORT#${importId}`, SK: 'IMPORT' };
}

function chunkKey({ importId }: Pick<Import, 'importId'>, attempt: number, chunk: number): Key {
  return { PK: `IMPORT#${importId}`, SK: `CHUNK#${attempt}#${String(chunk).padStart(6, '0')}` };
}

async function readImport(file: Import, table: Table): Promise<ImportRow | undefined> {
  const row = await table.get<ImportRow>(importKey(file), 'import');
  if (row === undefined || row.digest === file.digest) return row;
  throw new Rejected('inventory.booked-differently', `Another file was imported as ${JSON.stringify(file.importId)}; give this one an id of its own.`, { seen: file.importId });
}

/** Begins, or begins anew after all was taken back. Where somebody else began at the same moment, theirs counts. */
async function begin(file: Import, before: ImportRow | undefined, totals: Totals, { table }: Books, act: Act): Promise<void> {
  const attempt = (before?.attempt ?? 0) + 1;
  const chunks = lanesOf(file.entries).flat().length;
  const { importId, kind, digest } = file;
  const Item = { ...importKey(file), entity: 'import', importId, kind, digest, attempt, status: 'booking', chunks, totals, at: act.now.toISOString(), by: act.by };
  const condition =
    before === undefined
      ? { ConditionExpression: 'attribute_not_exists(PK)' }
      : {
          ConditionExpression: 'attempt = :attempt AND #status = :reversed',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: { ':attempt': before.attempt, ':reversed': 'reversed' },
        };
  await table.transact([{ Put: { TableName: table.name, Item, ...condition } }]);
}

/** @returns false when the import is no longer as it was read */
async function turn(file: Import, before: ImportRow, to: ImportRow['status'], table: Table): Promise<boolean> {
  const { written } = await table.transact([
    {
      Update: {
        TableName: table.name,
        Key: importKey(file),
        UpdateExpression: 'SET #status = :to',
        ConditionExpression: 'attempt = :attempt AND #status = :from',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':to': to, ':from': before.status, ':attempt': before.attempt },
      },
    },
  ]);
  return written;
}

/** Books what is not booked yet. @returns why some of it cannot be; the rest is then left */
async function bookChunks(file: Import, { attempt }: ImportRow, books: Books, act: Act, progress: Progress): Promise<Fault[]> {
  const lanes = lanesOf(file.entries);
  const numbers = new Map(lanes.flat().map((chunk, number) => [chunk, number]));
  const known = new Set<string>();
  const query = { ProjectionExpression: 'SK, entity', ConsistentRead: true };
  for await (const { SK } of books.table.pages(chunksQuery(file, attempt, books.table, query))) known.add(String(SK));
  const refusals: Fault[] = [];
  let rows = 0;
  await inLanes(lanes, async (chunk) => {
    const key = chunkKey(file, attempt, numbers.get(chunk) ?? 0);
    const own = known.has(key.SK) ? [] : await bookChunk(file, chunk, key, books, act);
    refusals.push(...own);
    rows += chunk.entries.length;
    progress('booked', rows);
    return refusals.length === 0;
  });
  return refusals;
}

function chunksQuery(file: Import, attempt: number, { name }: Table, options: object) {
  return {
    TableName: name,
    KeyConditionExpression: 'PK = :import AND begins_with(SK, :chunks)',
    ExpressionAttributeValues: { ':import': importKey(file).PK, ':chunks': `CHUNK#${attempt}#` },
    ...options,
  };
}

async function bookChunk(file: Import, chunk: Chunk, key: Key, books: Books, act: Act): Promise<Fault[]> {
  const cause = `${file.importId}.${Number(key.SK.split('#').at(-1))}`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const context = await readContext(chunk.entries, cause, books, act);
    const plan = movementsOf(chunk.entries, context);
    if (plan.refusals.length === 0) {
      const Item = { ...key, entity: 'import-chunk', status: 'booked', done: doneBy(plan, context.orders), reasons: reasonsOf(chunk), at: act.now.toISOString(), by: act.by };
      const put: Write = { Put: { TableName: books.table.name, Item, ConditionExpression: 'attribute_not_exists(PK)' } };
      if (await post(plan, [put], books, postingOf(plan, books, act, `import ${file.importId}`))) return [];
    }
    // What stands in the way may be the chunk itself, booked by another run of the file.
    const row = await books.table.get<ChunkRow>(key, 'import-chunk');
    if (row?.status === 'booked') return [];
    if (row !== undefined) throw new Unavailable('inventory.import-withdrawn', `Import ${file.importId} is being taken back by another run; run it again.`);
    if (plan.refusals.length > 0) return inFile(plan.refusals, chunk);
  }
  throw contended(`Import ${file.importId}`);
}

/** Why units were adjusted, row by row: the ledger names the chunk, and the chunk says this. */
function reasonsOf({ entries }: Chunk) {
  return entries.flatMap((entry) => (entry.kind === 'adjustment' ? [{ ...placeOf(entry), quantity: entry.quantity, cause: entry.cause, reason: entry.reason }] : []));
}

/** Takes back what was booked of a file. Chunks that were not booked are marked, so that a slow run cannot book them any more. */
async function takeBack(file: Import, row: ImportRow, books: Books, act: Act): Promise<void> {
  const numbers = Array.from({ length: row.chunks }, (_, chunk) => chunk);
  const unsettled: Fault[] = [];
  await inLanes(
    numbers.map((number) => [number]),
    async (number) => {
      unsettled.push(...(await takeChunkBack(file, chunkKey(file, row.attempt, number), books, act)));
      return true;
    },
  );
  if (unsettled.length > 0) {
    const places = unsettled.slice(0, 5).map(({ message }) => message);
    throw new Rejected(
      'inventory.import-unsettled',
      `Import ${file.importId} cannot be taken back whole: ${places.join('; ')}. Put these right with adjustments, or run it again.`,
    );
  }
  await turn(file, { ...row, status: 'reversing' }, 'reversed', books.table);
}

async function takeChunkBack(file: Import, key: Key, books: Books, act: Act): Promise<readonly Fault[]> {
  const { table } = books;
  const mark = { ...key, entity: 'import-chunk', status: 'reversed' };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const row = await table.get<ChunkRow>(key, 'import-chunk');
    if (row?.status === 'reversed') return [];
    if (row === undefined) {
      const { written } = await table.transact([{ Put: { TableName: table.name, Item: mark, ConditionExpression: 'attribute_not_exists(PK)' } }]);
      if (written) return [];
      continue;
    }
    const plan = undoingOf(row.done, await readUndoing(row.done, books, act));
    if (plan.refusals.length > 0) return plan.refusals;
    const condition = { ConditionExpression: '#status = :booked', ExpressionAttributeNames: { '#status': 'status' }, ExpressionAttributeValues: { ':booked': 'booked' } };
    const posting = postingOf({ movements: [], expiries: plan.expiries }, books, act, `import ${file.importId} taken back`);
    if (await post(plan, [{ Put: { TableName: table.name, Item: mark, ...condition } }], books, posting)) return [];
  }
  throw contended(`Taking import ${file.importId} back`);
}

async function readUndoing(done: Done, { table, client }: Books, act: Act) {
  const [stock, requests, transfers, orders] = await Promise.all([
    readStock(
      table,
      done.movements.map(({ sku }) => sku),
      client,
    ),
    readSupplies(table, done.requests),
    readTransfers(table, done.transfers),
    readOrders(
      table,
      done.orders.map(({ orderId }) => orderId),
    ),
  ]);
  return { client, act, stock, requests, transfers, orders };
}

function inFile(faults: readonly Fault[], { indexes }: Chunk): Fault[] {
  return faults.map((fault) => ({ ...fault, index: indexes[fault.index] ?? 0 }));
}

/** Works lanes off, some at a time and each in its order, until the work says that it is enough. */
async function inLanes<Work>(lanes: readonly (readonly Work[])[], work: (one: Work) => Promise<boolean>): Promise<void> {
  const waiting = lanes[Symbol.iterator]();
  let goesOn = true;
  // One iterator for all of them: who is free takes the next lane.
  async function worker(): Promise<void> {
    for (const lane of waiting) {
      for (const one of lane) {
        if (!goesOn) return;
        goesOn = (await work(one).catch(stop)) && goesOn;
      }
    }
  }
  function stop(error: unknown): never {
    goesOn = false;
    throw error;
  }
  const ends = await Promise.allSettled(Array.from({ length: TRANSACTIONS_AT_A_TIME }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

function totalsOf(plans: readonly Plan[], rows: number): Totals {
  const movements = plans.flatMap((plan) => plan.movements);
  const lines = plans.flatMap((plan) => plan.lines);
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + Math.max(0, value), 0);
  return {
    rows,
    places: new Set(lines.map(({ sku, warehouse, lot }) => `${sku}\n${warehouse}\n${lot ?? ''}`)).size,
    gained: total(movements.map(({ onHand }) => onHand)),
    lost: total(movements.map(({ onHand }) => -onHand)),
    toQuarantine: total(movements.map(({ quarantined }) => quarantined)),
    fromQuarantine: total(movements.map(({ quarantined }) => -quarantined)),
    over: total(lines.map(({ over = 0 }) => over)),
    short: total(lines.map(({ short = 0 }) => short)),
    givenUp: total(plans.flatMap(({ shortfalls }) => shortfalls.map(({ units }) => units))),
  };
}
