import type { Customs, CustomsItem } from '../../core/customs.ts';
import { longestFirst, toCentimetres, toInches } from '../../core/dimensions.ts';
import { printMoney } from '../../core/money.ts';
import type { Rate } from '../../core/shipment.ts';
import { type Grams, toKilograms, toPounds } from '../../core/weight.ts';
import type { Shipment } from '../carrier.ts';
import { decimal } from './decimal.ts';
import { partyOf, placeOf } from './party.ts';
import type { Settings } from './settings.ts';

/** The body of the request for prices. https://developer.fedex.com/api/en-us/catalog/rate/v1/docs.html */
export function rateRequest(shipment: Shipment, settings: Settings) {
  const { from, to, shipDate, customs } = shipment;
  return {
    accountNumber: { value: settings.accountNumber },
    rateRequestControlParameters: { returnTransitTimes: true },
    requestedShipment: {
      shipper: { address: placeOf(from, 'sender') },
      recipient: { address: placeOf(to, 'recipient') },
      shipDateStamp: shipDate,
      pickupType: handOverOf(shipment, settings),
      packagingType: 'YOUR_PACKAGING',
      rateRequestType: ['ACCOUNT', 'LIST'],
      ...specialServicesOf(shipment),
      ...(customs !== null && { customsClearanceDetail: { dutiesPayment: dutiesOf(customs, settings), commodities: commoditiesOf(customs, settings) } }),
      requestedPackageLineItems: [packageOf(shipment, settings)],
    },
  };
}

/** The body of the call that buys: one package, with our reference on it. https://developer.fedex.com/api/en-us/catalog/ship/v1/docs.html */
export function shipRequest(shipment: Shipment, rate: Rate, settings: Settings) {
  const { reference, from, to, shipDate, customs } = shipment;
  return {
    labelResponseOptions: 'LABEL',
    accountNumber: { value: settings.accountNumber },
    requestedShipment: {
      shipper: partyOf(from, 'sender', settings),
      recipients: [partyOf(to, 'recipient', settings)],
      shipDatestamp: shipDate,
      serviceType: rate.rateId,
      packagingType: 'YOUR_PACKAGING',
      pickupType: handOverOf(shipment, settings),
      blockInsightVisibility: false,
      shippingChargesPayment: paidBy(settings),
      ...specialServicesOf(shipment),
      ...(customs !== null && clearanceOf(customs, settings)),
      labelSpecification: LABELS[settings.labelFormat],
      requestedPackageLineItems: [{ ...packageOf(shipment, settings), customerReferences: [{ customerReferenceType: 'CUSTOMER_REFERENCE', value: reference }] }],
    },
  };
}

const LABELS = {
  PDF: { imageType: 'PDF', labelStockType: 'PAPER_4X6' },
  PNG: { imageType: 'PNG', labelStockType: 'PAPER_4X6' },
  ZPL: { imageType: 'ZPLII', labelStockType: 'STOCK_4X6' },
} as const;

/** Whoever sends goods back brings them: no regular pickup comes to a customer. */
function handOverOf({ returns }: Shipment, { handOver }: Settings): Settings['handOver'] {
  return returns ? 'DROPOFF_AT_FEDEX_LOCATION' : handOver;
}

function specialServicesOf({ returns }: Shipment) {
  if (!returns) return {};
  return { shipmentSpecialServices: { specialServiceTypes: ['RETURN_SHIPMENT'], returnShipmentDetail: { returnType: 'PRINT_RETURN_LABEL' } } };
}

function packageOf({ weight, dimensions }: Shipment, settings: Settings) {
  if (dimensions === null) return { weight: weightOf(weight, settings) };
  const { length, width, height } = longestFirst(dimensions);
  const [units, measure] = settings.units === 'metric' ? (['CM', toCentimetres] as const) : (['IN', toInches] as const);
  return { weight: weightOf(weight, settings), dimensions: { length: measure(length, 1), width: measure(width, 1), height: measure(height, 1), units } };
}

/** In half pounds: FedEx bills whole ones, and one decimal is taken everywhere. */
export function weightOf(grams: Grams, { units }: Pick<Settings, 'units'>) {
  return units === 'metric' ? { units: 'KG', value: decimal(toKilograms(grams)) } : { units: 'LB', value: toPounds(grams, 2) };
}

function paidBy({ accountNumber }: Settings) {
  return { paymentType: 'SENDER', payor: { responsibleParty: { accountNumber: { value: accountNumber } } } };
}

function dutiesOf({ terms }: Customs, settings: Settings) {
  return terms === 'DDP' ? paidBy(settings) : { paymentType: 'RECIPIENT' };
}

function commoditiesOf(customs: Customs, settings: Settings) {
  return customs.items.map((item) => commodityOf(item, customs.currency, settings));
}

function commodityOf({ description, quantity, value, weight, hsCode, origin, sku }: CustomsItem, currency: string, settings: Settings) {
  return {
    description,
    countryOfManufacture: origin,
    harmonizedCode: hsCode,
    quantity,
    quantityUnits: 'PCS',
    numberOfPieces: quantity,
    partNumber: sku,
    unitPrice: amountOf(Math.round(value / quantity), currency),
    customsValue: amountOf(value, currency),
    // In the unit of the package: FedEx refuses a mixture.
    weight: weightOf(Math.max(1, weight), settings),
  };
}

function amountOf(minor: number, currency: string) {
  return { amount: decimal(printMoney(minor, currency)), currency };
}

function clearanceOf(customs: Customs, settings: Settings) {
  const { contents, currency, items, invoiceNumber, signer, terms } = customs;
  const returned = contents === 'returned-goods';
  const invoice = {
    originatorName: signer,
    termsOfSale: terms,
    shipmentPurpose: returned ? 'NOT_SOLD' : 'SOLD',
    customerReferences: [{ customerReferenceType: 'INVOICE_NUMBER', value: invoiceNumber.slice(0, 30) }],
  };
  const total = items.reduce((sum, { value }) => sum + value, 0);
  return {
    customsClearanceDetail: {
      dutiesPayment: dutiesOf(customs, settings),
      isDocumentOnly: false,
      totalCustomsValue: amountOf(total, currency),
      commercialInvoice: invoice,
      commodities: commoditiesOf(customs, settings),
      ...(returned && { customsOption: { type: 'OTHER', description: 'Goods returned by the customer' } }),
    },
    shippingDocumentSpecification: {
      shippingDocumentTypes: ['COMMERCIAL_INVOICE'],
      commercialInvoiceDetail: { documentFormat: { stockType: 'PAPER_LETTER', docType: 'PDF' } },
    },
  };
}
