import type { Table } from '../../adapters/aws/table.ts';
import type { AddressVerdict, BoughtLabel, Carrier, CarrierCapabilities, Found, ListedLabel, Purchased, Shipment, Voided } from '../../adapters/carrier.ts';
import type { Buyer } from '../../adapters/purchase.ts';
import type { Rate } from '../../core/shipment.ts';
import { base } from './dock-base.ts';
import { memoryBucket } from './memory-bucket.ts';
import { elsewhere, type TestHub } from './world.ts';

/** A label that it sold. */
export interface Sold {
  readonly reference: string;
  readonly trackingNumber: string;
  readonly cost: number;
  readonly boughtAt: string;
  voided: boolean;
}

/** A price as carriers tell it. */
export function rateOf(service: string, cost: number, deliveryDays: number | null = 2): Rate {
  const [carrier = '', ...rest] = service.split(' ');
  return { rateId: `rate-${service}`, carrier, service: rest.join(' '), cost, currency: 'EUR', deliveryDays };
}

/** A carrier that does as a test tells it, and remembers what it was asked. Whatever is a function may throw. */
export class ToldCarrier {
  readonly quoted: Shipment[] = [];
  readonly sold: Sold[] = [];
  /** References of the labels that it was asked to take back, in order. */
  readonly voids: string[] = [];
  /** References that it was asked to look up, in order. */
  readonly lookUps: string[] = [];
  readonly checked: string[] = [];
  /** What it answers to a question for prices. */
  rates: () => readonly Rate[] = () => [rateOf('Told Parcel', 500)];
  /** What it answers to a purchase; it sells where nothing else is said. */
  readonly purchases: (Exclude<Purchased, { outcome: 'bought' }> & { readonly sells: boolean })[] = [];
  /** What it answers to requests to take a label back, first one first; then it takes them. */
  readonly voidings: (() => Voided)[] = [];
  /** Whether a look-up shows what it sold. */
  shows = true;
  verdict: () => AddressVerdict = () => ({ verdict: 'ok', suggestion: null, problems: [] });
  /** Labels in its list beside those that it sold here. */
  readonly elsewhere: ListedLabel[] = [];
  /** What its list says otherwise of a label, by reference. */
  readonly listedAs = new Map<string, Partial<ListedLabel>>();
  readonly carrier: Carrier;

  constructor(now: () => Date, capabilities: Partial<CarrierCapabilities> = {}, lists = true) {
    this.carrier = {
      ...base,
      title: 'Told',
      capabilities: () => ({ ...base.capabilities({}), purchaseGuard: 'find-by-reference', canVoid: true, reDownloadLabel: true, needsManifest: false, ...capabilities }),
      quote: async (shipment) => {
        this.quoted.push(shipment);
        return { carrierRef: `ref-${shipment.reference}`, rates: this.rates() };
      },
      draft: ({ reference }) => `buy ${reference}`,
      buy: async ({ reference, rate }) => this.#buy(reference, rate, now()),
      find: async ({ reference }) => this.#find(reference),
      label: async () => Buffer.from('%PDF-1.4'),
      void: async ({ reference }) => this.#void(reference),
      checkAddress: async ({ line1 }) => {
        this.checked.push(line1);
        return this.verdict();
      },
      ...(lists && { list: async (since, cursor) => this.#list(since, cursor) }),
    };
  }

  #buy(reference: string, { cost }: Rate, now: Date): Purchased {
    const { sells = true, ...told } = this.purchases.shift() ?? {};
    if (sells) this.sold.push({ reference, trackingNumber: `T${reference}`, cost, boughtAt: now.toISOString(), voided: false });
    return 'outcome' in told ? told : { outcome: 'bought', label: labelOf(reference, cost) };
  }

  #find(reference: string): Found {
    this.lookUps.push(reference);
    const found = this.sold.find((one) => one.reference === reference && !one.voided);
    return found === undefined || !this.shows ? { outcome: 'absent' } : { outcome: 'bought', label: labelOf(reference, found.cost) };
  }

  #void(reference: string): Voided {
    this.voids.push(reference);
    const answer = this.voidings.shift()?.() ?? { outcome: 'voided' };
    if (answer.outcome === 'voided' || answer.outcome === 'pending') for (const one of this.sold) if (one.reference === reference) one.voided = true;
    return answer;
  }

  /** Two labels on a page, so that readers must turn it. */
  #list(since: string, cursor: string | null): { readonly labels: readonly ListedLabel[]; readonly next: string | null } {
    const all = [...this.sold.map((one) => ({ ...one, carrierRef: `ref-${one.reference}`, currency: 'EUR', ...this.listedAs.get(one.reference) })), ...this.elsewhere];
    const due = all.filter(({ boughtAt }) => boughtAt >= since);
    const from = Number(cursor ?? 0);
    return { labels: due.slice(from, from + 2), next: from + 2 < due.length ? String(from + 2) : null };
  }
}

function labelOf(reference: string, cost: number): BoughtLabel {
  return {
    carrierRef: `ref-${reference}`,
    carrier: 'Told',
    service: 'Parcel',
    trackingNumber: `T${reference}`,
    trackingUrl: '',
    cost,
    currency: 'EUR',
    document: { in: 'answer', bytes: Buffer.from('%PDF-1.4') },
    forms: [],
    address: null,
  };
}

/** What functions that call carriers work with, where carriers need no way out. */
export function reachingFor(hub: TestHub, table: Table = hub.table): Buyer {
  return {
    ...elsewhere(hub, table),
    secrets: { read: async () => undefined },
    http: () => Promise.reject(new Error('a carrier that is told what to do calls nobody')),
    labels: memoryBucket().bucket,
    publicUrl: 'https://hub.example.com',
    wait: async (milliseconds) => hub.pass(milliseconds / 1000),
  };
}

/** The client file's line for such a carrier; its kind is its id. */
export function connected(id: string, more: object = {}): object {
  return { id, kind: id, ...more };
}
