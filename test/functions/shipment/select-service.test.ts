import { describe, expect, test, vi } from 'vitest';
import { writeBreaker } from '../../../adapters/aws/call-store.ts';
import { readParcel, writeParcel } from '../../../adapters/aws/parcel-store.ts';
import { readAddressProof } from '../../../adapters/aws/purchase-store.ts';
import { readSelection } from '../../../adapters/aws/selection-store.ts';
import type { AddressVerdict, CarrierCapabilities } from '../../../adapters/carrier.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import { recallParcel } from '../../../core/shipment.ts';
import { releaseHold } from '../../../functions/order/release-hold.ts';
import { buyLabel } from '../../../functions/shipment/buy-label.ts';
import { packParcels } from '../../../functions/shipment/pack-parcels.ts';
import { selectService } from '../../../functions/shipment/select-service.ts';
import { useEmulator } from '../../emulator.ts';
import { only } from '../label-shop.ts';
import { useLogLines } from '../log-lines.ts';
import { connected, rateOf, reachingFor, ToldCarrier } from '../told-carrier.ts';
import { ADDRESS, accept, clientWith, eventOf, hubOn, idOf, manager, orderOf, type Posted, parcelOf, received, recipientOf, stockUp, type TestHub } from '../world.ts';

const carriers = vi.hoisted(() => new Map<string, unknown>());
vi.mock('../../../adapters/carrier.ts', async (original) => ({ ...(await original<object>()), loadCarrier: async (kind: string) => carriers.get(kind) }));

const emulator = useEmulator();
useLogLines();

interface Agency {
  readonly hub: TestHub;
  readonly post: ToldCarrier;
  readonly van: ToldCarrier;
}

/** Two carriers: the post is the cheaper one. */
async function openAgency(overrides: object = {}, capabilities: Partial<CarrierCapabilities> = {}): Promise<Agency> {
  const hub = hubOn(await emulator.freshTable(), clientWith({ carriers: [connected('post'), connected('van')], ...overrides }));
  await stockUp(hub, Object.fromEntries(hub.client.products.map(({ sku }) => [sku, 100])));
  const [post, van] = [new ToldCarrier(hub.now, capabilities), new ToldCarrier(hub.now)];
  post.rates = () => [rateOf('Post Slow', 400, 4), rateOf('Post Quick', 900, 1)];
  van.rates = () => [rateOf('Van Parcel', 600)];
  carriers.set('post', post.carrier);
  carriers.set('van', van.carrier);
  return { hub, post, van };
}

/** Packs an order, and has a service chosen for its parcel. */
async function choose(hub: TestHub, posted: Posted): Promise<void> {
  await accept(hub, posted);
  await packParcels(received(eventOf('order.authorised', await orderOf(hub, posted.id))), hub);
  await chooseAgain(hub, posted.id);
}

async function chooseAgain(hub: TestHub, id: string): Promise<void> {
  await selectService(eventOf('parcel.packed', await parcelOf(hub, id)), reachingFor(hub));
}

async function becameOf(hub: TestHub, id: string) {
  const [order, { status, carrierId, service }] = [await orderOf(hub, id), await parcelOf(hub, id)];
  return { status, carrierId, service, holds: order.holds.map(({ kind, reason, release }) => ({ kind, reason, release })) };
}

function serviceDesk(hub: TestHub) {
  return { by: 'desk', now: hub.now(), scopes: ['hub/orders.correct'] };
}

const OURS = { ...ADDRESS, name: recipientOf('1') };
const CHECKED = { shipping: { addressCheck: { carrier: 'post', to: ['DE'] } } };

