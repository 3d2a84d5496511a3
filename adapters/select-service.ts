import { type Address, addressHash, differencesOf } from '../core/address.ts';
import type { CarrierConnection } from '../core/client.ts';
import { Rejected, Unavailable } from '../core/error.ts';
import type { HoldKind } from '../core/hold.ts';
import { type Act, hold, type Order } from '../core/order.ts';
import type { OrderDocument } from '../core/order-document.ts';
import { type Asked, cargoOf, deliverByOf, mayAsk, type Selection, select, serviceName, shipDateOf } from '../core/selection.ts';
import { assign, labelRefused, type Parcel } from '../core/shipment.ts';
import { type AddressProof, settlePurchase } from './aws/purchase-store.ts';
import { readScorecard, writeSelection } from './aws/selection-store.ts';
import type { AddressVerdict, Shipment } from './carrier.ts';
import { type CarrierReaching, isDown, reachCarrier } from './carrier-reach.ts';
import { shipmentOf, warehouseOf } from './shipment.ts';

/** What choosing a service works with. */
export interface Selecting extends CarrierReaching {
  newId(): string;
}

/** A carrier that does not name its prices within this many milliseconds keeps nobody waiting: it is reckoned by the tariff, or left out. */
const PRICE_LIMIT_MS = 8_000;

/**
 * Chooses a carrier and a service for a packed parcel, and gives it to them. What stands against any label, a doubtful address, customs data
 * that nobody gave, no service at all, holds the order instead.
 * @throws Unavailable when it must be looked at again, as where every carrier that might take it is down
 */
export async function selectService(selecting: Selecting, parcel: Parcel, order: Order, document: OrderDocument): Promise<'assigned' | 'held'> {
  const { client, table } = selecting;
  const act: Act = { by: 'hub', now: selecting.now() };
  const checked = await checkAddress(selecting, parcel, order, document);
  if (checked !== undefined) return await holdBack(selecting, parcel, order, 'address', checked.reason, act, checked.proof);
  const warehouse = warehouseOf(parcel, client);
  const days = new Map(client.carriers.map((connection) => [connection.id, shipDateOf(warehouse, connection, client, act.now)]));
  const [today = ''] = [...days.values()].sort();
  const made = shipmentOf(parcel, order, document, client, selecting.newId(), today);
  if (made.kind === 'lacks') return await holdBack(selecting, parcel, order, 'client', made.what, act);
  const cargo = cargoOf(parcel, order, made.shipment.to, client);
  const asked = await Promise.all(
    client.carriers.map((connection) =>
      mayAsk(connection.id, cargo, client)
        ? ask(selecting, connection, { ...made.shipment, reference: selecting.newId(), shipDate: days.get(connection.id) ?? today })
        : notAsked(connection, 'not-asked', 'no rule has a service of it for this parcel', today),
    ),
  );
  const deliverBy = parcel.returns === undefined ? deliverByOf(order, warehouse, client, today) : '';
  const { candidates, chosen, reason } = select(asked, { cargo, deliverBy, client, scorecard: await readScorecard(table) });
  const silent = asked.filter(({ outcome }) => outcome === 'failed' || outcome === 'down');
  if (chosen === null && silent.length > 0)
    throw new Unavailable('shipment.no-carrier-answers', `No service can be chosen while ${silent.map(({ carrierId }) => carrierId).join(', ')} cannot be asked: ${reason}.`, {
      retryAfterSeconds: 30,
    });
  if (chosen === null) return await holdBack(selecting, parcel, order, 'operator', `no label can be bought: ${reason}`, act);
  const selection: Selection = {
    entity: 'selection',
    orderId: parcel.orderId,
    parcel: parcel.parcel,
    at: act.now.toISOString(),
    cargo,
    deliverBy,
    asked: asked.map(({ rates: _, ...rest }) => rest),
    candidates: candidates.slice(0, KEPT_CANDIDATES).map(({ rate: _, ...rest }) => rest),
    chosen,
    reason,
  };
  if (!(await writeSelection(table, selection, assign(parcel, chosen.carrierId, serviceName(chosen.rate), reason, act))))
    throw new Unavailable('shipment.parcel-contended', 'The parcel changed while its service was chosen.', { retryAfterSeconds: 1 });
  return 'assigned';
}

/** Beyond these nobody reads on; a carrier may offer a hundred services. */
const KEPT_CANDIDATES = 30;

