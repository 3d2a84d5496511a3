import { repairStock } from '../../adapters/aws/drift-store.ts';
import { type Checking, compareAll, type DriftedPlace, readReservations, type StockCheck } from '../../adapters/aws/stock-check.ts';
import type { Place } from '../../core/inventory.ts';
import type { Act } from '../../core/order.ts';
import { describeFindings, type OrderDifference } from '../../core/stock-check.ts';
import { columns, type Output } from '../terminal.ts';

/** What `stock check` has to say; `sound` when every place was checked and is as it should be. */
export interface Checked extends Output {
  readonly sound: boolean;
}

/** What became of a place that was to be repaired. */
interface Repair {
  readonly place: DriftedPlace;
  readonly outcome: 'repaired' | 'contradicted' | 'moved';
}

/** Compares the stock counters with their ledger and with the orders, as they are now. Writes nothing. */
export async function checkStock(checking: Checking): Promise<Checked> {
  return outputOf(await compareNow(checking), []);
}

/** Sets counters that are wrong to what their ledger adds up to, and checks again. Where orders contradict the ledger nothing is set. */
export async function checkAndRepair(checking: Checking, by: string): Promise<Checked> {
  const { drifted } = await compareNow(checking);
  const act: Act = { by, now: checking.now() };
  const repairs: Repair[] = [];
  for (const place of drifted) repairs.push({ place, outcome: await repairStock(checking.table, place, place, act) });
  return outputOf(await compareNow(checking), repairs);
}

async function compareNow(checking: Checking): Promise<StockCheck> {
  return await compareAll(checking, await readReservations(checking), false);
}

function outputOf(check: StockCheck, repairs: readonly Repair[]): Checked {
  const sound = check.drifted.length === 0 && check.unsettled.length === 0;
  const drifted = check.drifted.map(({ folded: _folded, stock: _stock, ...place }) => place);
  const repaired = repairs.map(({ place: { sku, warehouse, lot, findings }, outcome }) => ({ sku, warehouse, lot, findings, outcome }));
  return { sound, json: { places: check.sites, orders: check.orders, drifted, unsettled: check.unsettled, repairs: repaired }, text: describe(check, repairs) };
}

function describe({ sites, orders, drifted, unsettled }: StockCheck, repairs: readonly Repair[]): string {
  const verdict = drifted.length === 0 ? 'all as the ledger says' : `${drifted.length} not as they should be`;
  return [
    ...repairs.map(({ place, outcome }) => `${nameOf(place)}: ${OUTCOMES[outcome]}`),
    `${sites} places and ${orders} orders checked: ${verdict}`,
    ...(drifted.length === 0 ? [] : [columns(drifted.map((place) => [nameOf(place), describeFindings(place.findings)]))]),
    ...drifted.flatMap(adviceFor),
    ...unsettled.map((site) => `${nameOf(site)}: too much moves there to be checked now; check again later`),
  ].join('\n');
}

const OUTCOMES: Record<Repair['outcome'], string> = {
  repaired: 'set to the ledger',
  contradicted: 'left as it is',
  moved: 'moved meanwhile, and was left; repair again',
};

function nameOf({ sku, warehouse, lot }: Place): string {
  return `${sku} in ${warehouse}${lot === undefined ? '' : `, lot ${lot}`}`;
}

/** What a person does about a place: repair is for counters alone. */
function adviceFor(place: DriftedPlace): string[] {
  if (place.orders.length > 0) {
    const advice = 'the ledger and the orders disagree, so nothing is repaired. Hold these orders, find in their timelines who wrote them last, and put them right:';
    return [`${nameOf(place)}: ${advice}`, ...place.orders.map(orderLine)];
  }
  const isBelowZero = place.findings.some(({ should, counter, is }) => should < 0 || (counter !== 'allocated' && is < 0 && should === 0));
  return isBelowZero ? [`${nameOf(place)}: where the ledger itself is below zero nothing can be repaired; count the place and book the count`] : [];
}

function orderLine({ orderId, allocated, reserved }: OrderDifference): string {
  return `  ${orderId}: has ${allocated} allocated, the ledger reserved ${reserved} for it; crossdock order timeline ${orderId}`;
}
