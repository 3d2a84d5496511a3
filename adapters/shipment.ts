import { problemsOf } from '../core/address.ts';
import type { Client, Warehouse } from '../core/client.ts';
import { customsOf, gapsInWords, passesCustoms } from '../core/customs.ts';
import { Rejected } from '../core/error.ts';
import type { Order } from '../core/order.ts';
import type { OrderDocument } from '../core/order-document.ts';
import { cargoOf, measuresOf } from '../core/selection.ts';
import type { Parcel } from '../core/shipment.ts';
import type { Shipment } from './carrier.ts';

/** The warehouse that a parcel leaves from, or comes back to. @throws Rejected `shipment.warehouse-unknown` */
export function warehouseOf({ warehouse }: Pick<Parcel, 'warehouse'>, { warehouses }: Pick<Client, 'warehouses'>): Warehouse {
  const found = warehouses.find(({ id }) => id === warehouse);
  if (found === undefined) throw new Rejected('shipment.warehouse-unknown', `Warehouse ${warehouse} is not in the client file.`);
  return found;
}

/**
 * What a carrier is asked to move, or what is missing for that, in words for a person.
 * @param shipDate day on which the carrier gets it
 */
export function shipmentOf(
  parcel: Parcel,
  order: Order,
  document: OrderDocument,
  client: Client,
  reference: string,
  shipDate: string,
): { readonly kind: 'shipment'; readonly shipment: Shipment } | { readonly kind: 'lacks'; readonly what: string } {
  const { shipTo, email } = document;
  if (shipTo === null) return { kind: 'lacks', what: 'no shipping address' };
  const isReturn = parcel.returns !== undefined;
  const house = warehouseOf(parcel, client).address;
  const [from, to] = isReturn ? [shipTo, house] : [house, shipTo];
  const unfit = isReturn ? problemsOf(from) : [];
  if (unfit[0] !== undefined) return { kind: 'lacks', what: `the address that it comes back from has ${unfit[0].field} ${unfit[0].problem}` };
  const answer = passesCustoms(from, to) ? customsOf(parcel, document, client, shipDate, isReturn) : undefined;
  if (answer?.kind === 'gaps') return { kind: 'lacks', what: `customs want to know more: ${gapsInWords(answer.gaps)}; add it to the products in the client file` };
  const customs = answer?.customs ?? null;
  const { weight } = parcel;
  const dimensions = measuresOf(parcel, client);
  const { hazardous } = cargoOf(parcel, order, to, client);
  return {
    kind: 'shipment',
    shipment: { reference, from, to, email, weight, dimensions, shipDate, value: order.total, currency: order.currency, customs, hazardous, returns: isReturn },
  };
}
