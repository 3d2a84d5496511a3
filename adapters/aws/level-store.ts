import type { StorefrontConnection } from '../../core/client.ts';
import { Unavailable } from '../../core/error.ts';
import { type Heard, heard, type Level, nextStep, type Reading, unheard } from '../../core/level.ts';
import type { StockLevel, StockTold } from '../storefront.ts';
import type { Key, Table } from './table.ts';

/** What came of telling a storefront some readings. */
export interface Telling {
  /** What failed, by SKU. */
  readonly failed: ReadonlyMap<string, unknown>;
  /** SKUs of which the storefront had more than we had told it. */
  readonly drifted: readonly (StockTold & Pick<StockLevel, 'before' | 'quantity'>)[];
}

/**
 * Tells a storefront what is new of some readings: keeps what it is about to tell, tells, and keeps that it was told. Each row is
 * written on condition that it still is the one that was read, so an older figure never follows a newer one, whoever reads and tells
 * at the same time. A telling whose owner died is repeated when its lease has lapsed.
 */
export async function tellLevels(
  table: Table,
  connection: Pick<StorefrontConnection, 'id' | 'stock'>,
  readings: readonly Reading[],
  now: () => Date,
  tell: (levels: readonly StockLevel[]) => Promise<readonly StockTold[]>,
): Promise<Telling> {
  const failed = new Map<string, unknown>();
  const known = new Map((await readLevels(table, connection.id, readings)).map((level) => [level.sku, level]));
  const claims = await Promise.all(readings.map((reading) => claim(table, connection, reading, known.get(reading.sku), now).catch((error) => void failed.set(reading.sku, error))));
  const mine = claims.filter((level) => level !== undefined);
  if (mine.length === 0) return { failed, drifted: [] };
  const levels = mine.map((level) => stockLevelOf(level, readings));
  try {
    const told = new Map((await tell(levels)).map((one) => [one.sku, one]));
    // Who says nothing of a SKU does not sell it.
    await Promise.all(mine.map((level) => keepHeard(table, level, told.get(level.sku) ?? { became: 'unknown' }, now())));
    return { failed, drifted: levels.flatMap((level) => driftOf(level, told.get(level.sku))) };
  } catch (error) {
    await Promise.all(mine.map((level) => keepLevel(table, unheard(level), level)));
    for (const { sku } of mine) failed.set(sku, error);
    return { failed, drifted: [] };
  }
}

const MAX_TRIES = 5;

/** Makes telling a reading ours. @returns undefined when there is nothing to tell */
async function claim(
  table: Table,
  connection: Pick<StorefrontConnection, 'id' | 'stock'>,
  reading: Reading,
  known: Level | undefined,
  now: () => Date,
): Promise<Level | undefined> {
  let level = known;
  for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
    const step = nextStep(level, reading, connection, now());
    if (step.kind === 'known') return undefined;
    if (step.kind === 'busy') break;
    if (await keepLevel(table, step.level, level)) return step.kind === 'telling' ? step.level : undefined;
    level = await table.get<Level>(levelKey(connection.id, reading.sku), 'level');
  }
  throw new Unavailable('level.busy', `Another invocation is telling ${connection.id} its stock of ${reading.sku}.`, { seen: reading.sku, retryAfterSeconds: 5 });
}

/** Whoever took the telling over meanwhile keeps what came of it. */
async function keepHeard(table: Table, level: Level, outcome: Heard, now: Date): Promise<void> {
  await keepLevel(table, heard(level, outcome, now), level);
}

function stockLevelOf({ connectionId, sku, wanted, sequence, figure }: Level, readings: readonly Reading[]): StockLevel {
  const at = readings.find((reading) => reading.sku === sku)?.at ?? '';
  return { sku, quantity: wanted, sequence, before: figure, at, eventId: `${connectionId}/${sku}#${sequence}` };
}

function driftOf({ before, quantity }: StockLevel, told: StockTold | undefined): Telling['drifted'] {
  return told?.became === 'drifted' ? [{ ...told, before, quantity }] : [];
}

/** Reads what a connection was told of some SKUs; SKUs that it never heard of are left out. */
async function readLevels(table: Table, connectionId: string, skus: readonly Pick<Reading, 'sku'>[]): Promise<Level[]> {
  return await table.getMany<Level>(
    skus.map(({ sku }) => levelKey(connectionId, sku)),
    'level',
  );
}

/** Reads all that a connection was told, by SKU. */
export function allLevels(table: Table, connectionId: string): AsyncGenerator<Level> {
  return table.query<Level>(`LEVEL#${connectionId}`, '', 'level');
}

/** Writes a level if the one before it still stands. @returns false when it does not */
async function keepLevel(table: Table, level: Level, before: Level | undefined): Promise<boolean> {
  const condition =
    before === undefined
      ? { ConditionExpression: 'attribute_not_exists(PK)' }
      : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': before.version } };
  const Item = { ...level, ...levelKey(level.connectionId, level.sku) };
  return (await table.transact([{ Put: { TableName: table.name, Item, ...condition } }])).written;
}

function levelKey(connectionId: string, sku: string): Key {
  return { PK: `LEVEL#${connectionId}`, SK: sku };
}
