import { type Dimensions, longestFirst, toInches } from '../../core/dimensions.ts';
import { Rejected } from '../../core/error.ts';
import type { Rate } from '../../core/shipment.ts';
import { type Grams, toPounds } from '../../core/weight.ts';
import type { Shipment } from '../carrier.ts';
import { type DomesticAddress, domestic, foreign, isDomestic, takesCustomsForm } from './address.ts';
import { customsForm } from './customs-form.ts';
import { kindOf, type LabelKind, partsOfRate } from './service.ts';
import type { Settings } from './settings.ts';

const IMAGE_TYPES = { PDF: 'PDF', PNG: 'PNG', GIF: 'GIF', ZPL: 'ZPL203DPI' } as const;
/** Goods in limited quantity that go by ground alone: the one dangerous thing that the hub knows. https://pe.usps.com/text/pub52/pub52c3_019.htm */
export const LIMITED_QUANTITY = 831;

/** How a label is drawn. Customs forms come as PDF or ZPL alone. */
export function imageInfo({ labelFormat }: Settings, kind: LabelKind, hasCustoms: boolean): object {
  const imageType = hasCustoms && labelFormat !== 'ZPL' ? 'PDF' : IMAGE_TYPES[labelFormat];
  return { imageType, labelType: '4X6LABEL', ...(kind !== 'international' && { receiptOption: 'NONE' }) };
}

/** A parcel's weight in pounds, in steps of an ounce, and its sides in inches. @throws Rejected `carrier.dimensions-missing` */
export function measuresOf(weight: Grams, dimensions: Dimensions | null): { readonly weight: number; readonly length: number; readonly width: number; readonly height: number } {
  if (dimensions === null)
    throw new Rejected('carrier.dimensions-missing', 'USPS prices no box that nobody measured; give the measures of the packaging in the client file, or when packing.');
  const { length, width, height } = longestFirst(dimensions);
  return { weight: toPounds(weight, 16), length: toInches(length, 10), width: toInches(width, 10), height: toInches(height, 10) };
}

/**
 * The body of the call that buys a label, byte for byte the same for the same input: USPS repeats its answer to the same key and bytes. The day
 * of mailing is in it, so it is never written anew.
 * @throws Rejected when the shipment cannot be put into USPS's words
 */
export function draft(shipment: Shipment, _carrierRef: string, rate: Rate, settings: Settings): string {
  const { from, to, hazardous } = shipment;
  if (!isDomestic(from)) throw originRefused(from.country);
  const kind = kindOf(rate.service);
  if (hazardous && kind === 'international') throw hazardRefused();
  const form = formOf(shipment, kind, settings);
  const trusted = settings.trustAddresses ? { ignoreBadAddress: true } : {};
  return JSON.stringify({
    imageInfo: imageInfo(settings, kind, form !== undefined),
    toAddress: kind === 'international' ? foreign(to) : { ...domestic(to), ...trusted },
    fromAddress: { ...(kind === 'international' ? named(from) : domestic(from)), ...trusted },
    packageDescription: packageOf(shipment, kind, rate),
    ...(form !== undefined && { customsForm: form }),
  });
}

/** Customs forms want a firm that sends: the name of a person who has none. */
function named(from: Shipment['from']): DomesticAddress {
  const address = domestic(from);
  return { ...address, firm: address.firm ?? from.name.slice(0, 50) };
}

/** USPS collects in the United States alone. */
export function originRefused(country: string): Rejected {
  return new Rejected('carrier.origin-unsupported', `USPS takes parcels in the United States alone, and this one leaves from ${country}; send it with another carrier.`, {
    seen: country,
  });
}

/** Limited quantities go by ground, and there is none across a sea. */
export function hazardRefused(): Rejected {
  return new Rejected('carrier.hazardous-abroad', 'USPS takes no dangerous goods abroad; send this parcel with another carrier.');
}

function formOf({ customs, to }: Shipment, kind: LabelKind, settings: Settings): object | undefined {
  if (kind !== 'international') return customs !== null && takesCustomsForm(to) ? customsForm(customs, to.country, settings) : undefined;
  if (customs === null) throw new Rejected('carrier.customs-missing', 'A label to another country needs a customs form, and nothing is known for one; look at the order.');
  return customsForm(customs, to.country, settings);
}

function packageOf({ reference, weight, dimensions, shipDate, hazardous, customs }: Shipment, kind: LabelKind, rate: Rate): object {
  const { mailClass, rateIndicator, processingCategory, destinationEntryFacilityType } = partsOfRate(rate);
  const abandoned = kind === 'international' && customs?.undeliverable === 'abandon';
  return {
    mailClass,
    rateIndicator,
    weightUOM: 'lb',
    dimensionsUOM: 'in',
    ...measuresOf(weight, dimensions),
    processingCategory,
    // A returned parcel is mailed on a day nobody knows, at a place nobody knows.
    ...(kind !== 'return' && { mailingDate: shipDate, destinationEntryFacilityType }),
    ...(hazardous && { extraServices: [LIMITED_QUANTITY] }),
    ...(hazardous && { packageOptions: { contentType: 'HAZMAT' } }),
    ...(kind === 'international' && { packageOptions: { nonDeliveryOption: abandoned ? 'ABANDON' : 'RETURN' } }),
    customerReference: [{ referenceNumber: reference, ...(kind !== 'international' && { printReferenceNumber: true }) }],
  };
}
