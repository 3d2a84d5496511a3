import * as z from 'zod';

const Demand = z.object({ sku: z.string(), quantity: z.int() });
const Allocation = Demand.extend({ warehouse: z.string(), lot: z.string().optional() });
const OrderRow = z.object({
  entity: z.literal('order'),
  orderId: z.string(),
  status: z.string(),
  holds: z.array(z.object({ kind: z.string() })),
  demand: z.array(Demand),
  allocations: z.array(Allocation),
  parcels: z.array(z.object({ parcel: z.int(), status: z.string(), units: z.array(Demand) })),
  priority: z.int(),
  authorisation: z.object({ by: z.string() }).nullable(),
  total: z.int(),
  source: z.object({ version: z.number() }),
});
const ParcelRow = z.object({
  entity: z.literal('parcel'),
  orderId: z.string(),
  parcel: z.int(),
  warehouse: z.string(),
  carrierId: z.string(),
  manifest: z.string().optional(),
  status: z.string(),
  units: z.array(Demand),
  label: z
    .object({
      carrier: z.string(),
      service: z.string(),
      trackingNumber: z.string(),
      cost: z.int(),
      currency: z.string(),
      document: z.string(),
      reference: z.string(),
      boughtAt: z.string(),
    })
    .optional(),
});
const PurchaseRow = z.object({
  entity: z.literal('purchase'),
  orderId: z.string(),
  parcel: z.int(),
  attempt: z.int(),
  reference: z.string(),
  status: z.string(),
  carrierId: z.string(),
  carrierRef: z.string(),
  bought: z.object({ trackingNumber: z.string(), carrierRef: z.string(), cost: z.int(), currency: z.string() }).optional(),
});
const Place = { sku: z.string(), warehouse: z.string(), lot: z.string().optional() };
const Counters = { onHand: z.int(), reserved: z.int(), quarantined: z.int(), incoming: z.int() };
const StockRow = z.object({ entity: z.literal('stock'), ...Place, ...Counters, available: z.int() });
const Moved = z.object({ reason: z.string(), cause: z.string(), onHand: z.int(), reserved: z.int(), quarantined: z.int().default(0) });
const LedgerRow = z.object({ entity: z.literal('ledger'), ...Place, ...Counters, movements: z.array(Moved) });
const SupplyRow = z.object({ entity: z.literal('supply'), requestId: z.string(), plant: z.string(), sku: z.string(), warehouse: z.string(), status: z.string() });

const Reconciliation = z.object({
  carrierId: z.string(),
  compared: z.int(),
  lookedUp: z.int(),
  differences: z.array(z.object({ kind: z.string(), reference: z.string() })),
});
const ReconciliationRow = z.object({ entity: z.literal('reconciliation'), reconciliation: z.string().transform((text) => Reconciliation.parse(JSON.parse(text))) });

const Row = z.discriminatedUnion('entity', [ReconciliationRow, OrderRow, ParcelRow, PurchaseRow, StockRow, LedgerRow, SupplyRow]);

/** The rows of the table that the day's checks look at, read leniently: only what they compare. */
export interface TableDump {
  readonly orders: readonly z.infer<typeof OrderRow>[];
  readonly parcels: readonly z.infer<typeof ParcelRow>[];
  readonly purchases: readonly z.infer<typeof PurchaseRow>[];
  readonly stock: readonly z.infer<typeof StockRow>[];
  readonly ledger: readonly z.infer<typeof LedgerRow>[];
  readonly supply: readonly z.infer<typeof SupplyRow>[];
  readonly reconciliations: readonly z.infer<typeof Reconciliation>[];
  /** How many rows there are of each kind. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Sorts a table's items by kind. @throws ZodError for an item of a kind we look at that has another shape */
export function dumpOf(items: readonly Record<string, unknown>[]): TableDump {
  const rows = items.flatMap((item) => (ENTITIES.has(String(item.entity)) ? [Row.parse(item)] : []));
  const counts = new Map<string, number>();
  for (const item of items) counts.set(String(item.entity), (counts.get(String(item.entity)) ?? 0) + 1);
  return {
    orders: rows.filter((row) => row.entity === 'order'),
    parcels: rows.filter((row) => row.entity === 'parcel'),
    purchases: rows.filter((row) => row.entity === 'purchase'),
    stock: rows.filter((row) => row.entity === 'stock'),
    ledger: rows.filter((row) => row.entity === 'ledger'),
    supply: rows.filter((row) => row.entity === 'supply'),
    reconciliations: rows.flatMap((row) => (row.entity === 'reconciliation' ? [row.reconciliation] : [])),
    counts,
  };
}

const ENTITIES = new Set(['order', 'parcel', 'purchase', 'stock', 'ledger', 'supply', 'reconciliation']);
