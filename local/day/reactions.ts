import { readParcel } from '../../adapters/aws/parcel-store.ts';
import type { Table } from '../../adapters/aws/table.ts';
import type { HubEvent } from '../../core/event.ts';
import type { Vendors } from '../simulators/vendors.ts';
import type { Gate } from './courses.ts';
import type { Seen } from './diary.ts';
import type { Plan, PlannedOrder } from './plan.ts';
import type { Staff, Task } from './staff.ts';
import type { Reactions } from './standing.ts';

type OrderEvent = Extract<HubEvent, { entity: 'order' }>;
type ParcelEvent = Extract<HubEvent, { entity: 'parcel' }>;

const MANAGER_MS = 400;
const DELIVERY_MS = 900;

/** What the fulfilment manager does when an order needs a person: looks at it, then settles what it waits for. */
function managerTasks(order: PlannedOrder, event: OrderEvent): Task[] {
  const { help } = order.course;
  const path = `/orders/${encodeURIComponent(order.orderId)}`;
  const version = event.id.split('#').at(-2) ?? '';
  const look: Task = { id: `look/${order.orderId}/${version}`, method: 'GET', path };
  const isHeldFor = (kind: string) => event.order.holds.includes(kind);
  if (isHeldFor('address') && help.includes('correct-address')) {
    return [look, { id: `correct-address/${order.orderId}`, method: 'POST', path: `${path}/address`, body: { address: order.address, reason: 'asked the customer' } }];
  }
  if (isHeldFor('address') && help.includes('release-address')) {
    return [look, { id: `release-address/${order.orderId}`, method: 'POST', path: `${path}/holds/address/release`, body: { reason: 'the customer confirms it' } }];
  }
  if (isHeldFor('duplicate') && help.includes('release-duplicate')) {
    return [look, { id: `release-duplicate/${order.orderId}`, method: 'POST', path: `${path}/holds/duplicate/release`, body: { reason: 'the customer wants both' } }];
  }
  if (isHeldFor('operator') && help.includes('release-operator')) {
    return [look, { id: `release-operator/${order.orderId}/${version}`, method: 'POST', path: `${path}/holds/operator/release`, body: { reason: 'settled with the carrier' } }];
  }
  if (event.order.status === 'allocated' && help.includes('authorise')) {
    // Whoever corrects an address twice, as after a lost answer, makes two versions that wait, and authorises the first they come to.
    const soAlready = 'order.authorised-already';
    return [look, { id: `authorise/${order.orderId}/${version}`, method: 'POST', path: `${path}/authorise`, body: { reason: 'checked by a person' }, soAlready }];
  }
  return [];
}

const OPENS: Readonly<Record<Gate, (event: OrderEvent | ParcelEvent) => boolean>> = {
  held: (event) => event.entity === 'order' && event.order.status === 'held',
  cancelled: (event) => event.entity === 'order' && event.order.status === 'cancelled',
  readdressed: (event) => event.type === 'order.readdressed',
  labelled: (event) => event.type === 'parcel.labelled',
  repeated: (event) => event.type === 'order.accepted',
};

/** People who act on what the hub says: the manager, customers and storefronts who wait for a state, the packer who hands parcels over. */
export function reactTo(plan: Plan, manager: Staff, { outbox, carriers }: Pick<Vendors, 'outbox' | 'carriers'>, table: Table): Reactions {
  const orders = new Map(plan.orders.map((order) => [order.orderId, order]));
  const gated = Map.groupBy(plan.gated, ({ orderId }) => orderId);
  return {
    onOrder(event) {
      const order = orders.get(event.order.orderId);
      if (order === undefined) return;
      manager.take(managerTasks(order, event), MANAGER_MS);
      open(order.orderId, event);
    },
    async onParcel(event) {
      const order = orders.get(event.parcel.orderId);
      if (order === undefined) return;
      if (event.type === 'parcel.manifested' && order.journey !== 'kept') await collect(event);
      open(order.orderId, event);
    },
  };

  /** The driver takes what is on the list, and nothing else of that order. */
  async function collect({ parcel: { orderId, parcel, carrierId } }: ParcelEvent): Promise<void> {
    const { label } = await readParcel(table, { orderId, parcel });
    if (label !== undefined) carriers.get(carrierId)?.handOver([label.trackingNumber]);
  }

  function open(orderId: string, event: OrderEvent | ParcelEvent): void {
    const opened = (gated.get(orderId) ?? []).filter(({ gate }) => OPENS[gate](event));
    outbox.release(
      opened.map(({ postingId }) => postingId),
      Date.now() + MANAGER_MS,
    );
  }
}

/** The plants: read their alert as a person would, and deliver what it asks for to the warehouse it names; their lorries come in the afternoon. */
export function supplyAfter(plants: Staff, afternoon: Promise<void>): (seen: Seen) => void {
  return function supply({ body, attributes }) {
    const { subject }: { subject: string } = JSON.parse(body);
    const quantity = Number(/^Please supply (\d+) x /.exec(subject)?.[1] ?? 0);
    const { noticeId = '', sku = '', warehouse = '' } = attributes;
    const receipt = { kind: 'receipt', id: `delivery-${noticeId}`, warehouse, lines: [{ sku, quantity }] };
    plants.take([{ id: `supply/${noticeId}`, method: 'POST', path: '/stock/bookings', body: receipt }], DELIVERY_MS, afternoon);
  };
}

/** Books the goods that are there when the day begins. */
export function openingTasks(plan: Plan): Task[] {
  const byWarehouse = Map.groupBy(plan.opening, ({ warehouse }) => warehouse);
  return [...byWarehouse].flatMap(([warehouse, stock]) =>
    Array.from({ length: Math.ceil(stock.length / 25) }, (_, part): Task => {
      const lines = stock.slice(part * 25, part * 25 + 25).map(({ sku, quantity }) => ({ sku, quantity }));
      return { id: `opening/${warehouse}/${part}`, method: 'POST', path: '/stock/bookings', body: { kind: 'receipt', id: `opening-${warehouse}-${part}`, warehouse, lines } };
    }),
  );
}
