import { takeIn } from '../../core/intake.ts';
import type { Allocation } from '../../core/inventory.ts';
import type { Recipe, SoldKit } from '../../core/kit.ts';
import type { PackedParcel } from '../../core/order.ts';
import type { OrderDocument } from '../../core/order-document.ts';
import type { SlipSources } from '../../core/packing-slip.ts';
import { type Parcel, parcelOf } from '../../core/shipment.ts';
import { StockView } from '../../core/stock-view.ts';
import { NOW, sampleClient, sampleLine, sampleOrder, seeing } from './samples.ts';

type Units = Readonly<Record<string, number>>;

/** A kit of a tent and two mugs. */
export const SET: Recipe = {
  sku: 'SET',
  parts: [
    { sku: 'MUG', quantity: 2 },
    { sku: 'TENT', quantity: 1 },
  ],
};

/** What a slip is written of. */
export interface SlipOf {
  readonly units: Units;
  /** Units beside these that are of lots. */
  readonly lots?: readonly Omit<Allocation, 'warehouse'>[];
  readonly serials?: NonNullable<Parcel['serials']>;
  /** @default 1 */
  readonly number?: number;
  readonly others?: readonly { readonly parcel: number; readonly units: Units; readonly status?: PackedParcel['status'] }[];
  /** What was ordered in all. @default - what is in the parcel */
  readonly demand?: Units;
  readonly kits?: readonly SoldKit[];
  /** What products were sold as. */
  readonly titles?: Readonly<Record<string, string>>;
  readonly order?: Partial<OrderDocument>;
  readonly client?: object;
  /** Of the warehouse. */
  readonly zone?: string;
}

/** Half an hour before midnight in London. */
const PACKED_AT = new Date('2026-11-20T23:30:00.000Z');

/** A packed order and one of its parcels. */
export function slipSources({ units, lots = [], number = 1, others = [], kits = [], demand = units, titles = {}, ...of }: SlipOf): SlipSources {
  const address = { name: 'Sample Depot', line1: 'Am Hafen 1', city: 'Hamburg', postalCode: '20457', country: 'DE' };
  const warehouse = { id: 'north', name: 'North', address, ...(of.zone !== undefined && { timeZone: of.zone }) };
  const client = sampleClient({ warehouses: [warehouse], kits: [{ ...SET, name: 'Camping set' }], ...of.client });
  const lines = [...new Set([...kits.map(({ sku }) => sku), 'TENT', ...Object.keys(demand)])].map((sku) => sampleLine(sku, 1, { title: titles[sku] ?? sku }));
  const document = sampleOrder({ lines, ...of.order });
  const taken = takeIn({ ...document, shipTo: sampleOrder().shipTo }, undefined, seeing(new StockView([]), client), { by: 'hub', now: NOW });
  if (taken.kind !== 'saved') throw new Error(taken.why);
  const parcels = [{ parcel: number, units, status: 'packed' as const }, ...others].map(({ status = 'packed' as const, ...one }) => packedParcel(one.parcel, one.units, status));
  const order = {
    ...taken.order,
    demand: listOf(demand),
    ...(kits.length > 0 && { kits }),
    parcels: parcels
      .map((one) => (one.parcel === number ? { ...one, units: [...one.units, ...lots.map((lot) => ({ ...lot, warehouse: 'north' }))] } : one))
      .toSorted((a, b) => a.parcel - b.parcel),
  };
  const [packed] = order.parcels.filter((one) => one.parcel === number);
  const [north] = client.warehouses;
  if (packed === undefined || north === undefined) throw new Error('nothing packed');
  const parcel = parcelOf(order, { ...packed, ...(of.serials !== undefined && { serials: of.serials }) }, client, { by: 'packer', now: PACKED_AT });
  return { order, document, parcel, warehouse: north, client };
}

function packedParcel(parcel: number, units: Units, status: PackedParcel['status']): PackedParcel {
  return { parcel, warehouse: 'north', units: listOf(units).map((unit) => ({ ...unit, warehouse: 'north' })), status };
}

function listOf(units: Units) {
  return Object.entries(units).map(([sku, quantity]) => ({ sku, quantity }));
}