/** Asks one carrier for its prices; whatever goes wrong there is no other carrier's matter. */
async function ask(selecting: Selecting, connection: CarrierConnection, shipment: Shipment): Promise<Asked> {
  const { id } = connection;
  if (await isDown(id, selecting)) return notAsked(connection, 'down', 'has not answered lately', shipment.shipDate);
  try {
    const { carrier, capabilities, call } = await reachCarrier(id, selecting, PRICE_LIMIT_MS);
    if (capabilities.origins !== null && !capabilities.origins.includes(shipment.from.country))
      return notAsked(connection, 'refused', `takes no parcels in ${shipment.from.country}`, shipment.shipDate);
    const { carrierRef, rates } = await carrier.quote(shipment, call);
    return { carrierId: id, outcome: 'offered', reason: '', reference: shipment.reference, carrierRef, rates, shipDate: shipment.shipDate };
  } catch (error) {
    if (error instanceof Rejected) return notAsked(connection, 'refused', error.message.slice(0, 160), shipment.shipDate);
    if (error instanceof Unavailable) return notAsked(connection, error.code === 'carrier.down' ? 'down' : 'failed', error.code, shipment.shipDate, shipment.reference);
    throw error;
  }
}

function notAsked({ id }: CarrierConnection, outcome: Exclude<Asked['outcome'], 'offered'>, reason: string, shipDate: string, reference = ''): Asked {
  return { carrierId: id, outcome, reason, reference, carrierRef: '', rates: [], shipDate };
}

/** What speaks against an address, for a person. */
interface Objection {
  readonly reason: string;
  readonly proof?: AddressProof;
}

/**
 * Has a carrier look at the address before anything is bought. A person who released the order knows better than the carrier; a carrier that
 * cannot be asked keeps nobody waiting.
 * @returns why a person has to look, or undefined
 */
async function checkAddress(selecting: Selecting, parcel: Parcel, order: Order, { shipTo }: OrderDocument): Promise<Objection | undefined> {
  const { addressCheck } = selecting.client.shipping;
  if (addressCheck === undefined || shipTo === null || parcel.returns !== undefined) return undefined;
  if (!addressCheck.to.some((place) => place === shipTo.country || place === `${shipTo.country}-${shipTo.region ?? ''}`)) return undefined;
  if (order.cleared.includes(`address:${addressHash(shipTo)}`) || (await isDown(addressCheck.carrier, selecting))) return undefined;
  try {
    const { carrier, call } = await reachCarrier(addressCheck.carrier, selecting, PRICE_LIMIT_MS);
    const answer = await carrier.checkAddress?.(shipTo, call);
    return answer && objectionOf(answer, shipTo, carrier.title, order.orderId);
  } catch (error) {
    if (error instanceof Unavailable || error instanceof Rejected) return undefined;
    throw error;
  }
}

function objectionOf({ verdict, suggestion, problems }: AddressVerdict, ours: Address, title: string, orderId: string): Objection | undefined {
  if (verdict === 'ok' || verdict === 'unchecked') return undefined;
  const differences = suggestion === null ? [] : differencesOf(ours, suggestion);
  if (suggestion === null || differences.length === 0) {
    // What is corrected is the same address in another hand; a doubt stays one, however the address is written.
    return verdict === 'corrected' ? undefined : { reason: `${title} doubts the address: ${problems.join('; ') || 'it may not be deliverable'}` };
  }
  const fields = differences.map(({ field }) => field).join(', ');
  return { reason: `${title} would write another ${fields}; compare both with: crossdock order show ${orderId}`, proof: { ours, printed: suggestion, differences } };
}

/** Holds the order, and takes the parcel out of the way until a person has released it. */
async function holdBack(selecting: Selecting, parcel: Parcel, order: Order, kind: HoldKind, reason: string, act: Act, proof?: AddressProof): Promise<'held'> {
  const expiresAt = Math.floor(act.now.getTime() / 1000) + selecting.client.policies.personalDataDays * 86_400;
  const settled = await settlePurchase(selecting.table, {
    purchase: undefined,
    parcel: labelRefused(parcel, reason, act),
    held: hold(order, kind, reason, act).order,
    proof: proof && { addresses: proof, expiresAt },
  });
  if (!settled) throw new Unavailable('shipment.settle-lost', 'The order or parcel changed while its service was chosen.', { retryAfterSeconds: 1 });
  return 'held';
}
