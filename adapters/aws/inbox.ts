import type { Client } from '../../core/client.ts';
import type { OrderDocument } from '../../core/order-document.ts';
import type { Delivery } from '../delivery.ts';
import { readDelivery } from '../read-delivery.ts';
import { packReferred, type Referred } from '../reference.ts';
import { loadStorefront, type Parsed } from '../storefront.ts';
import type { Arrived } from './delivery-store.ts';
import { type Gone, takeInGone } from './gone.ts';
import { type Arrival, type Intake, type Intaken, takeInAll } from './intake.ts';

/** A delivery that was read, with the id of the message that brought it. */
export interface Read<Kind extends Parsed['kind']> {
  readonly id: string;
  readonly delivery: Delivery;
  readonly parsed: Extract<Parsed, { readonly kind: Kind }>;
}

/** What the deliveries of a batch turned out to be. */
export type Inbox = { readonly [Kind in Parsed['kind']]: readonly Read<Kind>[] } & {
  /** Those that cannot be read, by message, and why. */
  readonly unreadable: ReadonlyMap<string, unknown>;
};

/** Reads the deliveries of a batch, each on its own. */
export async function readInbox(batch: readonly Arrived[], client: Client): Promise<Inbox> {
  const unreadable = new Map<string, unknown>();
  const read: Read<Parsed['kind']>[] = [];
  for (const { id, message } of batch) {
    const parsed = await readDelivery(message, client).catch((error: unknown) => void unreadable.set(id, error));
    if (parsed !== undefined) read.push({ id, delivery: message, parsed });
  }
  const [orders, reference, privacy, ended, ignored] = [of(read, 'orders'), of(read, 'reference'), of(read, 'privacy'), of(read, 'ended'), of(read, 'ignored')];
  return { orders, reference, privacy, ended, ignored, unreadable };
}

function of<Kind extends Parsed['kind']>(read: readonly Read<Parsed['kind']>[], kind: Kind): Read<Kind>[] {
  return read.flatMap(({ parsed, ...rest }) => (isOf(parsed, kind) ? [{ ...rest, parsed }] : []));
}

function isOf<Kind extends Parsed['kind']>(parsed: Parsed, kind: Kind): parsed is Extract<Parsed, { readonly kind: Kind }> {
  return parsed.kind === kind;
}

/**
 * Takes in the orders of a batch, and then cancels those that are gone, unless what came after says that they are there.
 * @returns by document what became of it
 * @throws Unavailable `order.contended`, with everything that was written kept: a repeat finds it a duplicate
 */
export async function takeInInbox(intake: Intake, orders: readonly Read<'orders'>[]): Promise<Map<OrderDocument, Intaken>> {
  const asking = await thoseWhoAsk(intake.client, new Set(orders.map(({ delivery }) => delivery.connectionId)));
  const arrivals = orders.flatMap(({ delivery: { connectionId, receivedAt }, parsed }) =>
    parsed.orders.map((document): Arrival => ({ document, receivedAt, asksByNumber: asking.has(connectionId) })),
  );
  const became = await takeInAll(intake, arrivals);
  const gone = orders.flatMap(({ delivery: { connectionId, receivedAt }, parsed }) => (parsed.gone ?? []).map((sourceId): Gone => ({ connectionId, sourceId, receivedAt })));
  await takeInGone(
    intake,
    gone.filter((one) => !arrivals.some((arrival) => isAfter(arrival, one))),
  );
  return became;
}

/** The connections that have us as their fulfilment service. */
async function thoseWhoAsk({ storefronts }: Client, connectionIds: ReadonlySet<string>): Promise<Set<string>> {
  const asking = storefronts
    .filter(({ id }) => connectionIds.has(id))
    .map(async ({ id, kind, settings }) => ((await loadStorefront(kind)).capabilities(settings).includes('service') ? [id] : []));
  return new Set((await Promise.all(asking)).flat());
}

function isAfter({ document, receivedAt }: Arrival, gone: Gone): boolean {
  return document.sourceId === gone.sourceId && document.connectionId === gone.connectionId && receivedAt > gone.receivedAt;
}

/** The messages by which what was only named is fetched: once for each thing, since it was first named. */
export function fetchesOf(references: readonly Read<'reference'>[]): string[] {
  const things = new Map<string, Referred>();
  for (const { delivery, parsed } of references) {
    const { connectionId, receivedAt } = delivery;
    const name = JSON.stringify([connectionId, parsed.reference]);
    const known = things.get(name);
    if (known === undefined || receivedAt < known.receivedAt) things.set(name, { connectionId, reference: parsed.reference, receivedAt });
  }
  return [...things.values()].map(packReferred);
}
