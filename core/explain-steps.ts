import { type Client, productOf } from './client.ts';
import type { Command, Facts, Routes, Shortage, Step, Who } from './explanation.ts';
import type { Hold, Releaser } from './hold.ts';
import { isFinal, isLive, type Order } from './order.ts';
import type { Parcel } from './shipment.ts';

/** What of an order's next steps is known besides the facts. */
interface Scene {
  readonly order: Order;
  readonly client: Client;
  /** The request by which a command about this order is given. */
  command(name: Command, body: readonly string[], parameters?: Readonly<Record<string, string>>): NonNullable<Step['how']>;
}

/** What has to happen next, and by whom; each step once. */
export function stepsFor(order: Order, facts: readonly Facts[], client: Client, routes: Routes): Step[] {
  const scene: Scene = {
    order,
    client,
    command(name, body, parameters = {}) {
      const { method, path } = routes[name];
      const named: Readonly<Record<string, string>> = { orderId: order.orderId, ...parameters };
      return { method, path: path.replace(/\{(\w+)\}/g, (_, key) => named[key] ?? `{${key}}`), body };
    },
  };
  const steps = facts.flatMap((one) => stepsAfter(one, scene));
  return steps.filter((step, index) => steps.findIndex(({ who, does }) => who === step.who && does === step.does) === index);
}

function stepsAfter(facts: Facts, scene: Scene): Step[] {
  switch (facts.about) {
    case 'hold':
      return afterHold(facts.hold, facts.endsByItself, scene);
    case 'shortage':
      return afterShortage(facts, scene);
    case 'authorisation':
      return [{ who: 'a fulfilment manager', does: 'authorise it', how: scene.command('order/authorise-order', ['reason']) }];
    case 'authorised':
      return [packingStep(facts.warehouses, facts.packing, scene)];
    case 'parcel':
      return afterParcel(facts.parcel, scene);
    case 'end':
    case 'clock':
    case 'allocation':
    case 'service':
    case 'no-allocation':
    case 'quantity':
    case 'edits':
    case 'promise':
      return [];
    default:
      return facts satisfies never;
  }
}

const RELEASERS: Readonly<Record<Exclude<Releaser, 'hub'>, Who>> = { service: 'a service representative', manager: 'a fulfilment manager' };

function afterHold({ kind, release }: Hold, endsByItself: boolean, { order, command }: Scene): Step[] {
  if (release === 'hub') return [{ who: 'an operator', does: 'bring what is unknown into the client file, and into stock; the hold then ends by itself' }];
  const mends: Step[] = [];
  if (kind === 'address' && !order.parcels.some(isLive) && !isFinal(order))
    mends.push({
      who: 'a service representative',
      does: 'give an address that is fit to ship to, which ends the hold',
      how: command('order/correct-address', ['address', 'reason']),
    });
  if (kind === 'payment' && endsByItself) mends.push({ who: 'the storefront', does: 'say that the order is paid, which ends the hold' });
  const step: Step = { who: RELEASERS[release], does: `release the ${kind} hold, once its cause is settled`, how: command('order/release-hold', ['reason'], { kind }) };
  return [...mends, step];
}

function afterShortage({ sku, missing, verdict, othersLack, split, sites, queue, requests, priority }: Shortage, { command }: Scene): Step[] {
  if (verdict === 'there') return othersLack && split !== 'backorders' ? [] : [{ who: 'the hub', does: `give out ${sku} in turn, at the next look at its queue` }];
  const book = (does: string): Step => ({ who: 'a receiver', does, how: command('inventory/book-stock', []) });
  const inspected = sites.filter(({ quarantined }) => quarantined > 0).map(({ warehouse }) => warehouse);
  const steps: Step[] = requests.map((one) => ({ who: 'the plant', does: `supply ${one.quantity} x ${sku} to ${one.warehouse} (${one.plant}, request ${one.requestId})` }));
  if (inspected.length > 0) steps.push(book(`inspect the ${sku} in quarantine in ${inspected.join(', ')}, and restock what is good`));
  if (verdict === 'scattered') steps.push(book(`bring ${missing} x ${sku} together in one warehouse by a transfer`));
  else steps.push(book(`book in the ${sku} that arrive; the order then gets them by itself, in its turn`));
  if (queue !== undefined && queue.place > 1)
    steps.push({
      who: 'a fulfilment manager',
      does: `raise its priority, which is ${priority}, if it may go before others`,
      how: command('order/prioritise-order', ['priority', 'reason']),
    });
  return steps;
}

function packingStep(warehouses: readonly string[], packing: Order['packing'], { order, client, command }: Scene): Step {
  const where = warehouses.join(' and in ');
  const scans = client.policies.packing === 'scan' || order.allocations.some(({ sku }) => productOf(client, sku)?.serials === true);
  if (!scans && packing === undefined) return { who: 'the hub', does: `confirm it as packed whole in ${where}` };
  return {
    who: 'a packer',
    does: packing === undefined ? `pack it in ${where}` : `end packing it in ${packing.warehouse}`,
    how: command('shipment/pack-order', ['warehouse', 'scanned']),
  };
}

function afterParcel({ parcel, status, handedOverAt, label, carrierId, service, parked }: Parcel, { command }: Scene): Step[] {
  switch (status) {
    case 'packed':
      if (parked !== undefined)
        return [
          {
            who: 'a packer',
            does: `look at ${carrierId} whether a label was bought for parcel ${parcel}, buy one if not, and record its number`,
            how: command('shipment/settle-label', ['bought', 'trackingNumber', 'cost', 'currency', 'reason']),
          },
        ];
      return [{ who: 'the hub', does: service === undefined ? `choose who moves parcel ${parcel}` : `buy the label of parcel ${parcel} from ${carrierId}: ${service}` }];
    case 'labelled':
      if (handedOverAt !== undefined) return [{ who: 'the carrier', does: `scan parcel ${parcel}` }];
      return [{ who: 'a packer', does: `hand parcel ${parcel} over to the carrier, and record that`, how: command('shipment/hand-over-parcels', ['carrierId', 'parcels']) }];
    case 'dispatched':
      return [{ who: 'the carrier', does: `deliver parcel ${parcel}` }];
    case 'recalled':
      return [
        { who: 'a packer', does: `keep parcel ${parcel} from leaving, and lay its units aside` },
        {
          who: 'the hub',
          does: label === undefined ? `put the units of parcel ${parcel} into quarantine` : `void the label of parcel ${parcel}, and put its units into quarantine`,
        },
      ];
    case 'unpacked':
      return [];
    case 'lost':
      return [{ who: 'a fulfilment manager', does: `claim parcel ${parcel} from the carrier, and settle with the customer what replaces it` }];
    case 'refused':
    case 'delivered':
    case 'returned':
      return [];
    default:
      return status satisfies never;
  }
}
