import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HubEvent } from '../../core/event.ts';
import { type CustomerNews, customerNotice, noticeFor, plantNotice, reportNotice } from '../../core/notification.ts';
import { dailyReport } from '../../core/report.ts';
import { requestSupply } from '../../core/supply.ts';
import { client, dayOfTrade, orderDocument, period } from './report-day.ts';

const EVENTS = dayOfTrade(210);
const label = {
  carrier: 'UPS',
  service: 'UPSStandard',
  trackingNumber: '1Z999AA10123456784',
  trackingUrl: 'https://track.example/1Z999AA10123456784',
  cost: 640,
  currency: 'EUR',
  document: 'labels/1.pdf',
  boughtAt: '2026-11-22T10:00:00.000Z',
  reference: 'R1',
  carrierRef: 'shp_1',
  proof: 'answer' as const,
};
const NEWS: readonly CustomerNews[] = [
  { kind: 'accepted', wording: 'accepted', orderId: 'shop:1', noticeId: 'accepted' },
  { kind: 'delayed', wording: 'delayedStock', orderId: 'shop:1', noticeId: 'delayed-stock' },
  { kind: 'delayed', wording: 'delayedCarrier', orderId: 'shop:1', parcel: 1, noticeId: 'delayed-carrier-1' },
  { kind: 'shipped', wording: 'shipped', orderId: 'shop:1', parcel: 1, noticeId: 'shipped-1' },
  { kind: 'delivered', wording: 'delivered', orderId: 'shop:1', parcel: 1, noticeId: 'delivered-1' },
];
const [ACCEPTED, , , SHIPPED] = NEWS;
const GSM = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/;

function find(type: HubEvent['type']): HubEvent {
  const event = EVENTS.find((candidate) => candidate.type === type);
  if (event === undefined) throw new Error(`The test day has no ${type}.`);
  return event;
}

describe('what a customer is told of', () => {
  it.each([
    ['order.accepted', 'accepted', 'accepted'],
    ['order.backordered', 'delayed', 'delayed-stock'],
    ['parcel.dispatched', 'shipped', 'shipped-1'],
    ['parcel.delayed', 'delayed', 'delayed-carrier-1'],
    ['parcel.delivered', 'delivered', 'delivered-1'],
  ] as const)('%s is told as %s under %s', (type, kind, noticeId) => {
    expect(noticeFor(find(type))).toMatchObject({ kind, noticeId });
  });

  it.each(['order.packed', 'order.held', 'parcel.labelled', 'stock.low', 'supply.requested'] as const)('%s is none of their concern', (type) => {
    expect(noticeFor(find(type))).toBeUndefined();
  });

  it('is not that an order was accepted which is cancelled or closed', () => {
    const event = find('order.accepted');
    if (event.entity !== 'order') throw new Error('unreachable');

    for (const status of ['cancelled', 'closed']) expect(noticeFor({ ...event, order: { ...event.order, status } })).toBeUndefined();
  });

  it('has an id of its own for every thing to tell about an order', () => {
    const told = EVENTS.flatMap((event) => noticeFor(event) ?? []).map(({ orderId, noticeId }) => `${orderId} ${noticeId}`);

    expect(new Set(told).size).toBe(told.length);
    expect(told.length).toBeGreaterThan(100);
  });
});

