import * as z from 'zod';

/** Everything that can happen, as `noun.verb` in the past tense. */
export const EventType = z.enum([
  'order.accepted',
  'order.changed',
  'order.noted',
  'order.held',
  'order.released',
  'order.readdressed',
  'order.backordered',
  'order.waiting',
  'order.allocated',
  'order.authorised',
  'order.prioritised',
  'order.packing',
  'order.packed',
  'order.dispatched',
  'order.delivered',
  'order.returned',
  'order.recalled',
  'order.late',
  'order.cancelled',
  'order.closed',
  'parcel.packed',
  'parcel.assigned',
  'parcel.parked',
  'parcel.labelled',
  'parcel.refused',
  'parcel.recalled',
  'parcel.unpacked',
  'parcel.handed-over',
  'parcel.dispatched',
  'parcel.updated',
  'parcel.delayed',
  'parcel.late',
  'parcel.delivered',
  'parcel.manifested',
  'return.requested',
  'return.assigned',
  'return.parked',
  'return.labelled',
  'return.refused',
  'return.updated',
  'return.dispatched',
  'return.delivered',
  'return.late',
  'stock.moved',
  'stock.received',
  'stock.gained',
  'stock.low',
  'stock.drifted',
  'stock.repaired',
  'supply.requested',
  'supply.received',
  'report.written',
]);
export type EventType = z.infer<typeof EventType>;

/** The last thing that happened to an item; kept on it, so that the table stream says who did what, when and why. */
export interface Change {
  readonly type: EventType;
  /** UTC instant. */
  readonly at: string;
  readonly by: string;
  readonly reason: string;
}
