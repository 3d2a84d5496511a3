import { HubEvent } from '../../core/event.ts';
import type { Seen } from './diary.ts';

type OrderEvent = Extract<HubEvent, { entity: 'order' }>;
type ParcelEvent = Extract<HubEvent, { entity: 'parcel' }>;

/** How an order stood when the hub last spoke of it. */
export interface OrderStanding {
  readonly version: number;
  readonly status: string;
  readonly holds: readonly string[];
}

/** Who acts on what is heard. */
export interface Reactions {
  onOrder(event: OrderEvent): void;
  onParcel(event: ParcelEvent): Promise<void>;
}

/** Where every order of the day stands, from the hub's own events, whatever their order of arrival. */
export class Standing {
  readonly orders = new Map<string, OrderStanding>();
  /** Parcels that reached each milestone: `labelled`, `dispatched`, `delivered`, ... */
  readonly parcels = new Map<string, Set<string>>();
  readonly backordered = new Set<string>();
  readonly #reactions: Reactions;
  readonly #afternoon = Promise.withResolvers<void>();
  readonly #morningOrders: number;

  /** @param morningOrders how many orders come before the afternoon */
  constructor(morningOrders: number, reactions: Reactions) {
    this.#morningOrders = morningOrders;
    this.#reactions = reactions;
  }

  /** Comes when most orders of the day have. */
  get afternoon(): Promise<void> {
    return this.#afternoon.promise;
  }

  /** Takes in one message of the events topic. */
  async hear(seen: Seen): Promise<void> {
    const event = HubEvent.parse(JSON.parse(seen.body));
    if (event.entity === 'parcel') {
      this.#count(event.type, `${event.parcel.orderId}/${event.parcel.parcel}`);
      await this.#reactions.onParcel(event);
    }
    if (event.entity !== 'order') return;
    const { orderId, status, holds } = event.order;
    const version = Number(event.id.split('#').at(-2));
    if (version >= (this.orders.get(orderId)?.version ?? 0)) this.orders.set(orderId, { version, status, holds });
    if (this.orders.size >= this.#morningOrders) this.#afternoon.resolve();
    if (event.type === 'order.backordered') this.backordered.add(orderId);
    this.#reactions.onOrder(event);
  }

  /** How many parcels reached a milestone. */
  parcelsThat(type: string): number {
    return this.parcels.get(type)?.size ?? 0;
  }

  /** How many orders stand at a status now. */
  ordersAt(status: string): number {
    return [...this.orders.values()].filter((order) => order.status === status).length;
  }

  #count(type: string, parcel: string): void {
    const parcels = this.parcels.get(type) ?? new Set();
    parcels.add(parcel);
    this.parcels.set(type, parcels);
  }
}