describe('an address that a carrier looks at', () => {
  test.each<[string, AddressVerdict]>([
    ['is good', { verdict: 'ok', suggestion: null, problems: [] }],
    ['is not known to it', { verdict: 'unchecked', suggestion: null, problems: ['no addresses there'] }],
    ['is the same in another hand', { verdict: 'corrected', suggestion: { ...OURS, line1: 'BEISPIELWEG 4', city: 'LEIPZIG' }, problems: [] }],
    ['is corrected in nothing that it names', { verdict: 'corrected', suggestion: null, problems: [] }],
  ])('and that %s keeps nobody waiting', async (_what, verdict) => {
    const { hub, post } = await openAgency(CHECKED);
    post.verdict = () => verdict;

    await choose(hub, { id: '1' });

    expect(post.checked).toEqual([ADDRESS.line1]);
    expect(await becameOf(hub, '1')).toEqual({ status: 'packed', carrierId: 'post', service: 'Post Slow', holds: [] });
  });

  test.each<[string, AddressVerdict, string]>([
    [
      'would be written otherwise',
      { verdict: 'corrected', suggestion: { ...OURS, line1: 'Beispielweg 44' }, problems: [] },
      'Told would write another line1; compare both with: crossdock order show',
    ],
    ['is doubted', { verdict: 'doubtful', suggestion: null, problems: ['no such number'] }, 'Told doubts the address: no such number'],
    ['is doubted without a reason', { verdict: 'doubtful', suggestion: null, problems: [] }, 'Told doubts the address: it may not be deliverable'],
    [
      'is doubted though it would be written the same',
      { verdict: 'doubtful', suggestion: { ...OURS, city: 'LEIPZIG' }, problems: ['a flat is missing'] },
      'doubts the address: a flat is missing',
    ],
  ])('and that %s holds the order for a person, before any price is asked', async (_what, verdict, reason) => {
    const { hub, post, van } = await openAgency(CHECKED);
    post.verdict = () => verdict;

    await choose(hub, { id: '1' });

    expect(await becameOf(hub, '1')).toMatchObject({ status: 'refused', holds: [{ kind: 'address', reason: expect.stringContaining(reason), release: 'service' }] });
    expect([...post.quoted, ...van.quoted]).toEqual([]);
  });

  test('is shown beside what the carrier would write', async () => {
    const { hub, post } = await openAgency(CHECKED);
    post.verdict = () => ({ verdict: 'corrected', suggestion: { ...OURS, city: 'Lübeck' }, problems: [] });

    await choose(hub, { id: '1' });

    expect(await readAddressProof(hub.table, { orderId: idOf('1'), parcel: 1 })).toMatchObject({
      ours: { city: 'Leipzig' },
      printed: { city: 'Lübeck' },
      differences: [{ field: 'city', ours: 'Leipzig', theirs: 'Lübeck' }],
    });
  });

  test('is taken as it is once a person has released it, and not looked at again', async () => {
    const { hub, post } = await openAgency(CHECKED);
    post.verdict = () => ({ verdict: 'doubtful', suggestion: null, problems: ['no such number'] });
    await choose(hub, { id: '1' });

    expect(await releaseHold({ orderId: idOf('1'), kind: 'address', reason: 'the customer says so' }, hub, serviceDesk(hub))).toMatchObject({ kind: 'answer' });
    await chooseAgain(hub, '1');

    expect(post.checked).toHaveLength(1);
    expect(await becameOf(hub, '1')).toMatchObject({ status: 'packed', carrierId: 'post', holds: [] });
  });

  test.each<[string, (agency: Agency) => Promise<void> | void]>([
    ['does not answer', ({ post }) => saying(post, 'verdict', new Unavailable('http.timeout', 'no answer'))],
    ['refuses to say', ({ post }) => saying(post, 'verdict', new Rejected('carrier.refused', 'forbidden'))],
    ['is left alone', leftAlone],
  ])('of a carrier that %s goes on unchecked', async (_what, spoil) => {
    const agency = await openAgency(CHECKED);
    await spoil(agency);

    await choose(agency.hub, { id: '1' });

    expect(await becameOf(agency.hub, '1')).toMatchObject({ status: 'packed', holds: [] });
  });

  test('is looked at only where the client says', async () => {
    const { hub, post } = await openAgency({ shipping: { addressCheck: { carrier: 'post', to: ['US', 'AT'] } } });

    await choose(hub, { id: '1' });

    expect(post.checked).toEqual([]);
  });
});

function fails(error: Error): () => never {
  return () => {
    throw error;
  };
}

function saying(carrier: ToldCarrier, what: 'verdict' | 'rates', error: Error): void {
  carrier[what] = fails(error);
}

async function leftAlone({ hub }: Agency): Promise<void> {
  await writeBreaker(hub.table, 'post', openUntil(hub, 60), 0);
}

function openUntil(hub: TestHub, seconds: number) {
  return { failures: 5, failingSince: hub.now().getTime(), openUntil: hub.now().getTime() + seconds * 1000, opened: 1 };
}

const ABROAD = { name: recipientOf('1'), line1: '4 Sample Road', city: 'London', postalCode: 'N1 9GU', country: 'GB' };

describe('a parcel that passes customs', () => {
  test('is held where a product says too little, naming the product and what is missing', async () => {
    const { hub, post } = await openAgency();

    await choose(hub, { id: '1', shipTo: ABROAD });

    expect(await becameOf(hub, '1')).toMatchObject({
      status: 'refused',
      holds: [
        { kind: 'client', reason: expect.stringContaining('customs want to know more: TENT has no HS code, no country of origin; add it to the products in the client file') },
      ],
    });
    expect(post.quoted).toEqual([]);
  });

  test('is priced with what customs are told', async () => {
    const customs = { hsCode: '630622', origin: 'PT', description: 'Camping tent' };
    const { hub, post } = await openAgency({ products: [{ sku: 'TENT', name: 'Tent', weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 }, customs }] });

    await choose(hub, { id: '1', shipTo: ABROAD });

    expect(await becameOf(hub, '1')).toMatchObject({ status: 'packed', carrierId: 'post' });
    expect(only(post.quoted[0]).customs).toMatchObject({
      contents: 'merchandise',
      currency: 'EUR',
      items: [{ sku: 'TENT', quantity: 1, value: 1_000, hsCode: '630622', origin: 'PT' }],
    });
  });
});

