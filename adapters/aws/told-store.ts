import { Unavailable } from '../../core/error.ts';
import { hasLeft, type Order } from '../../core/order.ts';
import type { NoticeName } from './notice-store.ts';
import type { Table } from './table.ts';

interface Notice {
  readonly entity: 'notice';
  readonly status: 'sending' | 'sent';
  /** Milliseconds since 1970. */
  readonly leaseUntil: number;
}

/** The notice by which a storefront hears of a parcel. */
export function shippedNotice(orderId: string, parcel: number): NoticeName {
  return { partition: `O#${orderId}`, noticeId: `storefront-shipped-${parcel}` };
}

/**
 * The other parcels of an order that its storefront was told of. To be asked after the notice of one's own parcel was claimed: of two that
 * are told at once at least one then sees the other and waits, so that each is told on top of what the other said.
 * @throws Unavailable `notice.busy` while the storefront is being told of another parcel of the order
 */
export async function toldParcels(table: Table, { orderId, parcels }: Pick<Order, 'orderId' | 'parcels'>, own: number, now: Date): Promise<Set<number>> {
  const others = parcels.filter((one) => hasLeft(one) && one.parcel !== own);
  const notices = await Promise.all(others.map(async ({ parcel }) => ({ parcel, notice: await readNotice(table, shippedNotice(orderId, parcel)) })));
  const busy = notices.find(({ notice }) => notice?.status === 'sending' && notice.leaseUntil >= now.getTime());
  if (busy !== undefined)
    throw new Unavailable('notice.busy', `The storefront is being told of parcel ${busy.parcel} of order ${orderId}; parcel ${own} follows.`, { retryAfterSeconds: 3 });
  return new Set(notices.filter(({ notice }) => notice?.status === 'sent').map(({ parcel }) => parcel));
}

async function readNotice(table: Table, { partition, noticeId }: NoticeName): Promise<Notice | undefined> {
  return await table.get<Notice>({ PK: partition, SK: `N#${noticeId}` }, 'notice');
}
