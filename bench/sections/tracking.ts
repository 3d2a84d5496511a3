import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { settlePurchase } from '../../adapters/aws/purchase-store.ts';
import { orderIdOf } from '../../core/id.ts';
import type { Act } from '../../core/order.ts';
import { type Label, labelled } from '../../core/shipment.ts';
import { easypostAddress } from '../../local/simulators/easypost.ts';
import { JOURNEYS, type Journey, trackerEvent } from '../../local/simulators/journey.ts';
import { seeded } from '../../local/simulators/seed.ts';
import { type CpuTimes, cpuOf, since } from '../cpu.ts';
import { packer, packOrders, STOREFRONT } from '../packed.ts';
import type { PostingJob, PostingResult } from '../poster.ts';
import type { Bench, Breakdown, Findings } from '../section.ts';
import { openSetting, type Setting } from '../setting.ts';
import { percentile } from '../statistics.ts';

const AIM_SECONDS = 30;
const PARCELS = 1_000;
const CALLBACKS_PER_PARCEL = 5;
const CONCURRENCY = 32;
const CARRIER = 'easypost';
const POSTER = fileURLToPath(new URL('../poster.ts', import.meta.url));

/** How the parcels travel, in turn, and what parcel and order are at the end. */
const COURSES: readonly { readonly journey: Journey; readonly ends: string }[] = [
  { journey: 'plain', ends: 'delivered' },
  { journey: 'delayed', ends: 'delivered' },
  { journey: 'exception', ends: 'delivered' },
  { journey: 'returned', ends: 'returned' },
];

/**
 * Seconds from the first of a carrier's callbacks until all of them are applied: five for each parcel, every one signed, some of them repeats,
 * and in no order at all. Afterwards every parcel and every order is looked at.
 */
export async function measureTracking({ orders = PARCELS, scratch, say, prepare }: Bench): Promise<Findings> {
  await prepare();
  const setting = await openSetting({ dataFolder: join(scratch, 'cloud'), authorisation: 'automatic', stream: false, log: say });
  try {
    say(`packing and labelling ${orders} parcels`);
    await labelParcels(setting, orders);
    const callbacks = callbacksOf(orders);
    say(`posting ${callbacks.length} callbacks, ${CONCURRENCY} at a time`);
    const before = cpuOf(setting);
    const posted = await postAll(setting, callbacks, scratch);
    await setting.quiet(600_000);
    const seconds = (Date.now() - posted.startedAt) / 1_000;
    const spent = since(before, cpuOf(setting));
    await allIsRight(setting, orders);
    return {
      rows: [
        { name: `${callbacks.length} callbacks applied after`, value: seconds, unit: 's', atMost: (AIM_SECONDS * callbacks.length) / (PARCELS * CALLBACKS_PER_PARCEL) },
        { name: '  callbacks applied', value: callbacks.length / seconds, unit: 'callbacks/s' },
        { name: '  callbacks in a batch, mean', value: callbacks.length / (setting.cloud.metrics()['tracking/apply-updates']?.invocations ?? 0), unit: 'callbacks' },
        { name: '  acknowledged after, median', value: percentile(posted.latencies, 50), unit: 'ms' },
        { name: '  acknowledged after, 99th percentile', value: percentile(posted.latencies, 99), unit: 'ms' },
      ],
      breakdowns: [cpuTable(spent, callbacks.length)],
      notes: [
        `${orders} parcels; signed beforehand, shuffled, posted by a process of its own. Afterwards: every parcel and order is where its scans say, each scan kept once, and no dead letter.`,
        'Without what follows a scan: events, timeline, notices. On this machine the gateway, the emulators and every function share the cores.',
        'The updates queue waits up to a second for a batch to fill, and the hub is taken for done when it was at rest twice in a row.',
      ],
    };
  } finally {
    await setting.close();
  }
}

function courseOf(index: number): (typeof COURSES)[number] {
  return COURSES[index % COURSES.length] ?? { journey: 'plain', ends: 'delivered' };
}

function sourceIdOf(index: number): string {
  return `B-${String(index + 1).padStart(6, '0')}`;
}

function trackingNumberOf(index: number): string {
  return `1Z${String(index + 1).padStart(10, '0')}`;
}

/** Packs orders, and puts labels on their parcels. */
async function labelParcels(setting: Setting, orders: number): Promise<void> {
  await packOrders(setting, 0, orders, { carrierId: CARRIER }, async (parcels) => {
    const act = packer();
    await Promise.all(parcels.map((parcel) => settlePurchase(setting.table, { purchase: undefined, parcel: labelled(parcel, labelOf(parcel.orderId, act), act) })));
  });
}

