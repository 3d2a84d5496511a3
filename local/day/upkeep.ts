import { departureOf, zoneOf } from '../../core/calendar.ts';
import type { Client } from '../../core/client.ts';
import { instantAt } from '../../core/day.ts';
import type { Cloud } from '../cloud/cloud.ts';
import type { Posting } from '../simulators/outbox.ts';
import type { Vendors } from '../simulators/vendors.ts';
import type { Diary } from './diary.ts';
import type { Gap } from './postings.ts';

/** Construct paths of schedules, or the parts of them that name them. */
const CHECK = 'Storefront/Check';
const RENEW = 'Tracking/Renew';
const endOf = (warehouse: string) => `HandOver/End-${warehouse}-`;
/** Milliseconds between two collections of what is labelled: drivers come often in a day that is over in minutes. */
const COLLECT_EVERY_MS = 4_000;
const pollOf = (connectionId: string) => `Storefront/Poll-${connectionId}`;
/** Milliseconds between two readings of a storefront, or longer where one takes long: storefronts count our calls. */
const READ_EVERY_MS = 4_000;
const REST_SHARE = 1.5;
/** The name of the closings among what is under way. */
const COLLECTING = 'collecting';
const HOUR_MS = 3_600_000;

/** What looking after storefronts takes. */
export interface UpkeepOptions {
  readonly cloud: Pick<Cloud, 'runSchedule'>;
  readonly vendors: Pick<Vendors, 'outbox' | 'shops'>;
  readonly diary: Diary;
  readonly gaps: readonly Gap[];
  /** Connections whose orders can be read. */
  readonly polled: readonly string[];
  readonly client: Client;
}

/** The hub's schedules for storefronts, run by the day's own clock: the check of their subscriptions, and the readings of their orders. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #began: ReadonlyMap<string, Gap>;
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #restsUntil = new Map<string, number>();
  #failure: unknown;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#began = new Map(options.gaps.map((gap) => [gap.begins, gap]));
  }

  /** Runs the check of all storefronts, and counts the topics that are posted again. */
  async check(): Promise<void> {
    const { cloud, vendors, diary } = this.#options;
    const before = new Map([...vendors.shops].map(([id, shop]) => [id, new Set(shop.subscribed())]));
    await cloud.runSchedule(CHECK, new Date());
    for (const [id, shop] of vendors.shops) {
      const gained = shop.subscribed().filter((topic) => before.get(id)?.has(topic) !== true).length;
      const isFirst = diary.fact(`mended/${id}`) === undefined;
      diary.note(`mended/${id}`, String(isFirst ? 0 : this.mended(id) + gained));
    }
  }

  /** Sees to it that carriers post what they see of parcels. */
  async subscribe(): Promise<void> {
    await this.#options.cloud.runSchedule(RENEW, new Date());
  }

  /** Topics of a storefront that were posted again after it had ended them. */
  mended(connectionId: string): number {
    return Number(this.#options.diary.fact(`mended/${connectionId}`) ?? 0);
  }

  /** A storefront is about to post: it may be the moment when it ends its subscriptions. */
  happens({ id }: Pick<Posting, 'id'>): void {
    const gap = this.#began.get(id);
    if (gap !== undefined) this.#options.vendors.shops.get(gap.connectionId)?.unsubscribe();
  }

  /** Once all that had to go missing has, has the subscriptions mended, and lets what waited for that go. */
  async mend(): Promise<void> {
    const { vendors, diary, gaps } = this.#options;
    if (diary.fact('gaps') === 'over') return;
    const past = vendors.outbox.acknowledged().union(vendors.outbox.lost());
    if (!gaps.every(({ during }) => during.every((id) => past.has(id)))) return;
    await this.check();
    vendors.outbox.release(
      gaps.flatMap(({ after }) => after),
      Date.now(),
    );
    diary.note('gaps', 'over');
  }

  /** Has the carriers' day closed in every warehouse, as at its cut-off: what is labelled goes on manifests, and leaves. @throws what a closing failed with */
  collect(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#underWay.has(COLLECTING) || (this.#restsUntil.get(COLLECTING) ?? 0) > performance.now()) return;
    this.#underWay.set(COLLECTING, this.#endDays());
  }

  async #endDays(): Promise<void> {
    const { cloud, client } = this.#options;
    const now = new Date();
    try {
      for (const warehouse of client.warehouses) {
        const zone = zoneOf(warehouse, client);
        const { day } = departureOf(warehouse, zone, now);
        // Each closing of a day has a moment of its own; a repeat of one would be the same closing.
        const noon = Date.parse(instantAt(zone, day, '12:00'));
        await cloud.runSchedule(endOf(warehouse.id), new Date(noon + (now.getTime() % HOUR_MS)));
      }
    } catch (cause) {
      this.#failure = cause;
    }
    this.#restsUntil.set(COLLECTING, performance.now() + COLLECT_EVERY_MS);
    this.#underWay.delete(COLLECTING);
  }

  /** Reads the orders of every storefront that is not being read and was not just read. @throws what a reading failed with */
  readOn(): void {
    const now = performance.now();
    this.#begin(this.#options.polled.filter((id) => (this.#restsUntil.get(id) ?? 0) <= now));
  }

  /** Reads the orders of every storefront that is not being read. @throws what a reading failed with */
  readAll(): void {
    this.#begin(this.#options.polled);
  }

  /** Whether a storefront is being read. @throws what a reading failed with */
  get reading(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#underWay.size > 0;
  }

  #begin(ids: readonly string[]): void {
    if (this.#failure !== undefined) throw this.#failure;
    for (const id of ids) if (!this.#underWay.has(id)) this.#underWay.set(id, this.#read(id));
  }

  async #read(id: string): Promise<void> {
    const began = performance.now();
    try {
      await this.#options.cloud.runSchedule(pollOf(id), new Date());
    } catch (cause) {
      this.#failure = cause;
    }
    const ended = performance.now();
    this.#restsUntil.set(id, ended + Math.max(READ_EVERY_MS, (ended - began) * REST_SHARE));
    this.#underWay.delete(id);
  }
}
