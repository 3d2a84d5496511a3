import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Change } from '../../core/change.ts';
import { Unavailable } from '../../core/error.ts';
import { type Place, placeKey } from '../../core/inventory.ts';
import type { Act } from '../../core/order.ts';
import { type CheckedStock, describeFindings, driftOf, type Finding, type Folded, isSameDrift, repairOf } from '../../core/stock-check.ts';
import { stockKey } from './stock-store.ts';
import type { Table } from './table.ts';

const ATTEMPTS = 5;

/**
 * Notes on the counters of a place that they are wrong, which makes it an event; the figures stay as they are. A finding is noted once,
 * however often it is found.
 * @returns whether it was news
 * @throws Unavailable `inventory.contended`
 */
export async function noteDrift(table: Table, place: Place, findings: readonly Finding[], act: Act): Promise<boolean> {
  const drift = driftOf(findings);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const stock = await table.get<CheckedStock>(stockKey(place), 'stock');
    if (stock?.drift !== undefined && isSameDrift(stock.drift, drift)) return false;
    const noted = await update(table, place, stock?.version, {
      UpdateExpression:
        'SET entity = :stock, sku = :sku, warehouse = :warehouse, #change = :change, version = if_not_exists(version, :zero) + :one, drift = :drift, onHand = if_not_exists(onHand, :zero), ' +
        'reserved = if_not_exists(reserved, :zero), quarantined = if_not_exists(quarantined, :zero), available = if_not_exists(available, :zero), ' +
        `incoming = if_not_exists(incoming, :zero), reorderPoint = if_not_exists(reorderPoint, :zero)${place.lot === undefined ? '' : ', lot = :lot'}`,
      ExpressionAttributeNames: { '#change': 'change' },
      ExpressionAttributeValues: { ...identity(place), ':change': changeOf('stock.drifted', describeFindings(findings), act), ':drift': drift, ':zero': 0, ':one': 1 },
    });
    if (noted) return true;
  }
  throw new Unavailable('inventory.contended', `The counters of ${placeKey(place)} met others' writes ${ATTEMPTS} times; the finding is noted by the next check.`);
}

/** Takes a finding off counters that are right again. It is no event, so their version stays; the same finding is news again after it. */
export async function forgetDrift(table: Table, stock: CheckedStock): Promise<void> {
  await update(table, stock, stock.version, { UpdateExpression: 'REMOVE drift' });
}

/**
 * Sets the counters of a place to what its ledger adds up to, if they still are those that were checked.
 * @returns `contradicted` when the ledger cannot be trusted either, `moved` when somebody was faster: check again
 */
export async function repairStock(
  table: Table,
  place: Place,
  checked: { readonly findings: readonly Finding[]; readonly folded: Folded | undefined; readonly stock: CheckedStock | undefined },
  act: Act,
): Promise<'repaired' | 'contradicted' | 'moved'> {
  const counters = repairOf(checked.findings, checked.folded);
  if (counters === undefined) return 'contradicted';
  const repaired = await update(table, place, checked.stock?.version, {
    UpdateExpression:
      'SET entity = :stock, sku = :sku, warehouse = :warehouse, #change = :change, version = if_not_exists(version, :zero) + :one, onHand = :onHand, reserved = :reserved, quarantined = :quarantined, ' +
      `available = :available, incoming = :incoming, reorderPoint = if_not_exists(reorderPoint, :zero)${place.lot === undefined ? '' : ', lot = :lot'} REMOVE drift`,
    ExpressionAttributeNames: { '#change': 'change' },
    ExpressionAttributeValues: {
      ...identity(place),
      ...Object.fromEntries(Object.entries(counters).map(([counter, units]) => [`:${counter}`, units])),
      ':change': changeOf('stock.repaired', `set to the ledger: ${describeFindings(checked.findings)}`, act),
      ':zero': 0,
      ':one': 1,
    },
  });
  return repaired ? 'repaired' : 'moved';
}

function identity({ sku, warehouse, lot }: Place) {
  return { ':stock': 'stock', ':sku': sku, ':warehouse': warehouse, ...(lot !== undefined && { ':lot': lot }) };
}

function changeOf(type: Change['type'], reason: string, act: Act): Change {
  return { type, at: act.now.toISOString(), by: act.by, reason: reason.slice(0, 250) };
}

/** Writes to the counters of a place, if they still are at the version that was read. @returns false when somebody was faster */
async function update(table: Table, place: Place, version: number | undefined, input: Omit<UpdateCommandInput, 'TableName' | 'Key'>): Promise<boolean> {
  const condition =
    version === undefined
      ? { ConditionExpression: 'attribute_not_exists(PK)' }
      : { ConditionExpression: 'version = :seen', ExpressionAttributeValues: { ...input.ExpressionAttributeValues, ':seen': version } };
  try {
    await table.client.send(new UpdateCommand({ TableName: table.name, Key: stockKey(place), ...input, ...condition }));
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
