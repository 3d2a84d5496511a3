import { tellOnce } from '../../adapters/aws/notice-store.ts';
import { readLedger, readStock } from '../../adapters/aws/stock-store.ts';
import { openSupply, readSupply } from '../../adapters/aws/supply-store.ts';
import { snsClient } from '../../adapters/aws/topic.ts';
import { loadNotifier, type Notifier } from '../../adapters/notifier.ts';
import { type Client, type Plant, type Product, productOf } from '../../core/client.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';
import type { Stock } from '../../core/inventory.ts';
import { usableAt } from '../../core/lot.ts';
import { plantNotice } from '../../core/notification.ts';
import { dailyUse, requestSupply, type SupplyRequest } from '../../core/supply.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { each, queue, readEvent } from '../shell/queue.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the plants queue: a SKU fell to its reorder point. Asks its plant for more, unless a request is open. */
export const handler = queue({ read: readEvent, handle: each(notifyPlant), services: openTeller });

type Teller = Pick<Hub, 'table' | 'client' | 'now' | 'newId'> & { readonly topicArn: string; readonly notifier: () => Promise<Notifier> };

function openTeller(): Teller {
  const sns = snsClient();
  return { ...openHub(), topicArn: readEnv(ENV.plantsTopic)[ENV.plantsTopic], notifier: () => loadNotifier('topic', sns) };
}

/** Days of the ledger from which the daily use is measured. */
const USE_DAYS = 28;

export async function notifyPlant(event: HubEvent, teller: Teller): Promise<void> {
  if (event.entity !== 'stock') return;
  const { sku, warehouse } = event.stock;
  const { product, plant } = whoSupplies(teller.client, sku);
  const request = await openRequest(product, plant, warehouse, teller);
  if (request === undefined) return;
  await tellOnce(teller.table, { partition: `R#${plant.id}`, noticeId: request.requestId }, teller.now, async () => {
    const notice = plantNotice(request, product, plant, teller.client.warehouses.find(({ id }) => id === warehouse) ?? { name: warehouse });
    const notifier = await teller.notifier();
    await notifier.send({ ...notice, phone: null, email: null, attributes: { plant: plant.id, sku, warehouse } }, teller.topicArn);
  });
}

/** The open request, made now if there is none; undefined when stock has risen above the reorder point meanwhile. */
async function openRequest(product: Product, plant: Plant, warehouse: string, { table, client, now, newId }: Teller): Promise<SupplyRequest | undefined> {
  const { sku } = product;
  const before = await readSupply(table, { plant: plant.id, sku, warehouse });
  if (before?.status === 'open') return before;
  const since = new Date(now().getTime() - USE_DAYS * 86_400_000);
  const [places, ledger] = await Promise.all([readStock(table, [sku], client, [warehouse]), Array.fromAsync(readLedger(table, sku, warehouse, since))]);
  const stock = inAll(places, usableAt(client, now()));
  if (stock === undefined) return undefined;
  const requestId = newId();
  const request = requestSupply(stock, product, plant, { requestId, dailyUse: dailyUse(ledger, now(), USE_DAYS), now: now(), version: (before?.version ?? 0) + 1 });
  if (request === undefined) return undefined;
  const opened = await openSupply(table, request, before, { by: 'hub', now: now(), reference: requestId, reason: `asked ${plant.name} for ${request.quantity}` });
  if (!opened) throw new Unavailable('inventory.contended', `Another request for ${sku} was made meanwhile.`, { retryAfterSeconds: 1 });
  return request;
}

/** A SKU's stock in a warehouse over all its lots. What has too little life left to be promised is not there to be sold. */
function inAll(places: readonly Stock[], isUsable: (stock: Stock) => boolean): Stock | undefined {
  const [first] = places;
  if (first === undefined) return undefined;
  const sum = (counter: 'onHand' | 'reserved' | 'quarantined' | 'available' | 'incoming', of = places) => of.reduce((units, place) => units + place[counter], 0);
  const [onHand, reserved, quarantined, incoming] = [sum('onHand'), sum('reserved'), sum('quarantined'), sum('incoming')];
  return { ...first, onHand, reserved, quarantined, available: sum('available', places.filter(isUsable)), incoming };
}

function whoSupplies(client: Client, sku: string): { readonly product: Product; readonly plant: Plant } {
  const product = productOf(client, sku);
  const plant = client.plants.find(({ id }) => id === product?.plant);
  if (product === undefined || plant === undefined) throw new Rejected('inventory.unknown', `SKU ${sku} has stock, but is no longer in the client's file.`, { seen: sku });
  return { product, plant };
}