describe('where carriers', () => {
  test('all answer, the cheapest is chosen, and why is kept', async () => {
    const { hub, post, van } = await openAgency();

    await choose(hub, { id: '1' });

    expect(await becameOf(hub, '1')).toEqual({ status: 'packed', carrierId: 'post', service: 'Post Slow', holds: [] });
    const kept = await readSelection(hub.table, { orderId: idOf('1'), parcel: 1 });
    expect(kept).toMatchObject({ reason: 'the cheapest of 3 that may be bought', chosen: { carrierId: 'post', source: 'quote', rate: { cost: 400 } } });
    expect(new Set([...post.quoted, ...van.quoted].map(({ reference }) => reference)).size, 'each has a reference of its own').toBe(2);
  });

  test('offer nothing, the order is held with what each of them says', async () => {
    const { hub, post, van } = await openAgency();
    post.rates = fails(new Rejected('carrier.refused', 'too heavy'));
    van.rates = fails(new Rejected('carrier.refused', 'not on Fridays'));

    await choose(hub, { id: '1' });

    expect(await becameOf(hub, '1')).toMatchObject({
      status: 'refused',
      holds: [{ kind: 'operator', reason: 'no label can be bought: no carrier offers a service: post too heavy; van not on Fridays', release: 'manager' }],
    });
  });

  test.each<[string, (agency: Agency) => Promise<void> | void, string]>([
    ['does not answer in time', ({ post }) => saying(post, 'rates', new Unavailable('http.timeout', 'no answer')), 'failed'],
    ['is left alone', leftAlone, 'down'],
    ['takes no such parcel', ({ post }) => saying(post, 'rates', new Rejected('carrier.refused', 'too heavy')), 'refused'],
  ])('are two and one of them %s, the other is chosen', async (_what, spoil, outcome) => {
    const agency = await openAgency();
    await spoil(agency);

    await choose(agency.hub, { id: '1' });

    expect(await becameOf(agency.hub, '1')).toEqual({ status: 'packed', carrierId: 'van', service: 'Van Parcel', holds: [] });
    const kept = await readSelection(agency.hub.table, { orderId: idOf('1'), parcel: 1 });
    expect(kept?.asked.map((one) => [one.carrierId, one.outcome])).toEqual([
      ['post', outcome],
      ['van', 'offered'],
    ]);
  });

  test('are silent, a price of the client file is reckoned with', async () => {
    const { hub, post } = await openAgency({ shipping: { tariff: [{ carrier: 'post', service: 'Post Slow', cost: 450, days: 4 }] } });
    post.rates = fails(new Unavailable('http.timeout', 'no answer'));

    await choose(hub, { id: '1' });

    expect(await readSelection(hub.table, { orderId: idOf('1'), parcel: 1 })).toMatchObject({ chosen: { carrierId: 'post', source: 'tariff', rate: { cost: 450 } } });
  });

  test('are all down, the parcel comes again, nobody is asked and nothing is held', async () => {
    const { hub, post, van } = await openAgency();
    for (const id of ['post', 'van']) await writeBreaker(hub.table, id, openUntil(hub, 60), 0);

    await expect(choose(hub, { id: '1' })).rejects.toMatchObject({ code: 'shipment.no-carrier-answers', retryAfterSeconds: 30, message: expect.stringContaining('post, van') });

    expect([...post.quoted, ...van.quoted]).toEqual([]);
    expect(await becameOf(hub, '1')).toMatchObject({ status: 'packed', holds: [] });
    hub.pass(60);
    await chooseAgain(hub, '1');
    expect(await becameOf(hub, '1')).toMatchObject({ carrierId: 'post', service: 'Post Slow' });
  });

  test('are one that refuses and one that is silent, the silent one is asked again before anybody is bothered', async () => {
    const { hub, post, van } = await openAgency();
    post.rates = fails(new Rejected('carrier.refused', 'too heavy'));
    van.rates = fails(new Unavailable('http.timeout', 'no answer'));

    await expect(choose(hub, { id: '1' })).rejects.toMatchObject({ code: 'shipment.no-carrier-answers' });

    expect(await becameOf(hub, '1')).toMatchObject({ status: 'packed', holds: [] });
  });

  test('take parcels in other countries only, they are not asked for prices', async () => {
    const { hub, post } = await openAgency({}, { origins: ['US', 'CA'] });

    await choose(hub, { id: '1' });

    expect(post.quoted).toEqual([]);
    const kept = await readSelection(hub.table, { orderId: idOf('1'), parcel: 1 });
    expect(kept?.asked[0]).toMatchObject({ carrierId: 'post', outcome: 'refused', reason: 'takes no parcels in DE' });
    expect(kept?.chosen).toMatchObject({ carrierId: 'van' });
  });

  test('have a fault of ours in them, it is not taken for theirs', async () => {
    const { hub, post } = await openAgency();
    post.rates = fails(new TypeError('undefined is not a function'));

    await expect(choose(hub, { id: '1' })).rejects.toThrow(TypeError);
  });
});

