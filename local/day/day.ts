import type { Client } from '../../core/client.ts';
import { dayOf } from '../../core/day.ts';
import { ENV, type EnvName } from '../../functions/shell/env.ts';
import type { Cloud } from '../cloud/cloud.ts';
import type { Posting } from '../simulators/outbox.ts';
import type { Vendors } from '../simulators/vendors.ts';
import { type BadInput, badInputs } from './bad-input.ts';
import type { Check, Evidence } from './checks/check.ts';
import { leaves, orderChecks } from './checks/orders.ts';
import { parcelChecks } from './checks/parcels.ts';
import { stockChecks } from './checks/stock.ts';
import { storefrontChecks } from './checks/storefronts.ts';
import { tellingChecks } from './checks/telling.ts';
import { STATUS_AT_END } from './courses.ts';
import type { Deed, Diary, Seen } from './diary.ts';
import { type Example, examplesOf } from './examples.ts';
import { type Figures, figuresOf } from './figures.ts';
import { Observer, openClients } from './observer.ts';
import { Outage } from './outage.ts';
import { placeOf } from './places.ts';
import type { Plan, PlannedOrder } from './plan.ts';
import { openingTasks, reactTo, supplyAfter } from './reactions.ts';
import { sendOnce } from './send-bad-input.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';
import { Staff } from './staff.ts';
import type { Storefront } from './stage.ts';
import { Standing } from './standing.ts';
import { Upkeep } from './upkeep.ts';

/** What a day is played with. */
export interface DayOptions {
  readonly cloud: Cloud;
  readonly vendors: Vendors;
  readonly plan: Plan;
  readonly diary: Diary;
  readonly client: Client;
  readonly storefronts: readonly Storefront[];
  readonly carrier: string;
  readonly dataFolder: string;
  /** Milliseconds after which a day that has not ended has failed. */
  readonly limitMs: number;
  readonly onProgress: (progress: Progress) => void;
}

/** How far the day is. */
export interface Progress {
  readonly phase: string;
  readonly orders: number;
  readonly webhooksSent: number;
  readonly webhooks: number;
  /** Webhooks that were never sent. */
  readonly lost: number;
  readonly accepted: number;
  readonly held: number;
  readonly backordered: number;
  /** Parcels that the day must come to, and those of them that reached each milestone. */
  readonly parcels: number;
  readonly labelled: number;
  readonly dispatched: number;
  readonly delivered: number;
  /** Orders that have come to their end. */
  readonly done: number;
  readonly customerNotices: number;
  readonly plantAlerts: number;
  readonly seconds: number;
}

/** What came of a day. */
export interface DayResult {
  readonly checks: readonly Check[];
  readonly figures: Figures;
  readonly snapshot: Snapshot;
  /** What the supply managers were sent, with links. */
  readonly announcements: readonly string[];
  readonly examples: readonly Example[];
}

/** The event types the day must hear of to act and to show how far it is. */
const HEARD = [
  'order.accepted',
  'order.held',
  'order.released',
  'order.readdressed',
  'order.backordered',
  'order.allocated',
  'order.authorised',
  'order.cancelled',
  'order.closed',
  'order.packed',
  'order.dispatched',
  'order.delivered',
  'order.returned',
  'parcel.labelled',
  'parcel.manifested',
  'parcel.unpacked',
  'parcel.dispatched',
  'parcel.delivered',
];
/** The carrier that breaks down for a part of the day. */
const FAILING = 'fedex';
const TICK_MS = 250;
const MORNING_SHARE = 0.8;
/** Construct path of the schedule, or the part of it that names it. */
const DAILY_REPORT = 'Report/Daily';
const NIGHTLY = ['Shipment/Reconcile', 'Shipment/Score'];

/** Plays a day of trade through a running cloud, or goes on with one that was cut off, and checks what came of it. */
export async function playDay(options: DayOptions): Promise<DayResult> {
  const day = new Day(options);
  try {
    await day.open();
    await day.trade();
    await day.report();
    return await day.close();
  } finally {
    await day.stop();
  }
}

