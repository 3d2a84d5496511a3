import { tellOnce } from '../../adapters/aws/notice-store.ts';
import { readDocumentIfKept, readOrder } from '../../adapters/aws/order-store.ts';
import { readParcel } from '../../adapters/aws/parcel-store.ts';
import { snsClient } from '../../adapters/aws/topic.ts';
import { loadNotifier, type Message, type Notifier } from '../../adapters/notifier.ts';
import type { Client } from '../../core/client.ts';
import type { HubEvent } from '../../core/event.ts';
import { type CustomerNews, customerNotice, noticeFor } from '../../core/notification.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { each, queue, readEvent } from '../shell/queue.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the customers queue: something happened to an order that its customer is to hear of, once. */
export const handler = queue({ read: readEvent, handle: each(notifyCustomer), services: openTeller });

type Teller = Pick<Hub, 'table' | 'client' | 'now'> & { readonly topicArn: string; readonly notifiers: () => Promise<readonly Notifier[]> };

function openTeller(): Teller {
  const hub = openHub();
  const sns = snsClient();
  const ways = WAYS[hub.client.notifications.customers];
  return { ...hub, topicArn: readEnv(ENV.customersTopic)[ENV.customersTopic], notifiers: () => Promise.all(ways.map((id) => loadNotifier(id, sns))) };
}

const WAYS: Record<Client['notifications']['customers'], readonly ('topic' | 'sms')[]> = { topic: ['topic'], sms: ['topic', 'sms'] };

/** Each way of telling is a notice of its own, so that one that fails does not repeat the other. */
export async function notifyCustomer(event: HubEvent, teller: Teller): Promise<void> {
  const news = noticeFor(event);
  if (news === undefined) return;
  for (const notifier of await teller.notifiers()) {
    const name = { partition: `O#${news.orderId}`, noticeId: `${news.noticeId}-${notifier.id}` };
    await tellOnce(teller.table, name, teller.now, async () => {
      const message = await messageOf(news, notifier.id, teller);
      if (message !== undefined && notifier.accepts(message)) await notifier.send(message, teller.topicArn);
    });
  }
}

/** @returns undefined when the customer's data is erased: there is nobody left to tell */
async function messageOf(news: CustomerNews, way: string, { table, client }: Teller): Promise<Message | undefined> {
  const order = await readOrder(table, news.orderId);
  const [document, parcel] = await Promise.all([
    readDocumentIfKept(table, order),
    news.parcel === undefined ? undefined : readParcel(table, { orderId: news.orderId, parcel: news.parcel }),
  ]);
  if (document === undefined) return undefined;
  const { subject, text, short, kind } = customerNotice(news, document, parcel, client);
  return {
    // Unique across the client's orders, not only within this one.
    noticeId: `${news.orderId}#${news.noticeId}`,
    kind,
    subject,
    text: way === 'sms' ? short : text,
    phone: document.phone,
    email: document.email,
    attributes: { connectionId: document.connectionId },
  };
}