describe('dangerous goods', () => {
  const products = ['TENT', 'LAMP'].map((sku) => ({ sku, name: sku, weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 }, hazardous: sku === 'LAMP' }));

  test('go by no service where the client names none for them', async () => {
    const { hub, post, van } = await openAgency({ products });

    await choose(hub, { id: '1', units: { TENT: 1, LAMP: 1 } });

    expect(await becameOf(hub, '1')).toMatchObject({
      status: 'refused',
      holds: [{ kind: 'operator', reason: expect.stringContaining('no rule has a service of it for this parcel') }],
    });
    expect([...post.quoted, ...van.quoted]).toEqual([]);
  });

  test('go by the service that is named for them, though it is dearer, and its carrier is told', async () => {
    const services = [{ carrier: 'post' }, { carrier: 'van', services: ['Van Parcel'], hazardous: true }];
    const { hub, post, van } = await openAgency({ products, shipping: { services } });

    await choose(hub, { id: '1', units: { LAMP: 1 } });
    await choose(hub, { id: '2' });

    expect(await becameOf(hub, '1')).toMatchObject({ carrierId: 'van', service: 'Van Parcel', holds: [] });
    expect(only(van.quoted[0])).toMatchObject({ hazardous: true });
    expect(await becameOf(hub, '2')).toMatchObject({ carrierId: 'post' });
    expect(only(post.quoted[0])).toMatchObject({ hazardous: false });
  });
});

describe('no service is chosen', () => {
  test('while the order is held, and one is when the hold is released', async () => {
    const { hub, van } = await openAgency({ shipping: { services: [{ carrier: 'van' }] } });
    van.rates = fails(new Rejected('carrier.refused', 'closed'));
    await choose(hub, { id: '1' });
    van.rates = () => [rateOf('Van Parcel', 600)];

    await selectService({ ...eventOf('parcel.refused', await parcelOf(hub, '1')), type: 'parcel.packed' }, reachingFor(hub));
    expect(await becameOf(hub, '1')).toMatchObject({ status: 'refused' });
    await releaseHold({ orderId: idOf('1'), kind: 'operator', reason: 'they are open again' }, hub, manager(hub));
    await chooseAgain(hub, '1');

    expect(await becameOf(hub, '1')).toMatchObject({ status: 'packed', carrierId: 'van', holds: [] });
  });

  test('for a parcel that was called back', async () => {
    const { hub, post } = await openAgency();
    await choose(hub, { id: '1' });
    const event = eventOf('parcel.assigned', await parcelOf(hub, '1'));
    await writeParcel(hub.table, recallParcel(await parcelOf(hub, '1'), 'not wanted', manager(hub)));

    await selectService(event, reachingFor(hub));

    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'recalled' });
    expect(post.quoted).toHaveLength(1);
  });

  test('for a parcel whose purchase is under way: it goes on where it was begun, whatever costs less by now', async () => {
    const { hub, post, van } = await openAgency();
    await choose(hub, { id: '1' });
    post.purchases.push({ sells: true, outcome: 'unknown', reason: 'timed out' });
    await expect(buyLabel(eventOf('parcel.assigned', await parcelOf(hub, '1')), reachingFor(hub))).rejects.toMatchObject({ code: 'shipment.outcome-unknown' });
    van.rates = () => [rateOf('Van Parcel', 1)];
    const before = await parcelOf(hub, '1');

    await selectService({ ...eventOf('parcel.assigned', before), type: 'parcel.packed' }, reachingFor(hub));

    const after = await readParcel(hub.table, before);
    expect(after).toMatchObject({ carrierId: 'post', service: 'Post Slow', version: before.version + 1, change: { type: 'parcel.assigned' } });
    expect(van.quoted).toHaveLength(1);
    hub.pass(2);
    await buyLabel(eventOf('parcel.assigned', after), reachingFor(hub));
    expect(post.sold).toHaveLength(1);
    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'labelled' });
  });
});
