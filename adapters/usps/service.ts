import type { Rate } from '../../core/shipment.ts';

/** What a label must say to be sold at the price that was named for it. */
export interface RateParts {
  readonly mailClass: string;
  readonly rateIndicator: string;
  readonly processingCategory: string;
  readonly destinationEntryFacilityType: string;
}

/** The kinds of labels: each has an API path of its own, and one body. */
export type LabelKind = 'domestic' | 'return' | 'international';

/** Where the labels of a kind are bought and taken back, and where they are printed again. */
export const PATHS: Readonly<Record<LabelKind, { readonly buy: string; readonly cancel: string; readonly reprint: string }>> = {
  domestic: { buy: '/labels/v3/label', cancel: '/labels/v3/label', reprint: '/labels/v3/label-reprint' },
  return: { buy: '/labels/v3/return-label', cancel: '/labels/v3/label', reprint: '/labels/v3/label-reprint' },
  international: {
    buy: '/international-labels/v3/international-label',
    cancel: '/international-labels/v3/international-label',
    reprint: '/international-labels/v3/international-label-reprint',
  },
};

/** The kind of label that a mail class is sold as. */
export function kindOf(mailClass: string): LabelKind {
  if (mailClass.includes('INTERNATIONAL')) return 'international';
  return mailClass.endsWith('_RETURN_SERVICE') ? 'return' : 'domestic';
}

/** The kind of label by its number: those that leave the country have the form of the Universal Postal Union. */
export function kindOfNumber(trackingNumber: string): LabelKind {
  return /^[A-Z]{2}\d{9}US$/.test(trackingNumber) ? 'international' : 'domestic';
}

/** The name of a rate: all that a label needs to be sold at its price. */
export function rateIdOf({ rateIndicator, processingCategory, destinationEntryFacilityType }: Omit<RateParts, 'mailClass'>): string {
  return `${rateIndicator}/${processingCategory}/${destinationEntryFacilityType}`;
}

/** What a rate's name says; a rate that USPS did not name itself, as one from a tariff, is for a single parcel that machines can sort. */
export function partsOfRate({ rateId, service }: Pick<Rate, 'rateId' | 'service'>): RateParts {
  const [, rateIndicator, processingCategory, destinationEntryFacilityType] = /^([A-Z0-9]{2})\/([A-Z_]{1,30})\/([A-Z_]{1,60})$/.exec(rateId) ?? [];
  if (rateIndicator !== undefined && processingCategory !== undefined && destinationEntryFacilityType !== undefined)
    return { mailClass: service, rateIndicator, processingCategory, destinationEntryFacilityType };
  const single = service.startsWith('PRIORITY_MAIL_EXPRESS') ? 'PA' : 'SP';
  return { mailClass: service, rateIndicator: single, processingCategory: 'MACHINABLE', destinationEntryFacilityType: 'NONE' };
}