function labelOf(orderId: string, { now }: Act): Label {
  const trackingNumber = trackingNumberOf(Number(orderId.split('-').at(-1)) - 1);
  const known = { reference: trackingNumber, carrierRef: `shp_${trackingNumber}`, proof: 'answer' as const, boughtAt: now.toISOString() };
  return { carrier: 'USPS', service: 'Priority', trackingNumber, trackingUrl: '', cost: 700, currency: 'EUR', document: `labels/${trackingNumber}.pdf`, ...known };
}

/** Each tells its parcel's story as far as it went. Those beyond the story's length are repeats. */
function callbacksOf(parcels: number): Buffer[] {
  const began = Date.now();
  const random = seeded('tracking');
  const bodies = Array.from({ length: parcels * CALLBACKS_PER_PARCEL }, (_, number) => {
    const index = Math.floor(number / CALLBACKS_PER_PARCEL);
    const story = JOURNEYS[courseOf(index).journey];
    const told = (number % CALLBACKS_PER_PARCEL) + 1;
    const scans = story.slice(0, told <= story.length ? told : random.int(1, story.length)).map((scan, step) => ({ scan, at: began + step * 60_000 }));
    return trackerEvent(`evt_${number}`, { shipmentId: `shp_${index}`, trackingCode: trackingNumberOf(index), carrier: 'USPS', scans });
  });
  return random.shuffle(bodies);
}

async function postAll({ hooks }: Setting, bodies: readonly Buffer[], scratch: string): Promise<PostingResult> {
  const sign = easypostAddress(hooks.carrier.url, hooks.carrier.secret);
  const now = new Date();
  const requests = bodies.map((body, index) => ({ headers: sign({ id: String(index), sender: CARRIER, meta: {}, body, due: null }, now).headers, body: body.toString('utf8') }));
  const job: PostingJob = { url: hooks.carrier.url, concurrency: CONCURRENCY, requests };
  const file = join(scratch, 'job.json');
  writeFileSync(file, JSON.stringify(job));
  const { stdout } = await promisify(execFile)(process.execPath, [POSTER, file], { env: { PATH: process.env.PATH ?? '' }, maxBuffer: 64 * 1024 * 1024 });
  const result: PostingResult = JSON.parse(stdout);
  if (result.statuses['200'] !== bodies.length) throw new Error(`Not every callback was acknowledged: ${JSON.stringify(result.statuses)}.`);
  return result;
}

/** @throws Error naming what is not where it should be */
async function allIsRight(setting: Setting, orders: number): Promise<void> {
  const expected = new Map(Array.from({ length: orders }, (_, index) => [orderIdOf(STOREFRONT, sourceIdOf(index)), courseOf(index)]));
  const scans = new Map<string, number>();
  const seen = { order: 0, parcel: 0 };
  for (const item of await setting.items()) {
    const course = expected.get(String(item.PK).slice('O#'.length));
    if (item.entity === 'tracking-event') scans.set(String(item.PK), (scans.get(String(item.PK)) ?? 0) + 1);
    if (item.entity !== 'order' && item.entity !== 'parcel') continue;
    seen[item.entity] += 1;
    if (item.status !== course?.ends) throw new Error(`The ${item.entity} ${String(item.PK)} was to be ${course?.ends}, and is ${String(item.status)}.`);
  }
  if (seen.order !== orders || seen.parcel !== orders) throw new Error(`${orders} orders and parcels were to be there; there are ${seen.order} and ${seen.parcel}.`);
  for (const [orderId, { journey }] of expected) {
    const kept = scans.get(`O#${orderId}`);
    if (kept !== JOURNEYS[journey].length) throw new Error(`Of order ${orderId} ${kept} scans are kept; its parcel had ${JOURNEYS[journey].length}.`);
  }
  const dead = (await setting.cloud.queueDepths()).filter(({ deadLetter, waiting, inFlight }) => deadLetter && waiting + inFlight > 0);
  if (dead.length > 0) throw new Error(`Dead letters in ${dead.map(({ queue, waiting }) => `${queue} (${waiting})`).join(', ')}.`);
}

function cpuTable(spent: CpuTimes, callbacks: number): Breakdown {
  const rows = [...spent].map(([name, ms]): [string, number] => [name, ms / callbacks]).filter(([, ms]) => ms > 0);
  return { title: 'CPU ms a callback', columns: ['', 'until applied'], rows: [...rows, ['Total', rows.reduce((sum, [, ms]) => sum + ms, 0)]] };
}
