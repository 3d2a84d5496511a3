import { beforeEach, describe, expect, test } from 'vitest';
import { writeFacts } from '../../../adapters/aws/object-store.ts';
import { readScorecard } from '../../../adapters/aws/selection-store.ts';
import type { HubEvent } from '../../../core/event.ts';
import { laneKey } from '../../../core/scorecard.ts';
import { scoreServices } from '../../../functions/shipment/score-services.ts';
import { useEmulator } from '../../emulator.ts';
import { useLogLines } from '../log-lines.ts';
import { memoryBucket } from '../memory-bucket.ts';
import { clientWith, hubOn, type TestHub } from '../world.ts';

const emulator = useEmulator();
const log = useLogLines();
let hub: TestHub;
let facts: ReturnType<typeof memoryBucket>['bucket'];
let events: number;

beforeEach(async () => {
  await openHub();
});

async function openHub(scorecard: object = {}): Promise<void> {
  hub = hubOn(await emulator.freshTable(), clientWith({ shipping: { scorecard } }));
  facts = memoryBucket().bucket;
  events = 0;
}

type ParcelEvent = Extract<HubEvent, { entity: 'parcel' }>;

/** Something that happened to a parcel; what is not given is that of one that was delivered on its day. */
function happened(at: string, { type = 'parcel.delivered', ...parcel }: Partial<ParcelEvent['parcel']> & { readonly type?: ParcelEvent['type'] } = {}): HubEvent {
  events += 1;
  const named = { orderId: `shop:${events}`, parcel: 1, connectionId: 'shop', carrierId: 'post', carrier: 'USPS', service: 'Priority', warehouse: 'north', country: 'DE' };
  const told = { cost: 640, currency: 'EUR', units: 1, tracking: 'delivered', expectedBy: '2026-11-20', firstScanAt: '', deliveredAt: at, receivedAt: at };
  return { id: `event-${events}`, type, at, by: 'post', reason: '', entity: 'parcel', parcel: { ...named, ...told, ...parcel } };
}

async function score(scheduledAt: string, ...happenings: readonly HubEvent[]): Promise<void> {
  await writeFacts(facts, happenings, `${scheduledAt}-${events}`);
  await scoreServices({ scheduledAt: new Date(scheduledAt) }, { table: hub.table, client: hub.client, facts });
}

const LANE = laneKey({ carrierId: 'post', service: 'USPS Priority', warehouse: 'north', country: 'DE' });
/** In the night after the 20th, by the clocks of Berlin. */
const NIGHT = '2026-11-21T02:40:00.000Z';

describe('every night the parcels that arrived the day before', () => {
  test('are counted by lane, and those that came late', async () => {
    await score(
      NIGHT,
      happened('2026-11-20T10:00:00.000Z'),
      happened('2026-11-20T11:00:00.000Z', { expectedBy: '2026-11-19' }),
      happened('2026-11-20T12:00:00.000Z', { country: 'AT' }),
      happened('2026-11-20T13:00:00.000Z', { service: 'Express', expectedBy: '2026-11-18' }),
    );

    expect(await readScorecard(hub.table)).toEqual({
      [LANE]: { parcels: 2, late: 1 },
      [LANE.replace('DE', 'AT')]: { parcels: 1, late: 0 },
      [LANE.replace('Priority', 'Express')]: { parcels: 1, late: 1 },
    });
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'services scored', day: '2026-11-20', parcels: 4, lanes: 3 }));
  });

  test.each<[string, HubEvent['at'], object, object]>([
    ['late by the day on which they came, by the clocks of the client', '2026-11-20T22:59:59.000Z', {}, { parcels: 1, late: 0 }],
    ['late where it was past midnight there', '2026-11-20T22:30:00.000Z', { deliveredAt: '2026-11-20T23:00:00.000Z' }, { parcels: 1, late: 1 }],
    ['late where they were lost', '2026-11-20T10:00:00.000Z', { type: 'parcel.updated', tracking: 'lost', deliveredAt: '' }, { parcels: 1, late: 1 }],
  ])('are %s', async (_what, at, parcel, expected) => {
    await score(NIGHT, happened(at, parcel));

    expect(await readScorecard(hub.table)).toEqual({ [LANE]: expected });
  });

  test.each<[string, string, object]>([
    ['came on the day before that', '2026-11-19T22:59:59.999Z', {}],
    ['came on the day itself', '2026-11-20T23:00:00.000Z', {}],
    ['are on their way', '2026-11-20T10:00:00.000Z', { type: 'parcel.updated', tracking: 'in_transit' }],
    ['came back to us', '2026-11-20T10:00:00.000Z', { type: 'return.delivered' }],
    ['had no day named by their carrier', '2026-11-20T10:00:00.000Z', { expectedBy: '' }],
  ])('are none that %s', async (_what, at, parcel) => {
    await score(NIGHT, happened(at, parcel));

    expect(await readScorecard(hub.table)).toEqual({});
  });

  test('are counted once, though their news is told twice and the night is run twice', async () => {
    const news = happened('2026-11-20T10:00:00.000Z');

    await score(NIGHT, news, news);
    await score(NIGHT, news);

    expect(await readScorecard(hub.table)).toEqual({ [LANE]: { parcels: 1, late: 0 } });
  });
});

test('days add up for as long as the client looks back, and older ones fall out', async () => {
  await openHub({ days: 7 });
  for (let day = 1; day <= 9; day++)
    await score(`2026-12-1${day}T02:40:00.000Z`, happened(`2026-12-${9 + day}T10:00:00.000Z`, { expectedBy: day === 1 ? '2026-12-01' : '2026-12-31' }));

  expect(await readScorecard(hub.table)).toEqual({ [LANE]: { parcels: 7, late: 0 } });
});

test('a night without parcels leaves what is known', async () => {
  await score(NIGHT, happened('2026-11-20T10:00:00.000Z'));
  await score('2026-11-22T02:40:00.000Z');

  expect(await readScorecard(hub.table)).toEqual({ [LANE]: { parcels: 1, late: 0 } });
});
