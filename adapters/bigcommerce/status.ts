/**
 * What a status means for us. `checkout`: no order yet; `waiting`: ships only where the client's file counts it as paid; `open`: may ship;
 * `shipped`: the store takes all of it for shipped; `cancelled`: nothing is wanted any more.
 */
export type Standing = 'checkout' | 'waiting' | 'open' | 'shipped' | 'cancelled';

/**
 * By id, because the labels are each merchant's own.
 * https://developer.bigcommerce.com/docs/rest-management/orders/order-status
 */
export const STATUSES: ReadonlyMap<number, Standing> = new Map([
  // Incomplete: the buyer saw the payment page and did not pay. Most such orders never become one.
  [0, 'checkout'],
  // Pending: checkout was begun, payment is outstanding.
  [1, 'waiting'],
  // Shipped: by its shipments, or because a person said so.
  [2, 'shipped'],
  // Partially Shipped: paid, and the rest still has to go.
  [3, 'open'],
  // Refunded: all of the money went back.
  [4, 'cancelled'],
  // Cancelled by the store.
  [5, 'cancelled'],
  // Declined: the payment failed for good.
  [6, 'cancelled'],
  // Awaiting Payment.
  [7, 'waiting'],
  // Awaiting Pickup: lies at a counter for the buyer, nothing for us to send.
  [8, 'waiting'],
  // Awaiting Shipment: paid and picked. Counts as paid unless the client's file says otherwise.
  [9, 'waiting'],
  // Completed: whoever shipped it, it is done.
  [10, 'shipped'],
  // Awaiting Fulfillment: paid. Counts as paid unless the client's file says otherwise.
  [11, 'waiting'],
  // Manual Verification Required: a person at the store has to look first.
  [12, 'waiting'],
  // Disputed: the buyer has claimed the money back.
  [13, 'waiting'],
  // Partially Refunded: a refund takes the place of any earlier status; units that are not refunded are still wanted.
  [14, 'open'],
]);

/** Statuses that a client's file may count as paid, beside those that always are. */
export const MAY_SHIP = [1, 7, 8, 9, 11, 12, 13] as const;

/** Statuses in which a person at the store has to decide first: a shipment would take their place and hide it. */
export const HELD_STATUSES: ReadonlySet<number> = new Set([12, 13]);
