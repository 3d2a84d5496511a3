import { describe, expect, test } from 'vitest';
import { readCsv } from '../../adapters/csv.ts';
import { type HandOverList, handOverDocuments } from '../../adapters/manifest-list.ts';
import { claimManifest, moveManifest } from '../../core/manifest.ts';
import type { Parcel } from '../../core/shipment.ts';
import { NOT_TRACKED } from '../../core/tracking.ts';
import { NOW, sampleClient } from '../core/samples.ts';

const client = sampleClient();

function listOf(parcels: number, service = 'Priority'): HandOverList {
  const [warehouse] = client.warehouses;
  const [connection] = client.carriers;
  if (warehouse === undefined || connection === undefined) throw new Error('the sample client has both');
  const name = { carrierId: connection.id, warehouse: warehouse.id, day: '2026-11-20' };
  const claimed = claimManifest({ ...name, number: 1, reference: '01', closing: 'c', carrier: 'USPS', parcels, by: 'hub' }, NOW);
  const manifest = moveManifest(claimed, { status: 'settled', manifestRef: 'sf_1' }, NOW);
  const at = NOW.toISOString();
  const parcelAt = (index: number): Parcel => ({
    entity: 'parcel',
    orderId: `shop:${index}`,
    parcel: 1,
    connectionId: 'shop',
    country: 'US',
    warehouse: warehouse.id,
    carrierId: connection.id,
    units: [],
    weight: 1_255,
    addressHash: '',
    status: 'labelled',
    label: {
      carrier: 'USPS',
      service,
      trackingNumber: `9400${index}`,
      trackingUrl: '',
      cost: 1,
      currency: 'EUR',
      document: 'd',
      boughtAt: at,
      reference: '01',
      carrierRef: 's',
      proof: 'answer',
    },
    tracking: NOT_TRACKED,
    receivedAt: at,
    packedAt: at,
    since: at,
    version: 1,
    change: { type: 'parcel.labelled', at, by: 'hub', reason: '' },
  });
  const leftOut = [{ orderId: 'shop:99', parcel: 2, trackingNumber: '', reason: '=its order is held (fraud)' }];
  return {
    client,
    connection,
    warehouse,
    timeZone: 'Europe/Berlin',
    day: name.day,
    closedAt: NOW,
    rows: Array.from({ length: parcels }, (_, index) => ({ manifest, parcel: parcelAt(index) })),
    leftOut,
  };
}

function documentOf(list: HandOverList, extension: 'html' | 'csv'): Buffer {
  return handOverDocuments(list).find((document) => document.extension === extension)?.bytes ?? Buffer.alloc(0);
}

describe('the list that a driver signs', () => {
  test('names every parcel, what it weighs in all, what stays behind, and has a place for two signatures', () => {
    const page = documentOf(listOf(3), 'html').toString('utf8');

    expect(page).toContain('<h1>Hand-over to easypost</h1>');
    expect(page).toContain('3 parcels, 3.765\u00A0kg in all.');
    for (const number of ['94000', '94001', '94002']) expect(page).toContain(`<th scope="row">${number}</th>`);
    expect(page).toContain('its order is held (fraud)');
    expect(page).toMatch(/Handed over for North[\s\S]*Taken by the driver/);
    expect(page.match(/<table>/g)).toHaveLength(3);
    expect(page).toContain('sf_1');
    expect(page.match(/1\.255\u00A0kg/g)).toHaveLength(3);
    expect(page).toContain('1 parcel stays behind: see <a href="#behind">What stays behind</a> below.');
  });

  test('escapes what carriers say', () => {
    const list = listOf(1, '<img src=x>');

    expect(documentOf(list, 'html').toString()).not.toContain('<img');
    expect(documentOf(list, 'html').toString()).toContain('&lt;img src=x&gt;');
  });

  test('as rows has a line for each parcel, and no cell that a spreadsheet would carry out', () => {
    const { columns, rows } = readCsv(documentOf(listOf(2), 'csv'));

    expect(columns).toEqual(['outcome', 'order', 'parcel', 'trackingNumber', 'carrier', 'service', 'grams', 'manifest', 'reason']);
    expect(rows.map(({ cells }) => [cells.outcome, cells.order, cells.grams])).toEqual([
      ['given', 'shop:0', '1255'],
      ['given', 'shop:1', '1255'],
      ['left out', 'shop:99', ''],
    ]);
    expect(rows[2]?.cells.reason).toBe("'=its order is held (fraud)");
  });

  test('of a day on which nothing left says so', () => {
    const page = documentOf({ ...listOf(0), leftOut: [] }, 'html').toString();

    expect(page).toContain('No parcel was given to the carrier.');
    expect(page).toContain('everything that waits for this carrier is on the list above');
  });
});
