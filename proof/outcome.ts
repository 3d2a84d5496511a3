import * as z from 'zod';
import { isEntity } from '../adapters/aws/table.ts';
import type { Stock } from '../core/inventory.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Order } from '../core/order.ts';
import type { Pickup } from '../core/pickup.ts';
import type { Parcel } from '../core/shipment.ts';
import { chargesOf } from './easypost.ts';
import { itemsOf } from './invariants.ts';
import type { State } from './state.ts';

const Levels = z.object({ data: z.object({ levels: z.array(z.object({ sku: z.string(), quantity: z.int() })) }) });

/** What a story comes to, without the ids, instants and attempts that one telling differs in from another. */
export function outcomeOf(state: State): readonly string[] {
  const items = itemsOf(state);
  const orders = items
    .filter((item) => isEntity<Order>(item, 'order'))
    .map(({ orderId, status, holds, allocations }) => `order ${orderId} is ${status}${holds.map(({ kind }) => `, held: ${kind}`)}, ${allocations.length} allocations`);
  const parcels = items
    .filter((item) => isEntity<Parcel>(item, 'parcel'))
    .map(
      ({ orderId, parcel, status, tracking, label }) =>
        `parcel ${orderId}/${parcel} is ${status}, ${tracking.status}, ${label === undefined ? 'without a label' : `for ${label.cost}`}`,
    );
  const stock = items
    .filter((item) => isEntity<Stock>(item, 'stock'))
    .map(
      ({ warehouse, sku, onHand, reserved, quarantined, incoming }) =>
        `${sku} in ${warehouse}: ${onHand} on hand, ${reserved} reserved, ${quarantined} in quarantine, ${incoming} incoming`,
    );
  const labels = [...Map.groupBy(chargesOf(state.carrier), ({ recipient, isVoid }) => `${isVoid ? 'void' : 'paid'} labels for ${recipient.split(' ').at(-1)}`)];
  const told = new Set(state.told.filter(({ id }) => !id.startsWith('stock_')).map(({ to, id }) => `${to} heard ${to === 'plants' ? 'of a request' : id}`));
  const levels = new Map(
    state.told.filter(({ id }) => id.startsWith('stock_')).flatMap(({ body }) => Levels.parse(JSON.parse(body)).data.levels.map(({ sku, quantity }) => [sku, quantity] as const)),
  );
  const dead = state.deadLetters.map(({ queue, code }) => `dead letter in ${queue}: ${code}`);
  const closed = items.filter((item) => isEntity<Manifest>(item, 'manifest')).filter(({ status }) => status === 'closed');
  const { forms, pickups } = state.carrier;
  const handedOver = [
    `${closed.reduce((sum, { parcels: count }) => sum + count, 0)} parcels on ${closed.length} manifests, ${forms.flatMap(({ trackingCodes }) => trackingCodes).length} on ${forms.length} forms of the carrier`,
    ...items.filter((item) => isEntity<Pickup>(item, 'pickup')).map(({ pickupId, status }) => `pickup ${pickupId} is ${status}`),
    `the carrier comes ${pickups.filter(({ status }) => status === 'scheduled').length} times, and was sent off ${pickups.filter(({ status }) => status === 'canceled').length} times`,
  ];
  // A void label of an attempt that was given up may be there or not: what it cost came back.
  return [
    ...orders,
    ...parcels,
    ...stock,
    ...handedOver,
    ...labels.filter(([what]) => what.startsWith('paid')).map(([what, all]) => `${all.length} ${what}`),
    ...told,
    ...[...levels].map(([sku, quantity]) => `storefront may sell ${quantity} of ${sku}`),
    ...dead,
  ].sort();
}

/** What one telling has and another has not, in words. */
export function differencesOf(clean: readonly string[], other: readonly string[]): string[] {
  return [...clean.filter((line) => !other.includes(line)).map((line) => `missing: ${line}`), ...other.filter((line) => !clean.includes(line)).map((line) => `instead: ${line}`)];
}
