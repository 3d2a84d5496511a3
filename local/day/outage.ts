import type { Vendors } from '../simulators/vendors.ts';
import type { Diary } from './diary.ts';

/** Share of the day's labels at which a carrier breaks down, and the share that others sell meanwhile: an hour of a day of trade. */
const BEGINS = 0.25;
const LASTS = 0.35;
/** However late it began, it is over when this share is sold: what waits for that carrier has to be sold too. */
const LATEST = 0.9;
/** Often enough to see almost every label that is sold. */
const LOOK_MS = 100;

/** What an outage is played with. */
export interface OutageOptions {
  readonly vendors: Pick<Vendors, 'carriers'>;
  readonly diary: Diary;
  /** Connection of the carrier that breaks down. */
  readonly carrierId: string;
  /** Labels that the day comes to. */
  readonly labels: number;
}

/** One of the carriers answers nothing but errors for a part of the day. */
export class Outage {
  readonly #options: OutageOptions;
  #looking: NodeJS.Timeout | undefined;

  constructor(options: OutageOptions) {
    this.#options = options;
    // A day that was cut off while it was down goes on with it down.
    this.#breakDown(this.begin !== undefined && this.end === undefined);
  }

  /** UTC instants; undefined before. */
  get begin(): string | undefined {
    return this.#options.diary.fact('outage/began');
  }

  get end(): string | undefined {
    return this.#options.diary.fact('outage/ended');
  }

  /** Looks again and again from now on: a hub that goes on after a restart sells at once, whatever else the day is busy with. */
  start(): void {
    this.#looking ??= setInterval(() => this.watch(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  /** Looks whether it is time, by what carriers have sold: what the hub tells of that comes later, and after a restart all at once. */
  watch(): void {
    if (this.end !== undefined) return;
    const { diary, labels, carrierId } = this.#options;
    const own = this.#soldBy((id) => id === carrierId);
    const others = this.#soldBy((id) => id !== carrierId);
    if (this.begin !== undefined) {
      if (others >= Number(diary.fact('outage/until'))) this.over();
    } else if (own + others >= labels * BEGINS) {
      this.#breakDown(true);
      const meanwhile = Math.min(labels * LASTS, labels * LATEST - own - others);
      diary.note('outage/until', String(others + Math.max(1, Math.ceil(meanwhile))));
      diary.note('outage/began', new Date().toISOString());
    }
  }

  #soldBy(isAsked: (connectionId: string) => boolean): number {
    return [...this.#options.vendors.carriers].reduce((sum, [id, carrier]) => sum + (isAsked(id) ? carrier.charges().length : 0), 0);
  }

  /** It is up again, whatever was bought. */
  over(): void {
    if (this.end !== undefined) return;
    // First the note: what is sold from now on is sold after the end, also when we are cut off here.
    this.#options.diary.note('outage/ended', new Date().toISOString());
    this.#breakDown(false);
  }

  #breakDown(isDown: boolean): void {
    this.#options.vendors.carriers.get(this.#options.carrierId)?.breakDown(isDown);
  }
}
