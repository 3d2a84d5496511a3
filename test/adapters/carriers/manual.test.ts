import { describe, expect, test } from 'vitest';
import type { Shipment } from '../../../adapters/carrier.ts';
import manual from '../../../adapters/carriers/manual.ts';
import { scripted } from '../fixtures.ts';

const SETTINGS = {
  title: 'Harbour Couriers',
  trackingUrl: 'https://harbour.example.com/parcels/{trackingNumber}?number={trackingNumber}',
  services: [
    { name: 'Van', cost: '4.90', currency: 'EUR', days: 2, to: ['DE', 'AT'], weightUpTo: 20_000 },
    { name: 'Bicycle', cost: '12', currency: 'EUR', days: 0, to: ['DE'], weightUpTo: 5_000 },
    { name: 'Ferry', cost: '2900', currency: 'JPY', days: 30 },
  ],
};
const SHIPMENT: Shipment = {
  reference: '01KAGM5Q80ABCDEFGHJKMNPQRS',
  from: { name: 'Harbour & Pine', line1: 'Am Kaiserkai 12', city: 'Hamburg', postalCode: '20457', country: 'DE' },
  to: { name: 'Erika Muster', line1: 'Beispielweg 4', city: 'Leipzig', postalCode: '04109', country: 'DE' },
  email: null,
  weight: 1_000,
  dimensions: null,
  shipDate: '2026-11-23',
  value: 2_900,
  currency: 'EUR',
  customs: null,
  hazardous: false,
  returns: false,
};

function call(settings: object = SETTINGS) {
  const { http, asked } = scripted();
  const now = new Date('2026-11-20T09:00:00.000Z');
  return { connectionId: 'harbour', settings: manual.settings.parse(settings), token: '', secondToken: '', apiKey: '', signingSecret: '', updateUrl: '', http, now, asked };
}

describe('a carrier without an API', () => {
  test.each<[string, string, number, string[]]>([
    ['light, at home', 'DE', 1_000, ['Van 490 EUR 2', 'Bicycle 1200 EUR 0', 'Ferry 2900 JPY 30']],
    ['as heavy as may be', 'DE', 5_000, ['Van 490 EUR 2', 'Bicycle 1200 EUR 0', 'Ferry 2900 JPY 30']],
    ['a gram heavier', 'DE', 5_001, ['Van 490 EUR 2', 'Ferry 2900 JPY 30']],
    ['abroad', 'AT', 1_000, ['Van 490 EUR 2', 'Ferry 2900 JPY 30']],
    ['far away', 'JP', 50_000, ['Ferry 2900 JPY 30']],
  ])('quotes what its settings say: %s', async (_what, country, weight, expected) => {
    const asking = call();
    const { carrierRef, rates } = await manual.quote({ ...SHIPMENT, to: { ...SHIPMENT.to, country }, weight }, asking);

    expect(rates.map(({ service, cost, currency, deliveryDays }) => `${service} ${cost} ${currency} ${deliveryDays}`)).toEqual(expected);
    expect(rates.every(({ carrier }) => carrier === 'Harbour Couriers')).toBe(true);
    expect(carrierRef).toBe('');
    expect(asking.asked).toEqual([]);
  });

  test('says what it has no service for', async () => {
    const [van] = SETTINGS.services;

    await expect(manual.quote({ ...SHIPMENT, weight: 30_000 }, call({ ...SETTINGS, services: [van] }))).rejects.toMatchObject({
      name: 'Rejected',
      code: 'carrier.no-rates',
      message: expect.stringContaining('30000 g to DE'),
    });
  });

  test('leaves the purchase to a person, before and after', async () => {
    const asking = call();
    const [rate] = (await manual.quote(SHIPMENT, asking)).rates;
    if (rate === undefined) throw new Error('no rate');
    const request = manual.draft(SHIPMENT, '', rate, asking.settings);

    expect(JSON.parse(request)).toEqual({ reference: SHIPMENT.reference, service: 'Van' });
    expect(await manual.buy({ reference: SHIPMENT.reference, carrierRef: '', rate, request }, asking)).toEqual({ outcome: 'unknown', reason: expect.stringContaining('a person') });
    expect(await manual.find({ reference: SHIPMENT.reference, carrierRef: '', rate, request }, asking)).toMatchObject({ outcome: 'unknown' });
    await expect(manual.label({ reference: '', carrierRef: '', trackingNumber: 'H 1' }, null, asking)).rejects.toMatchObject({ code: 'carrier.label-elsewhere' });
    expect(asking.asked).toEqual([]);
  });

  test.each([
    ['H1', 'https://harbour.example.com/parcels/H1?number=H1'],
    ['H/1 &$&', 'https://harbour.example.com/parcels/H%2F1%20%26%24%26?number=H%2F1%20%26%24%26'],
  ])('shows customers where %s is', (trackingNumber, expected) => {
    expect(manual.trackingUrl?.(trackingNumber, call().settings)).toBe(expected);
  });

  test('has no address for customers where none is set', () => {
    const { trackingUrl: _none, ...settings } = SETTINGS;

    expect(manual.trackingUrl?.('H1', call(settings).settings)).toBe('');
  });

  test.each<[string, object]>([
    ['no service', { services: [] }],
    ['a price as a number', { services: [{ ...SETTINGS.services[0], cost: 4.9 }] }],
    ['a price with too many places', { services: [{ ...SETTINGS.services[0], cost: '4.905' }] }],
    ['a price below nothing', { services: [{ ...SETTINGS.services[0], cost: '-1' }] }],
    ['a currency that is none', { services: [{ ...SETTINGS.services[0], currency: 'EURO' }] }],
    ['a country in small letters', { services: [{ ...SETTINGS.services[0], to: ['de'] }] }],
    ['no countries', { services: [{ ...SETTINGS.services[0], to: [] }] }],
    ['an address without the number', { trackingUrl: 'https://harbour.example.com/' }],
    ['an address that is a script', { trackingUrl: 'javascript:{trackingNumber}' }],
    ['a setting that nobody knows', { apiKey: 'x' }],
  ])('refuses settings with %s', (_what, wrong) => {
    expect(manual.settings.safeParse({ ...SETTINGS, ...wrong }).success).toBe(false);
  });
});