describe('a notice to a customer', () => {
  it.each([
    ['en', 'Your order #1001 is on its way'],
    ['de-AT', 'Ihre Bestellung #1001 ist unterwegs'],
    ['fr_CA', 'Votre commande #1001 est en route'],
    ['ES', 'Su pedido #1001 está en camino'],
    ['ja', 'Your order #1001 is on its way'],
    ['constructor', 'Your order #1001 is on its way'],
    ['', 'Your order #1001 is on its way'],
  ])('in locale %j is headed %j', (locale, subject) => {
    expect(customerNotice(SHIPPED ?? fail(), orderDocument({ locale }), { label }, client).subject).toBe(subject);
  });

  it.each(['en', 'de', 'fr', 'es'])('in %s leaves no gap and fits one text message, whatever it tells', (locale) => {
    for (const news of NEWS) {
      const notice = customerNotice(news, orderDocument({ locale }), { label }, client);
      for (const words of [notice.subject, notice.text, notice.short]) expect(words).not.toMatch(/[{}]|undefined|\s{3}|^\s|\s$/);
      expect(notice.short).toMatch(GSM);
      expect(notice.short.length).toBeLessThanOrEqual(160);
      expect(notice).toMatchObject({ noticeId: news.noticeId, kind: news.kind });
    }
  });

  it('that a parcel left names carrier, service, number and link', () => {
    const { text, short } = customerNotice(SHIPPED ?? fail(), orderDocument(), { label }, client);

    for (const part of ['UPS', 'UPSStandard', label.trackingNumber, label.trackingUrl]) expect(text).toContain(part);
    expect(short).toContain(label.trackingUrl);
  });

  it('gives the tracking number where the link is too long for a text message', () => {
    const long = { ...label, trackingUrl: `https://track.example/${'x'.repeat(200)}` };

    const { short } = customerNotice(SHIPPED ?? fail(), orderDocument(), { label: long }, client);

    expect(short).toContain(label.trackingNumber);
    expect(short.length).toBeLessThanOrEqual(160);
  });

  it('holds nothing of the address but a first name', () => {
    const shipTo = { name: 'Frau Dr. Zoë Quillfeather', line1: 'Wintergasse 77', city: 'Sonnstadt', postalCode: '20999', country: 'DE', phone: '+49 40 555 0199' };
    for (const news of NEWS) {
      const { text, subject, short } = customerNotice(news, orderDocument({ shipTo, email: 'zoe@example.com' }), { label }, client);
      expect(text).toContain('Hello Zoë,');
      for (const secret of ['Quillfeather', 'Wintergasse', 'Sonnstadt', '20999', '555', 'example.com ']) expect(text + subject + short).not.toContain(secret);
    }
  });

  it.each(['https://evil.example now', 'visit evil.example', 'Ada', '山田太郎', '{link} Smith', ''])('greets without a name when the name field says %j', (name) => {
    const base = orderDocument().shipTo ?? fail();
    const { text } = customerNotice(ACCEPTED ?? fail(), orderDocument({ shipTo: { ...base, name } }), undefined, client);

    expect(text.split('\n')[0]).toBe('Hello,');
    expect(text).not.toContain('evil');
  });

  it('stays within one text message whatever the order number and the client are called', () => {
    const text = (maxLength: number) => fc.string({ minLength: 1, maxLength, unit: 'grapheme' });
    const told = fc.record({ number: text(60), name: text(80), index: fc.nat({ max: NEWS.length - 1 }) });
    fc.assert(
      fc.property(told, ({ number, name, index }) => {
        const { short } = customerNotice(NEWS[index] ?? fail(), orderDocument({ number }), { label }, { name });
        expect([...short].length).toBeLessThanOrEqual(160);
      }),
    );
  });
});

describe('a notice to a plant', () => {
  const product = {
    sku: 'POT-SET',
    name: 'Nesting pot set',
    weight: 900,
    plant: 'foundry',
    reorder: { point: 20, upTo: 100, multiple: 4 },
    lots: false,
    shelfLifeDays: 0,
    serials: false,
    hazardous: false,
    customs: {},
  };
  const plant = { id: 'foundry', name: 'Elbe Tinworks', leadTimeDays: 9 };
  const stock = {
    entity: 'stock',
    sku: 'POT-SET',
    warehouse: 'hamburg',
    onHand: 40,
    reserved: 32,
    quarantined: 0,
    available: 8,
    incoming: 0,
    reorderPoint: 20,
    version: 9,
    change: { type: 'stock.moved', at: '2026-11-22T10:00:00.000Z', by: 'hub', reason: '' },
  } as const;
  const requestOf = (reorder = product.reorder, dailyUse = 12.5) =>
    requestSupply(stock, { ...product, reorder }, plant, { requestId: 'REQ-7', dailyUse, now: new Date('2026-11-22T10:00:00.000Z'), version: 1 }) ?? fail();

  it('states the figures, the sum, the day and the request', () => {
    const { subject, text, noticeId } = plantNotice(requestOf(), product, plant, { name: 'Hamburg fulfilment centre' });

    expect(noticeId).toBe('REQ-7');
    expect(subject).toBe('Please supply 92 x POT-SET to Hamburg fulfilment centre by 2026-12-01');
    expect(text).toContain('On hand 40 - reserved 32 = 8 available, at or below the reorder point 20; incoming 0; daily use 12.5, cover 0.6 days.');
    expect(text).toContain('Quantity: 92 = order-up-to 100 - available 8 - incoming 0, in multiples of 4.');
    expect(text).toContain('REQ-7');
  });

  it('shows the rounding up, and says when no use was measured', () => {
    const { text } = plantNotice(requestOf({ point: 20, upTo: 100, multiple: 10 }, 0), product, plant, { name: 'Hamburg' });

    expect(text).toContain('Quantity: 100 = order-up-to 100 - available 8 - incoming 0, which is 92, rounded up to a multiple of 10.');
    expect(text).toContain('no use measured yet');
  });
});

describe('a notice of a report', () => {
  it('gives the figures in short and a link to each file', () => {
    const report = dailyReport(EVENTS, period, client);
    const links = { html: 'https://hub.example/r.html', csv: 'https://hub.example/r.csv', json: 'https://hub.example/r.json' };

    const { noticeId, subject, text } = reportNotice(report, links);

    expect(noticeId).toBe('daily-2026-11-22');
    expect(subject).toBe(`Harbour & Pine Outfitters: 210 orders on 2026-11-22, ${report.headline.parcels.dispatched} parcels dispatched`);
    expect(text).toMatch(/Order value: [\d.]+ EUR, [\d.]+ USD/);
    for (const link of Object.values(links)) expect(text).toContain(link);
  });
});

function fail(): never {
  throw new Error('The fixture of this test is wrong.');
}