class Day {
  readonly #options: DayOptions;
  readonly #clients;
  readonly #standing: Standing;
  readonly #upkeep: Upkeep;
  readonly #outage: Outage;
  readonly #manager: Staff;
  readonly #plants: Staff;
  readonly #warehouse: Staff;
  readonly #observers: readonly Observer[];
  readonly #started = performance.now();
  readonly #restarts: number;
  #counts = { customers: 0, plants: 0, reports: 0 };
  #badInputs: readonly BadInput[] = [];

  constructor(options: DayOptions) {
    const { cloud, diary, plan, vendors, storefronts } = options;
    this.#options = options;
    const polled = storefronts.filter(({ polls }) => polls).map(({ id }) => id);
    this.#upkeep = new Upkeep({ cloud, diary, vendors, gaps: plan.gaps, polled, client: options.client });
    this.#outage = new Outage({ vendors, diary, carrierId: FAILING, labels: plan.orders.filter(leaves).length });
    this.#restarts = diary.tally('starts') - 1;
    this.#clients = openClients(cloud);
    this.#manager = new Staff(cloud, diary, 'mara.manager', ['hub/orders.read', 'hub/orders.write', 'hub/orders.authorise']);
    this.#plants = new Staff(cloud, diary, 'plants', ['hub/stock.write']);
    this.#warehouse = new Staff(cloud, diary, 'wim.warehouse', ['hub/stock.write']);
    this.#standing = new Standing(Math.ceil(plan.orders.length * MORNING_SHARE), reactTo(plan, this.#manager, vendors, this.#clients.table));
    const supply = supplyAfter(this.#plants, this.#standing.afternoon);
    this.#observers = [
      this.#observe('events', ENV.eventsTopic, HEARD, (seen) => this.#standing.hear(seen)),
      this.#observe('customers', ENV.customersTopic, [], () => this.#count('customers')),
      this.#observe('plants', ENV.plantsTopic, [], (seen) => {
        this.#count('plants');
        supply(seen);
      }),
      this.#observe('reports', ENV.reportsTopic, [], () => this.#count('reports')),
    ];
  }

  /** Everybody takes their place: the warehouses book what they hold, and the hub subscribes to what the storefronts will post. */
  async open(): Promise<void> {
    const { plan, vendors, cloud, client } = this.#options;
    this.#show('opening');
    this.#outage.start();
    await Promise.all(this.#observers.map((observer) => observer.start()));
    const sold = Object.fromEntries([...client.products, ...client.kits].map(({ sku }) => [sku, 0]));
    for (const [id, shop] of vendors.shops) {
      shop.stock(sold);
      shop.expect(plan.storefrontFaults.filter(({ connectionId }) => connectionId === id));
    }
    for (const carrier of vendors.carriers.values())
      carrier.expect(plan.orders.map(({ recipient, journey, fault }) => ({ recipient, journey, ...(fault !== undefined && { fault }) })));
    for (const task of openingTasks(plan)) this.#warehouse.take([task]);
    await this.#until('the warehouses book their opening stock', async () => this.#warehouse.busy === 0);
    vendors.connect(cloud.apiUrl, happening(plan, vendors, this.#upkeep));
    await this.#upkeep.check();
    await this.#upkeep.subscribe();
    vendors.outbox.add(plan.postings);
  }

  /** Until every order has come to its end and nothing is left to do, also when all orders have been read once more. */
  async trade(): Promise<void> {
    await this.#sendBadInput();
    await this.#until('every order comes to its end', () => this.#tradeOn());
    this.#upkeep.readAll();
    await this.#until('a last reading changes nothing', () => this.#tradeOn());
  }

  /** @returns whether the day is over */
  async #tradeOn(): Promise<boolean> {
    this.#show('trading');
    await this.#upkeep.mend();
    if (!this.#isOver()) {
      this.#upkeep.readOn();
      this.#upkeep.collect();
      return false;
    }
    return !this.#upkeep.reading && (await this.#isQuiet());
  }

  /** The schedule fires for every local day that the day of trade touched. */
  async report(): Promise<void> {
    const { cloud, client, diary } = this.#options;
    this.#show('reporting');
    const ended = Date.parse(diary.remember('endedAt', new Date().toISOString()));
    const days = new Map([Number(diary.remember('startAt', String(Date.now()))), ended].map((at) => [dayOf(new Date(at + 86_400_000), client.timeZone).day, at + 86_400_000]));
    for (const night of NIGHTLY) await cloud.runSchedule(night, new Date(ended));
    for (const at of days.values()) await cloud.runSchedule(DAILY_REPORT, new Date(at));
    await this.#until('the supply managers are told of the report', async () => this.#counts.reports >= days.size && (await this.#isQuiet()));
  }

  /** Looks at everything and checks it. */
  async close(): Promise<DayResult> {
    const { cloud, client, plan, vendors, storefronts, diary, dataFolder } = this.#options;
    this.#show('checking');
    const snapshot = await takeSnapshot(cloud, this.#clients, dataFolder);
    const seen = { events: diary.seen('events'), customers: diary.seen('customers'), plants: diary.seen('plants'), reports: diary.seen('reports') };
    const sent = this.#badInputs.map((input) => ({ input, deed: diary.deed(`bad/${input.name}`) }));
    const mended = new Map(storefronts.map(({ id }) => [id, this.#upkeep.mended(id)]));
    const evidence: Evidence = {
      client,
      plan,
      vendors,
      storefronts,
      mended,
      snapshot,
      seen,
      badInputs: sent,
      refusedDeeds: this.#refusedDeeds(),
      restarts: this.#restarts,
      outage: { carrierId: FAILING, begin: this.#outage.begin, end: this.#outage.end },
    };
    const checks = [...orderChecks(evidence), ...storefrontChecks(evidence), ...stockChecks(evidence), ...parcelChecks(evidence), ...tellingChecks(evidence)];
    this.#show('done');
    const figures = figuresOf(evidence, Math.round((performance.now() - this.#started) / 100) / 10);
    return { checks, snapshot, figures, announcements: seen.reports.map(({ body }) => textOf(body)), examples: examplesOf(snapshot) };
  }

  async stop(): Promise<void> {
    this.#outage.stop();
    await Promise.all([this.#manager.stop(), this.#plants.stop(), this.#warehouse.stop(), ...this.#observers.map((observer) => observer.stop())]);
    this.#clients.sqs.destroy();
    this.#clients.sns.destroy();
    this.#clients.table.client.destroy();
  }

  #observe(topic: string, variable: EnvName, types: readonly string[], onSeen: (seen: Seen) => void | Promise<void>): Observer {
    const topicArn = placeOf(this.#options.cloud, variable);
    return new Observer(this.#clients, this.#options.diary, { topic, topicArn, types }, onSeen);
  }

  #count(what: 'customers' | 'plants' | 'reports'): void {
    this.#counts = { ...this.#counts, [what]: this.#counts[what] + 1 };
  }

  async #sendBadInput(): Promise<void> {
    const { cloud, plan, vendors, diary, storefronts, carrier } = this.#options;
    const now = new Date();
    const token = (scopes: readonly string[]) => cloud.issuer.token({ user: 'nobody.new', scopes });
    const tokens = { reader: await token(['hub/orders.read']), stock: await token(['hub/stock.write']) };
    this.#badInputs = badInputs({ storefronts, carrier, vendors, plan, now, tokens });
    await Promise.all(this.#badInputs.map((input) => sendOnce(input, cloud, diary)));
  }

  #isOver(): boolean {
    const { waiting, due } = this.#options.vendors.outbox.counts();
    return waiting === 0 && due === 0 && this.#manager.busy === 0 && this.#plants.busy === 0 && this.#unfinished().length === 0;
  }

  /** Quiet twice in a row: between a queue and a function a message is in neither for a moment. */
  async #isQuiet(): Promise<boolean> {
    for (let look = 0; look < 2; look++) {
      if (look > 0) await wait(TICK_MS);
      const idle = await Promise.all([this.#options.cloud.quiet(), ...this.#observers.map((observer) => observer.idle())]);
      if (!idle.every(Boolean) || this.#manager.busy > 0 || this.#plants.busy > 0) return false;
    }
    return true;
  }

  #unfinished(): PlannedOrder[] {
    return this.#options.plan.orders.filter((order) => !isFinished(order, this.#standing));
  }

  async #until(what: string, done: () => Promise<boolean>): Promise<void> {
    while (!(await done())) {
      if (performance.now() - this.#started > this.#options.limitMs)
        throw new Error(`The day took longer than ${Math.round(this.#options.limitMs / 1000)} s while waiting until ${what}.\n${await this.#whatIsOpen()}`);
      await wait(TICK_MS);
    }
  }

  async #whatIsOpen(): Promise<string> {
    const { vendors, cloud } = this.#options;
    const orders = this.#unfinished().map(
      (order) =>
        `${order.orderId} (${order.course.name}): ${this.#standing.orders.get(order.orderId)?.status ?? 'never seen'} ${this.#standing.orders.get(order.orderId)?.holds.join(',') ?? ''}`,
    );
    const postings = vendors.outbox.open().map(({ id, status, attempts }) => `webhook ${id}: status ${status} after ${attempts} attempts`);
    const queues = (await cloud.queueDepths())
      .filter(({ waiting, inFlight }) => waiting + inFlight > 0)
      .map(({ queue, waiting, inFlight }) => `queue ${queue}: ${waiting} waiting, ${inFlight} in flight`);
    const people = this.#manager.busy + this.#plants.busy === 0 ? [] : [`people and plants have ${this.#manager.busy + this.#plants.busy} tasks under way`];
    return [...orders, ...postings, ...queues, ...people]
      .slice(0, 25)
      .map((line) => `  ${line}`)
      .join('\n');
  }

  #refusedDeeds(): Deed[] {
    const deeds = ['opening/', 'supply/', 'look/', 'correct-address/', 'release-', 'authorise/'].flatMap((prefix) => this.#options.diary.deeds(prefix));
    return deeds.filter(({ status }) => status < 200 || status >= 300);
  }

  #show(phase: string): void {
    const { plan, vendors, onProgress } = this.#options;
    const standing = this.#standing;
    const outbox = vendors.outbox.counts();
    onProgress({
      phase,
      orders: plan.orders.length,
      webhooksSent: outbox.acknowledged,
      webhooks: outbox.acknowledged + outbox.due + outbox.waiting,
      lost: outbox.lost,
      accepted: standing.orders.size,
      held: standing.ordersAt('held'),
      backordered: standing.ordersAt('backordered'),
      parcels: Math.max(plan.orders.filter(leaves).length, standing.parcelsThat('parcel.labelled')),
      labelled: standing.parcelsThat('parcel.labelled'),
      dispatched: standing.parcelsThat('parcel.dispatched'),
      delivered: standing.parcelsThat('parcel.delivered'),
      done: plan.orders.filter((order) => isFinished(order, standing)).length,
      customerNotices: this.#counts.customers,
      plantAlerts: this.#counts.plants,
      seconds: (performance.now() - this.#started) / 1000,
    });
  }
}

/** Whether an order has come to the end that was planned, as far as the events tell. */
function isFinished(order: PlannedOrder, standing: Standing): boolean {
  const stands = standing.orders.get(order.orderId);
  if (stands?.status !== STATUS_AT_END[order.ending]) return false;
  if (order.ending === 'called-back') return standing.parcels.get('parcel.unpacked')?.has(`${order.orderId}/1`) === true;
  return order.ending !== 'intercepted' || stands.holds.includes('address');
}

/** What happens at a storefront when it is about to post: the order comes to its version there, and it may be the end of its subscriptions. */
function happening(plan: Plan, { shops }: Pick<Vendors, 'shops'>, upkeep: Upkeep): (posting: Posting) => void {
  const orders = new Map(plan.orders.map((order) => [order.orderId, order]));
  const postings = new Map(plan.postings.map((posting) => [posting.id, posting]));
  return ({ id }) => {
    const posting = postings.get(id);
    const order = orders.get(posting?.orderId ?? '');
    const version = order?.versions[(posting?.version ?? 0) - 1];
    if (posting === undefined || order === undefined || version === undefined) return;
    shops.get(posting.sender)?.place(order.sold, version);
    upkeep.happens(posting);
  };
}

function textOf(body: string): string {
  const { text }: { text: string } = JSON.parse(body);
  return text;
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
