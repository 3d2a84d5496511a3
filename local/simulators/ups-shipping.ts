import { printMoney } from '../../core/money.ts';
import type { Charge } from './carrier.ts';
import { count, type Row, text } from './database.ts';
import { labelPdf, labelZpl } from './label-document.ts';
import type { Answer } from './listen.ts';
import { type Account, bodyOf, complain, isAnswer, next, problem, SUCCESS, shipmentOf, takeFault } from './ups-account.ts';
import { faultsOf, RateInput, RecoveryInput, ShipInput, type ShipmentInput } from './ups-requests.ts';
import { travel } from './ups-tracking.ts';

const SLOW_MS = 2_500;
/** Services by lane, with what they cost before the weight, in minor units, and how many days they take. */
const DOMESTIC = [
  ['03', 840, 3],
  ['02', 2_190, 2],
  ['01', 4_380, 1],
] as const;
const EUROPEAN = [
  ['11', 790, 2],
  ['65', 2_850, 1],
] as const;
const WORLDWIDE = [
  ['11', 1_890, 5],
  ['08', 3_970, 4],
  ['65', 5_240, 2],
  ['07', 6_180, 2],
] as const;
/** What the account pays of a published price, in percent. */
const NEGOTIATED = 80;

interface Asked {
  readonly from: string;
  readonly to: string;
  readonly weight: string;
}

function tariffFor({ from, to }: Asked) {
  if (from === to && (from === 'US' || from === 'PR')) return DOMESTIC;
  return from === to ? EUROPEAN : WORLDWIDE;
}

function publishedFor(service: string, asked: Asked): number | undefined {
  const tariff = tariffFor(asked).find(([code]) => code === service);
  return tariff === undefined ? undefined : tariff[1] + Math.ceil(Number(asked.weight)) * 35;
}

/** UPS bills in the currency of the account's country. */
function currencyOf(country: string, { options }: Account): string {
  return country === 'US' || country === 'PR' ? 'USD' : options.currency;
}

function money(minor: number, CurrencyCode: string) {
  return { CurrencyCode, MonetaryValue: printMoney(minor, CurrencyCode) };
}

/** Prices of all services of a lane. */
export function rate(body: string, account: Account): Answer {
  const input = bodyOf(RateInput, body, 'rating', account);
  if (isAnswer(input)) return input;
  const { Shipper, ShipTo, ShipFrom, Package, ShipmentRatingOptions, ShipmentTotalWeight, InvoiceLineTotal } = input.RateRequest.Shipment;
  const isAbroad = ShipFrom.Address.CountryCode !== ShipTo.Address.CountryCode;
  if (isAbroad && (ShipmentTotalWeight === undefined || InvoiceLineTotal === undefined))
    return complain(account, 'rating', 'ShipmentTotalWeight and InvoiceLineTotal are missing for time in transit abroad');
  if (Shipper.ShipperNumber !== account.number) return complain(account, 'rating', 'ShipperNumber is not this account');
  const fault = takeFault(account, ShipTo.AttentionName ?? ShipTo.Name, ['throttled-rating', 'error-rating', 'no-rates']);
  if (fault === 'throttled-rating') return problem(429, '10429', 'Too Many Requests');
  if (fault === 'error-rating') return problem(500, '10004', 'Something went wrong while processing your request, please try again later');
  if (fault === 'no-rates') return problem(400, '111210', 'The requested service is unavailable between the selected locations.');
  const asked = { from: ShipFrom.Address.CountryCode, to: ShipTo.Address.CountryCode, weight: Package[0]?.PackageWeight.Weight ?? '1' };
  const currency = currencyOf(Shipper.Address.CountryCode, account);
  const RatedShipment = tariffFor(asked).map(([service, , days]) => {
    const published = publishedFor(service, asked) ?? 0;
    return {
      Service: { Code: service, Description: '' },
      BillingWeight: Package[0]?.PackageWeight,
      TransportationCharges: money(published, currency),
      ServiceOptionsCharges: money(0, currency),
      TotalCharges: money(published, currency),
      ...(ShipmentRatingOptions?.NegotiatedRatesIndicator !== undefined && { NegotiatedRateCharges: { TotalCharge: money(negotiated(published), currency) } }),
      RatedPackage: [{ Weight: Package[0]?.PackageWeight.Weight }],
      TimeInTransit: { ServiceSummary: { EstimatedArrival: { BusinessDaysInTransit: String(days) } } },
    };
  });
  return { status: 200, json: { RateResponse: { Response: SUCCESS, RatedShipment } } };
}

