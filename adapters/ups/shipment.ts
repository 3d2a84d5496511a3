import type { Address } from '../../core/address.ts';
import { longestFirst, toCentimetres, toInches } from '../../core/dimensions.ts';
import { Rejected } from '../../core/error.ts';
import { printMoney } from '../../core/money.ts';
import type { Rate } from '../../core/shipment.ts';
import { type Grams, toPounds } from '../../core/weight.ts';
import type { Shipment } from '../carrier.ts';
import { type Party, partyOf } from './address.ts';
import { formsOf } from './forms.ts';
import type { Settings } from './settings.ts';

/** A label that the warehouse prints for a parcel that comes back. */
export const RETURN_LABEL = '9';

/** Who takes part in a shipment: the account's own side is the shipper, whichever way the parcel goes. */
interface Parties {
  readonly shipper: Party & { readonly ShipperNumber: string };
  readonly from: Party;
  readonly to: Party;
  /** Where the account is: its units apply. */
  readonly home: Address;
}

/** Reads the parties of a shipment. @throws Rejected `carrier.address-too-long`, `carrier.hazardous-refused`, `carrier.phone-missing` */
export function partiesOf({ from, to, hazardous, returns }: Shipment, { accountNumber }: Settings): Parties {
  if (hazardous)
    throw new Rejected(
      'carrier.hazardous-refused',
      'UPS wants the substances of dangerous goods by their UN numbers, which are not known here; choose another carrier for this parcel.',
    );
  const home = returns ? to : from;
  const [sender, recipient] = [partyOf('from', from), partyOf('to', to)];
  const isHousehold = (to.company ?? '') === '' && !returns;
  return {
    shipper: { ...(returns ? recipient : sender), ShipperNumber: accountNumber },
    from: sender,
    to: isHousehold ? { ...recipient, Address: { ...recipient.Address, ResidentialAddressIndicator: 'Y' } } : recipient,
    home,
  };
}

/** The measures of the one package, in the units of the account's country; rounded up. */
export function packageOf({ weight, dimensions }: Shipment, { country }: Address) {
  const isImperial = usesPounds(country);
  const box = dimensions === null ? undefined : longestFirst(dimensions);
  const whole = (millimetres: number) => String(isImperial ? toInches(millimetres, 1) : toCentimetres(millimetres, 1));
  return {
    ...(box !== undefined && {
      Dimensions: {
        UnitOfMeasurement: { Code: isImperial ? 'IN' : 'CM', Description: isImperial ? 'Inches' : 'Centimetres' },
        Length: whole(box.length),
        Width: whole(box.width),
        Height: whole(box.height),
      },
    }),
    PackageWeight: weightOf(weight, country),
  };
}

/** A weight with one decimal at most, rounded up. */
export function weightOf(weight: Grams, country: string) {
  const [Code, Description] = usesPounds(country) ? ['LBS', 'Pounds'] : ['KGS', 'Kilograms'];
  return { UnitOfMeasurement: { Code, Description }, Weight: String(usesPounds(country) ? toPounds(weight, 2) : Math.ceil(weight / 100) / 10) };
}

/** Whether weights of an account there are in pounds. */
export function usesPounds(country: string): boolean {
  return country === 'US' || country === 'PR';
}

/** Whether UPS takes the reference with the package. On any other lane it takes it with the shipment alone, else answers 120541. */
function marksPackage({ from, to }: Shipment): boolean {
  return from.country === to.country && (from.country === 'US' || from.country === 'PR');
}

/** Writes the body that buys. @throws Rejected when the shipment cannot be put into UPS's words */
export function draft(shipment: Shipment, _carrierRef: string, rate: Rate, settings: Settings): string {
  const { shipper, from, to, home } = partiesOf(shipment, settings);
  const { reference, returns, customs } = shipment;
  if (customs !== null) requirePhones(shipment);
  const ReferenceNumber = [{ Code: 'PO', Value: reference }];
  const goods = customs?.items[0]?.description.slice(0, 35) || 'Merchandise';
  const forms = customs === null ? undefined : formsOf(customs, to, returns);
  const body = {
    ShipmentRequest: {
      Request: { RequestOption: 'nonvalidate', TransactionReference: { CustomerContext: reference } },
      Shipment: {
        Description: goods,
        ...(returns && { ReturnService: { Code: RETURN_LABEL } }),
        Shipper: shipper,
        ShipTo: to,
        ShipFrom: from,
        PaymentInformation: { ShipmentCharge: chargesOf(shipment, settings) },
        ...(settings.negotiatedRates && { ShipmentRatingOptions: { NegotiatedRatesIndicator: '' } }),
        ...(!marksPackage(shipment) && { ReferenceNumber }),
        Service: { Code: rate.rateId },
        ...(needsInvoiceTotal(shipment) && { InvoiceLineTotal: invoiceTotalOf(shipment) }),
        ...(forms !== undefined && { ShipmentServiceOptions: { InternationalForms: forms } }),
        Package: [
          {
            ...(returns && { Description: goods }),
            Packaging: { Code: '02' },
            ...packageOf(shipment, home),
            ...(marksPackage(shipment) && { ReferenceNumber }),
          },
        ],
      },
      LabelSpecification: labelSpecification(settings.labelFormat === 'ZPL' ? 'ZPL' : 'GIF'),
    },
  };
  return JSON.stringify(body);
}

/** How a label is to be made. Shipping makes no PDF; only recovery does. */
export function labelSpecification(format: Settings['labelFormat']) {
  return {
    LabelImageFormat: { Code: format },
    // GIF is drawn for a browser, whose name UPS wants to know.
    ...(format === 'GIF' && { HTTPUserAgent: 'Mozilla/4.5' }),
    LabelStockSize: { Height: '6', Width: '4' },
  };
}

/** The account pays for the way, and for duties where the seller has promised to. */
function chargesOf({ customs }: Shipment, { accountNumber }: Settings) {
  const BillShipper = { AccountNumber: accountNumber };
  return [{ Type: '01', BillShipper }, ...(customs?.terms === 'DDP' ? [{ Type: '02', BillShipper }] : [])];
}

/** From the US to Canada and Puerto Rico the total stands beside the forms too. */
function needsInvoiceTotal({ from, to, returns }: Shipment): boolean {
  return from.country === 'US' && (to.country === 'CA' || to.country === 'PR') && !returns;
}

/** What the goods are worth: at least one whole unit of the currency, as UPS wants it. */
export function invoiceTotalOf({ value, currency }: Pick<Shipment, 'value' | 'currency'>) {
  const printed = printMoney(value, currency);
  return { CurrencyCode: currency, MonetaryValue: /^0(\.|$)/.test(printed) ? '1' : printed };
}

function requirePhones({ from, to }: Shipment): void {
  for (const [field, { phone = '' }] of Object.entries({ from, to }))
    if (!/\d/.test(phone))
      throw new Rejected('carrier.phone-missing', `UPS wants a telephone number of both sides of a parcel that passes customs, and ${field}.phone has none; add it.`, {
        seen: `${field}.phone`,
      });
}
