import { Rejected, Unavailable } from '../../core/error.ts';
import { type Delivery, MAX_MESSAGE_BYTES, packDelivery } from '../delivery.ts';
import { type Reached, type Reaching, reach } from '../reach.ts';
import { REQUESTS, type Referred } from '../reference.ts';
import type { Reference } from '../storefront.ts';
import { refuseEnded } from './health-store.ts';
import type { Outbox } from './message-queue.ts';
import { answerRequests } from './requests.ts';

/** What fetching works with. */
export interface Fetching extends Reaching {
  readonly inbox: Outbox;
}

/** What became of the references of one connection. */
export interface Brought {
  /** Messages that failed, by id, with what failed them. */
  readonly failures: ReadonlyMap<string, unknown>;
  /** Things that were fetched, each once. */
  readonly calls: number;
  /** Bodies that were put on the inbox. */
  readonly brought: number;
  /** What the storefront no longer has. */
  readonly absent: readonly Reference[];
  /** Requests of the storefront that are not answered yet: the next reading of its orders answers them. */
  readonly open: number;
}

/** Storefronts count our calls. */
const LANES = 4;

/** One thing to fetch, with the messages that named it. */
interface Thing {
  readonly reference: Reference;
  /** UTC instant at which it was first named. */
  readonly receivedAt: string;
  readonly ids: readonly string[];
}

/**
 * Fetches what messages of one connection refer to, each thing once, and puts it on the inbox before it says that it is done. After a call that
 * may succeed later nothing more is tried: the messages come back.
 */
export async function fetchAll(connectionId: string, messages: readonly { readonly id: string; readonly message: Referred }[], fetching: Fetching): Promise<Brought> {
  const failures = new Map<string, unknown>();
  const absent: Reference[] = [];
  let [calls, brought, open] = [0, 0, 0];
  let down: Unavailable | undefined;
  const things = thingsIn(messages).values();
  const lane = async () => {
    for (const thing of things) await attempt(thing);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return { failures, calls, brought, absent, open };

  async function attempt(thing: Thing): Promise<void> {
    try {
      if (down !== undefined) throw down;
      calls += 1;
      const found = await bring(connectionId, thing, fetching);
      brought += found.deliveries.length;
      open += found.open;
      if (found.deliveries.some((delivery) => delivery.absent !== undefined)) absent.push(thing.reference);
    } catch (error) {
      if (error instanceof Unavailable) down ??= error;
      for (const id of thing.ids) failures.set(id, error);
    }
  }
}

function thingsIn(messages: readonly { readonly id: string; readonly message: Referred }[]): Thing[] {
  const named = Map.groupBy(messages, ({ message: { reference } }) => JSON.stringify([reference.what, reference.id]));
  return [...named.values()].flatMap((same) => {
    const receivedAt = same.map(({ message }) => message.receivedAt).sort()[0];
    const reference = same[0]?.message.reference;
    return receivedAt === undefined || reference === undefined ? [] : [{ reference, receivedAt, ids: same.map(({ id }) => id) }];
  });
}

async function bring(connectionId: string, { reference, receivedAt }: Thing, fetching: Fetching): Promise<{ readonly deliveries: readonly Delivery[]; readonly open: number }> {
  const delivered = { connectionId, receivedAt, headers: {}, via: 'fetch' } as const;
  await refuseEnded(fetching.table, connectionId);
  const reached = await reach(connectionId, fetching);
  const { bodies, absent, open } = reference.what === REQUESTS ? await answered(reached, fetching) : await fetched(reference, reached);
  const deliveries: Delivery[] = bodies.map((body) => ({ ...delivered, body }));
  if (absent.length > 0) deliveries.push({ ...delivered, body: Buffer.alloc(0), absent });
  await fetching.inbox.send(deliveries.map(packed));
  return { deliveries, open };
}

interface Found {
  readonly bodies: readonly Buffer[];
  readonly absent: readonly string[];
  readonly open: number;
}

async function answered(reached: Reached, fetching: Fetching): Promise<Found> {
  return { ...(await answerRequests(reached, fetching)), absent: [] };
}

async function fetched(reference: Reference, { connection, storefront, call }: Reached): Promise<Found> {
  if (storefront.fetch === undefined)
    throw new Rejected('storefront.fetch-unsupported', `${storefront.title} cannot be asked for an order, and a message of ${connection.id} asks for ${reference.what}.`);
  const found = await storefront.fetch(reference, call);
  return found.kind === 'found' ? { bodies: found.bodies, absent: [], open: 0 } : { bodies: [], absent: found.sourceIds, open: 0 };
}

function packed(delivery: Delivery): string {
  const message = packDelivery(delivery);
  if (message.length <= MAX_MESSAGE_BYTES) return message;
  throw new Rejected('delivery.too-large', `What was fetched has ${message.length} bytes, more than one message holds; split the order.`, { seen: String(message.length) });
}
