import { copyOf, type Partitions } from '../local/database/database.ts';
import type { WireItem } from '../local/database/expression.ts';
import { type CarrierState, copyCarrier, emptyCarrier } from './easypost.ts';
import { copyShop, emptyShop, type ShopState } from './etsy.ts';

/** A message on a queue. */
export interface Message {
  readonly id: string;
  readonly body: string;
  receives: number;
  /** Milliseconds since 1970. */
  visibleAt: number;
}

/** A change that the table's stream has not told yet. */
interface StreamRecord {
  readonly sequence: number;
  readonly before: WireItem | undefined;
  readonly after: WireItem | undefined;
}

/** Something that was told to somebody outside. */
interface Told {
  readonly to: 'customers' | 'plants' | 'managers' | 'storefront';
  readonly id: string;
  readonly body: string;
}

/** Everything there is, inside and outside the hub: plain data, so that one history can go on in many ways. */
export interface State {
  /** Milliseconds since 1970. */
  now: number;
  ids: number;
  sequence: number;
  readonly table: Partitions;
  readonly stream: StreamRecord[];
  readonly queues: Map<string, Message[]>;
  readonly deadLetters: { readonly queue: string; readonly body: string; readonly code: string }[];
  /** Every message that was ever put on a queue, in order. */
  readonly sent: { readonly queue: string; readonly body: string }[];
  readonly objects: Map<string, Buffer>;
  readonly told: Told[];
  /** Orders, as JSON, that the storefront lists when it is asked. */
  readonly listed: string[];
  /** The shop that tells only which receipt changed. */
  readonly shop: ShopState;
  readonly carrier: CarrierState;
  /** What did not hold of single changes when they happened. */
  readonly broken: string[];
  /** Ids of what was posted to us and acknowledged. */
  readonly acknowledged: string[];
  /** Invocations that died or were cut off from an answer: for each, something may have been told once more. */
  disturbances: number;
}

/** The beginning of everything. */
export function emptyState(now: number): State {
  return {
    now,
    ids: 0,
    sequence: 0,
    table: new Map(),
    stream: [],
    queues: new Map(),
    deadLetters: [],
    sent: [],
    objects: new Map(),
    told: [],
    listed: [],
    shop: emptyShop(),
    carrier: emptyCarrier(),
    broken: [],
    acknowledged: [],
    disturbances: 0,
  };
}

/** The same again, to go on with in another way. */
export function copyState(state: State): State {
  return {
    ...state,
    table: copyOf(state.table),
    stream: [...state.stream],
    queues: new Map([...state.queues].map(([name, messages]) => [name, messages.map((message) => ({ ...message }))])),
    deadLetters: [...state.deadLetters],
    sent: [...state.sent],
    objects: new Map(state.objects),
    told: [...state.told],
    listed: [...state.listed],
    shop: copyShop(state.shop),
    carrier: copyCarrier(state.carrier),
    broken: [...state.broken],
    acknowledged: [...state.acknowledged],
  };
}
