import * as z from 'zod';
import type { Table } from '../../../adapters/aws/table.ts';
import { type Delivery, unpackDelivery } from '../../../adapters/delivery.ts';
import { type PayloadKind, readPayload } from '../../../adapters/payload.ts';
import type { Reaching } from '../../../adapters/reach.ts';
import { type Capability, type Cursor, defineStorefront, type Fetched, type Page, type Parsed, type Reference } from '../../../adapters/storefront.ts';
import { parseJson } from '../../../core/json.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import { sampleLine, sampleOrder } from '../../core/samples.ts';
import { clientWith, hubOn, memoryOutbox } from '../world.ts';

const Body = z.object({
  kind: z.enum(['order', 'reference', 'privacy', 'ended', 'ignored']).default('order'),
  id: z.string(),
  version: z.int().default(1),
  tents: z.int().min(0).default(1),
  /** What the order was before it was taken apart. */
  gone: z.array(z.string()).default([]),
  /** Another order, for another address. */
  second: z.string().optional(),
});
const PAYLOAD: PayloadKind = { code: 'storefront.payload-unreadable', what: 'The played order', personal: new Set() };

/** Writes a body of the played storefront. */
export function bodyOf(body: z.input<typeof Body>): Buffer {
  return Buffer.from(JSON.stringify(body));
}

/** A delivery of the played storefront. */
export function deliveryOf(body: Buffer, receivedAt: string, rest: Partial<Delivery> = {}): Delivery {
  return { connectionId: 'shop', receivedAt, headers: {}, body, ...rest };
}

function parse({ connectionId, body }: Delivery): Parsed {
  const { kind, id, version, tents, gone, second } = readPayload(Body, parseJson(body), PAYLOAD);
  if (kind === 'reference') return { kind, reference: { what: 'order', id } };
  if (kind === 'privacy') return { kind, request: { wants: 'show', requestId: id, sourceIds: [id], email: null, phone: null } };
  if (kind === 'ended' || kind === 'ignored') return { kind, reason: `played ${id}` };
  const order = (sourceId: string): OrderDocument => sampleOrder({ connectionId, sourceId, number: `#${sourceId}`, sourceVersion: version, lines: [sampleLine('TENT', tents)] });
  return { kind: 'orders', orders: [id, ...(second === undefined ? [] : [second])].map(order), gone };
}

/** What the played storefront does when it is called. Tests set it. */
export const played: {
  capabilities: readonly Capability[];
  fetch(reference: Reference): Promise<Fetched>;
  poll(cursor: Cursor, connectionId: string): Promise<Page>;
  answerRequests(): Promise<{ readonly bodies: readonly Buffer[]; readonly open: number }>;
} = {
  capabilities: ['webhooks', 'polls', 'fetchBack'],
  fetch: async () => ({ kind: 'found', bodies: [] }),
  poll: async () => ({ bodies: [], next: null }),
  answerRequests: async () => ({ bodies: [], open: 0 }),
};

/** Every connection of a test that mocks `loadStorefront` with it. */
export default defineStorefront({
  id: 'played',
  title: 'Played storefront',
  settings: z.unknown(),
  secrets: z.object({}),
  capabilities: () => played.capabilities,
  signature: () => ({ family: 'hmac-body', header: 'x-played', encoding: 'base64' }),
  parse,
  fetch: (reference) => played.fetch(reference),
  poll: (cursor, { connectionId }) => played.poll(cursor, connectionId),
  answerRequests: () => played.answerRequests(),
});

/** A hub that reaches played storefronts, with an inbox in memory. */
export function reachingHub(table: Table, overlapMinutes = 15) {
  const hub = hubOn(table, clientWith({ storefronts: ['shop', 'outlet'].map((id) => ({ id, kind: 'played', poll: { everyMinutes: 10, overlapMinutes } })) }));
  const http: Reaching['http'] = () => Promise.reject(new Error('a played storefront is not called over HTTP'));
  return { ...hub, secrets: { read: async () => undefined }, http, publicUrl: 'https://hub.example.com', inbox: memoryOutbox(), wait: async (ms: number) => hub.pass(ms / 1000) };
}

/** What was put on an inbox, read. */
export function inInbox({ inbox }: { readonly inbox: { readonly messages: readonly string[] } }): Delivery[] {
  return inbox.messages.map(unpackDelivery);
}
