import { chargesOf, duplicatesRefused, type Evidence, readOrders } from './checks/check.ts';

/** The day at one storefront. */
export interface ShopFigures {
  readonly id: string;
  readonly kind: string;
  readonly orders: number;
  /** Webhooks that the hub took. */
  readonly webhooks: number;
  /** Webhooks that were never sent. */
  readonly lost: number;
  /** Orders of which a webhook was lost, and which a reading found. */
  readonly foundByPoll: number;
  /** Topics that were posted again after the storefront had ended them. */
  readonly mended: number;
  readonly parcelsTold: number;
  /** SKUs that it offers by our figures. */
  readonly stockTold: number;
}

/** The day in numbers. */
export interface Figures {
  readonly orders: {
    readonly received: number;
    readonly accepted: number;
    readonly duplicatesRefused: number;
    readonly held: number;
    readonly backordered: number;
    readonly delivered: number;
    readonly returned: number;
    readonly cancelled: number;
    readonly closed: number;
  };
  readonly storefronts: readonly ShopFigures[];
  readonly lostWebhooks: number;
  readonly foundByPoll: number;
  readonly subscriptionsRepaired: number;
  readonly labelsBought: number;
  readonly customerNotices: number;
  readonly plantAlerts: number;
  readonly reportObjects: number;
  readonly deadLetters: number;
  readonly seconds: number;
}

/** The figures of a day that took so many seconds. */
export function figuresOf(evidence: Evidence, seconds: number): Figures {
  const { snapshot, vendors, seen } = evidence;
  const { orders } = snapshot.table;
  const at = (status: string) => orders.filter((order) => order.status === status).length;
  const happened = (type: string) => new Set(snapshot.facts.flatMap((event) => (event.entity === 'order' && event.type === type ? [event.order.orderId] : []))).size;
  const storefronts = evidence.storefronts.map((storefront) => shopFigures(storefront, evidence));
  const sum = (figure: (shop: ShopFigures) => number) => storefronts.reduce((total, shop) => total + figure(shop), 0);
  return {
    orders: {
      received: orders.length,
      accepted: happened('order.accepted'),
      duplicatesRefused: duplicatesRefused(snapshot),
      held: happened('order.held'),
      backordered: happened('order.backordered'),
      delivered: at('delivered'),
      returned: snapshot.table.parcels.filter(({ status }) => status === 'returned').length,
      cancelled: at('cancelled'),
      closed: at('closed'),
    },
    storefronts,
    lostWebhooks: sum(({ lost }) => lost),
    foundByPoll: sum((shop) => shop.foundByPoll),
    subscriptionsRepaired: sum(({ mended }) => mended),
    labelsBought: chargesOf(vendors).length,
    customerNotices: seen.customers.length,
    plantAlerts: seen.plants.length,
    reportObjects: snapshot.reports.length,
    deadLetters: snapshot.deadLetters.length,
    seconds,
  };
}

function shopFigures({ id, kind }: Evidence['storefronts'][number], { plan, vendors, mended, snapshot }: Evidence): ShopFigures {
  const { acknowledged, lost } = vendors.outbox.counts(id);
  const shop = vendors.shops.get(id);
  const gone = vendors.outbox.lost();
  const missed = new Set(plan.postings.filter((posting) => posting.sender === id && gone.has(posting.id)).map(({ orderId }) => orderId));
  return {
    id,
    kind,
    orders: plan.orders.filter(({ connectionId }) => connectionId === id).length,
    webhooks: acknowledged,
    lost,
    foundByPoll: missed.intersection(readOrders(snapshot)).size,
    mended: mended.get(id) ?? 0,
    parcelsTold: (shop?.orders() ?? []).reduce((sum, { trackingNumbers }) => sum + trackingNumbers.length, 0),
    stockTold: Object.keys(shop?.available() ?? {}).length,
  };
}
