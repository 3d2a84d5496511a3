import { refuseEnded } from '../../adapters/aws/health-store.ts';
import { tellLevels } from '../../adapters/aws/level-store.ts';
import { readStock } from '../../adapters/aws/stock-store.ts';
import { type Reaching, reach } from '../../adapters/reach.ts';
import type { StockLevel, StockTold } from '../../adapters/storefront.ts';
import type { StorefrontConnection } from '../../core/client.ts';
import { Rejected } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';
import { readingsOf, skusToRead } from '../../core/level.ts';
import { count } from '../shell/log.ts';
import { type Failures, queue, type Received, readEvent } from '../shell/queue.ts';
import { openHub, openStorefronts } from '../shell/services.ts';

/** Called by the stock-levels queue: stock moved, and storefronts are to hear how much they may sell now. */
export const handler = queue({ read: readEvent, handle: publishStock, services: () => openStorefronts(openHub()) });

/** However many movements of a SKU a batch brings, its counters are read once and each storefront hears of one figure at most. */
export async function publishStock(batch: readonly Received<HubEvent>[], publisher: Reaching): Promise<Failures> {
  const { table, client, now } = publisher;
  const moved = batch.flatMap(({ id, message }) => (message.entity === 'stock' ? [{ id, sku: message.stock.sku }] : []));
  const changed = new Set(moved.map(({ sku }) => sku));
  const stock = await readStock(table, skusToRead(changed, client), client);
  const readings = readingsOf(changed, stock, client, now());
  const failed = new Map<string, unknown>();
  for (const connection of client.storefronts.filter((one) => one.stock.publish)) {
    const telling = await tellLevels(table, connection, readings, now, (levels) => setStock(connection, levels, publisher));
    for (const { sku, before, theirs, quantity } of telling.drifted)
      count('stockDrifted', now(), { connectionId: connection.id, sku, before: before ?? undefined, theirs, quantity });
    for (const { sku, parts } of readings) if (telling.failed.has(sku)) for (const part of parts) failed.set(part.sku, lasting(failed.get(part.sku), telling.failed.get(sku)));
  }
  return new Map(moved.filter(({ sku }) => failed.has(sku)).map(({ id, sku }) => [id, failed.get(sku)]));
}

/** Of two failures the one that may pass: a message is set aside when there is nothing left to try. */
function lasting(one: unknown, other: unknown): unknown {
  return one === undefined || one instanceof Rejected ? other : one;
}

async function setStock({ id }: StorefrontConnection, levels: readonly StockLevel[], reaching: Reaching): Promise<readonly StockTold[]> {
  await refuseEnded(reaching.table, id);
  const { storefront, call } = await reach(id, reaching);
  if (storefront.setStock === undefined)
    throw new Rejected('storefront.stock-unsupported', `${storefront.title} cannot be told of stock; remove stock.publish of ${id} from the client's file.`);
  return await storefront.setStock(levels, call);
}