function negotiated(published: number): number {
  return Math.round((published * NEGOTIATED) / 100);
}

/** Sells a shipment: from the charge on it is paid for, whatever becomes of the answer. Nothing keeps a repeat from being a second one. */
export async function ship(body: string, account: Account): Promise<Answer> {
  const input = bodyOf(ShipInput, body, 'shipping', account);
  if (isAnswer(input)) return input;
  const { Shipment, LabelSpecification } = input.ShipmentRequest;
  const [fault] = faultsOf(Shipment);
  if (fault !== undefined) return complain(account, 'shipping', fault);
  if (Shipment.Shipper.ShipperNumber !== account.number) return complain(account, 'shipping', '120100 Missing or invalid shipper number');
  const recipient = recipientOf(Shipment);
  const asked = {
    from: (Shipment.ShipFrom ?? Shipment.Shipper).Address.CountryCode,
    to: Shipment.ShipTo.Address.CountryCode,
    weight: Shipment.Package[0]?.PackageWeight.Weight ?? '1',
  };
  const published = publishedFor(Shipment.Service.Code, asked);
  if (published === undefined) return problem(400, '121210', 'The requested service is unavailable between the selected locations.');
  const before = takeFault(account, recipient, ['error-before', 'throttled', 'declined', 'slow']);
  if (before === 'error-before') return problem(503, '10004', 'Something went wrong while processing your request, please try again later');
  if (before === 'throttled') return problem(429, '10429', 'Too Many Requests');
  if (before === 'declined') return problem(400, '120410', 'The account cannot be billed for this shipment.');
  if (before === 'slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  const cost = Shipment.ShipmentRatingOptions?.NegotiatedRatesIndicator === undefined ? published : negotiated(published);
  const sold = charge(Shipment, recipient, cost, currencyOf(Shipment.Shipper.Address.CountryCode, account), account);
  const after = takeFault(account, recipient, ['hang-after-charge', 'reset-after-charge', 'error-after-charge']);
  if (after === 'error-after-charge') return problem(502, '10004', 'Something went wrong while processing your request, please try again later');
  if (after !== undefined) return after === 'hang-after-charge' ? 'hang' : 'reset';
  return { status: 200, json: soldJson(sold, published, LabelSpecification.LabelImageFormat.Code) };
}

/** The person on the parcel. */
function recipientOf({ ShipTo }: Pick<ShipmentInput, 'ShipTo'>): string {
  return ShipTo.AttentionName ?? ShipTo.Name;
}

function charge(shipment: ShipmentInput, recipient: string, cost: number, currency: string, account: Account): Row {
  const id = `1Z${account.number}${String(next(account, 'tracking')).padStart(10, '0')}`;
  const reference = [...(shipment.ReferenceNumber ?? []), ...(shipment.Package[0]?.ReferenceNumber ?? [])][0]?.Value ?? '';
  account.database
    .prepare('INSERT INTO shipment (id, reference, recipient, shipment, cost, currency) VALUES (?, ?, ?, ?, ?, ?)')
    .run(id, reference, recipient.toUpperCase(), JSON.stringify(shipment), cost, currency);
  const sold = shipmentOf(account, id) ?? {};
  travel(sold, 'bought', account);
  return sold;
}

function soldJson(sold: Row, published: number, format: string): object {
  const [id, currency, cost] = [text(sold, 'id'), text(sold, 'currency'), count(sold, 'cost')];
  const shipment: ShipmentInput = JSON.parse(text(sold, 'shipment'));
  const isNegotiated = shipment.ShipmentRatingOptions?.NegotiatedRatesIndicator !== undefined;
  const hasForms = shipment.ShipmentServiceOptions?.InternationalForms !== undefined;
  return {
    ShipmentResponse: {
      Response: { ...SUCCESS, TransactionReference: { CustomerContext: text(sold, 'reference') } },
      ShipmentResults: {
        ShipmentCharges: { TransportationCharges: money(published, currency), ServiceOptionsCharges: money(0, currency), TotalCharges: money(published, currency) },
        ...(isNegotiated && { NegotiatedRateCharges: { TotalCharge: money(cost, currency) } }),
        BillingWeight: shipment.Package[0]?.PackageWeight,
        ShipmentIdentificationNumber: id,
        PackageResults: [{ TrackingNumber: id, ShippingLabel: { ImageFormat: { Code: format, Description: format }, GraphicImage: pictureOf(sold, format) } }],
        ...(hasForms && { Form: { Code: '01', Image: { ImageFormat: { Code: 'PDF' }, GraphicImage: labelPdf(['INVOICE (simulated)', id]).toString('base64') } } }),
      },
    },
  };
}

function pictureOf(sold: Row, format: string): string {
  const lines = ['UPS (simulated)', text(sold, 'id'), `Reference ${text(sold, 'reference')}`];
  const bytes = format === 'PDF' ? labelPdf(lines) : format === 'GIF' ? labelGif() : labelZpl(lines);
  return bytes.toString('base64');
}

/** The smallest picture that every viewer takes: one black point. */
function labelGif(): Buffer {
  const head = Buffer.from('GIF89a', 'latin1');
  const screen = Buffer.from([1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
  const image = Buffer.from([0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b]);
  return Buffer.concat([head, screen, image]);
}

/** Gives a label again, by tracking number or by reference; several under one reference are named as candidates. */
export function recover(body: string, account: Account): Answer {
  const input = bodyOf(RecoveryInput, body, 'label recovery', account);
  if (isAnswer(input)) return input;
  const { TrackingNumber, ReferenceValues, LabelSpecification } = input.LabelRecoveryRequest;
  if ((TrackingNumber === undefined) === (ReferenceValues === undefined)) return complain(account, 'label recovery', 'either TrackingNumber or ReferenceValues is needed');
  const rows =
    TrackingNumber === undefined
      ? account.database.prepare('SELECT * FROM shipment WHERE reference = ? ORDER BY id').all(ReferenceValues?.ReferenceNumber.Value ?? '')
      : account.database.prepare('SELECT * FROM shipment WHERE id = ?').all(TrackingNumber);
  const [sold, ...others] = rows;
  if (sold === undefined) return problem(400, '300105', 'No shipment was found for this search.');
  const format = LabelSpecification.LabelImageFormat.Code;
  const found =
    others.length > 0
      ? { TrackingCandidate: rows.map((row) => ({ TrackingNumber: text(row, 'id') })) }
      : {
          ShipmentIdentificationNumber: text(sold, 'id'),
          LabelResults: [{ TrackingNumber: text(sold, 'id'), LabelImage: { LabelImageFormat: { Code: format }, GraphicImage: pictureOf(sold, format) } }],
        };
  return { status: 200, json: { LabelRecoveryResponse: { Response: SUCCESS, ...found } } };
}

/** Takes a shipment back, once or again; never one that UPS has. */
export function voidShipment(id: string, account: Account): Answer {
  const sold = shipmentOf(account, id);
  if (sold === undefined) return problem(400, '190102', 'No shipment found within the allowed void period');
  if (count(sold, 'handed_over') === 1) return problem(400, '190101', 'The shipment cannot be voided any more.');
  account.database.prepare('UPDATE shipment SET voided = 1 WHERE id = ?').run(id);
  const Status = { Code: '1', Description: 'Voided' };
  return { status: 200, json: { VoidShipmentResponse: { Response: SUCCESS, SummaryResult: { Status }, PackageLevelResults: [{ TrackingNumber: id, Status }] } } };
}

/** All money that was taken. UPS prints the address as it was given. */
export function chargesOf({ database }: Account): Charge[] {
  return database
    .prepare('SELECT * FROM shipment ORDER BY id')
    .all()
    .map((row) => {
      const { ShipTo }: ShipmentInput = JSON.parse(text(row, 'shipment'));
      const { AddressLine, City, PostalCode = '', CountryCode } = ShipTo.Address;
      const id = text(row, 'id');
      return {
        carrierRef: id,
        reference: text(row, 'reference'),
        recipient: recipientOf({ ShipTo }),
        trackingNumber: id,
        cost: count(row, 'cost'),
        currency: text(row, 'currency'),
        printed: { name: recipientOf({ ShipTo }), line1: AddressLine[0] ?? '', line2: AddressLine.slice(1).join(' '), city: City, postalCode: PostalCode, country: CountryCode },
      };
    });
}
