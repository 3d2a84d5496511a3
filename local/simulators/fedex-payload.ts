import type { RawAddress, ShipRequest } from './fedex-requests.ts';
import type { Journey } from './journey.ts';
import { labelPdf, labelPng, labelZpl } from './label-document.ts';

/** A scan in FedEx's codes. */
interface FedexScan {
  readonly derived: string;
  readonly type: string;
  readonly words: string;
  readonly exception?: string;
}

const LABEL: FedexScan = { derived: 'OC', type: 'OC', words: 'Shipment information sent to FedEx' };
const MOVING: FedexScan = { derived: 'PU', type: 'PU', words: 'Picked up' };
const LATE: FedexScan = { derived: 'DY', type: 'DY', words: 'Delay' };
const TROUBLE: FedexScan = { derived: 'DE', type: 'DE', words: 'Delivery exception', exception: 'Incorrect address' };
const OUT: FedexScan = { derived: 'OD', type: 'OD', words: 'On FedEx vehicle for delivery' };
const THERE: FedexScan = { derived: 'DL', type: 'DL', words: 'Delivered' };
const BACK: FedexScan = { derived: 'RS', type: 'RS', words: 'Returning package to shipper' };
export const CANCELLED: FedexScan = { derived: 'CA', type: 'CA', words: 'Shipment cancelled by sender' };

/** What each journey says, in order; the first is said when the label is bought. */
export const FEDEX_JOURNEYS: Readonly<Record<Journey, readonly FedexScan[]>> = {
  plain: [LABEL, MOVING, OUT, THERE],
  delayed: [LABEL, MOVING, LATE, OUT, THERE],
  exception: [LABEL, MOVING, TROUBLE, OUT, THERE],
  returned: [LABEL, MOVING, BACK],
  kept: [LABEL],
};

/** A parcel as the Track API and the webhook tell of it. */
export interface FedexParcel {
  readonly trackingNumber: string;
  readonly company: string;
  readonly service: string;
  readonly reference: string;
  /** Newest first, each with its time in milliseconds since 1970. */
  readonly scans: readonly { readonly scan: FedexScan; readonly at: number }[];
}

/** One result of the Track API. https://developer.fedex.com/api/en-us/catalog/track/v1/docs.html */
export function trackResult({ trackingNumber, company, service, reference, scans }: FedexParcel) {
  const latest = scans[0]?.scan;
  return {
    trackingNumberInfo: { trackingNumber, carrierCode: company, trackingNumberUniqueId: `12026~${trackingNumber}~FDEG` },
    additionalTrackingInfo: {
      nickname: '',
      hasAssociatedShipments: false,
      packageIdentifiers: [{ type: 'CUSTOMER_REFERENCE', values: [reference], trackingNumberUniqueId: '', carrierCode: '' }],
    },
    serviceDetail: { type: service, description: service, shortDescription: '' },
    latestStatusDetail: { code: latest?.derived ?? '', derivedCode: latest?.derived ?? '', statusByLocale: latest?.words ?? '', description: latest?.words ?? '' },
    scanEvents: scans.map(({ scan, at }) => ({
      date: zoned(at),
      eventType: scan.type,
      eventDescription: scan.words,
      exceptionCode: scan.exception === undefined ? '' : '08',
      exceptionDescription: scan.exception ?? '',
      scanLocation: { streetLines: [''], city: 'MEMPHIS', stateOrProvinceCode: 'TN', postalCode: '38118', countryCode: 'US', residential: false },
      locationId: 'MEMH',
      locationType: 'FEDEX_FACILITY',
      derivedStatusCode: scan.derived,
      derivedStatus: scan.words,
    })),
    returnDetail: {},
  };
}

/**
 * What the webhook posts: the Track API's shape around what is new.
 * https://developer.fedex.com/api/content/dam/fedex-com/irc/documentation/TestWebhookOutputVO_VB3%203.json
 */
export function webhookBody(parcel: FedexParcel): Buffer {
  const output = { completeTrackResults: [{ trackingNumber: parcel.trackingNumber, trackResults: [trackResult(parcel)] }] };
  return Buffer.from(JSON.stringify({ transactionId: `sim-${parcel.trackingNumber}`, outputMetaData: [], output }));
}

/** Whole seconds in Memphis's winter; rounded up, so that no scan seems to come before what caused it. */
function zoned(at: number): string {
  const hours = 6;
  const local = new Date(Math.ceil(at / 1000) * 1000 - hours * 3_600_000);
  return local.toISOString().replace('.000Z', `-0${hours}:00`);
}

/** A label of the format that is asked for, as base64. */
function encodedLabel(imageType: string, trackingNumber: string, reference: string): string {
  const lines = ['FEDEX LABEL (simulated)', trackingNumber, `Reference ${reference}`];
  const draw = imageType === 'PDF' ? labelPdf : labelZpl;
  return (imageType === 'PNG' ? labelPng(trackingNumber) : draw(lines)).toString('base64');
}

/** The answer to a purchase. https://developer.fedex.com/api/en-us/catalog/ship/v1/docs.html */
export function shipAnswer({ requestedShipment: shipment }: ShipRequest, label: { trackingNumber: string; company: string; reference: string; cost: string; currency: string }) {
  const { trackingNumber, company, reference, cost, currency } = label;
  const { imageType } = shipment.labelSpecification;
  const amount = JSON.rawJSON(cost);
  const invoice = {
    contentType: 'COMMERCIAL_INVOICE',
    copiesToPrint: 3,
    docType: 'PDF',
    encodedLabel: labelPdf(['COMMERCIAL INVOICE (simulated)', trackingNumber]).toString('base64'),
  };
  return {
    transactionId: `sim-${trackingNumber}`,
    customerTransactionId: reference,
    output: {
      transactionShipments: [
        {
          masterTrackingNumber: trackingNumber,
          serviceType: shipment.serviceType,
          shipDatestamp: shipment.shipDatestamp,
          serviceName: shipment.serviceType,
          pieceResponses: [
            {
              masterTrackingNumber: trackingNumber,
              trackingNumber,
              netChargeAmount: amount,
              currency,
              packageDocuments: [{ contentType: 'LABEL', copiesToPrint: 1, docType: imageType, encodedLabel: encodedLabel(imageType, trackingNumber, reference) }],
              customerReferences: [],
            },
          ],
          ...(shipment.customsClearanceDetail !== undefined && { shipmentDocuments: [invoice] }),
          completedShipmentDetail: {
            usDomestic: true,
            carrierCode: company,
            masterTrackingId: { trackingIdType: 'FEDEX', formId: '', trackingNumber },
            shipmentRating: {
              actualRateType: 'PAYOR_ACCOUNT_PACKAGE',
              shipmentRateDetails: [{ rateType: 'PAYOR_ACCOUNT_PACKAGE', rateZone: '5', totalNetCharge: amount, totalNetFedExCharge: amount, currency }],
            },
          },
        },
      ],
    },
  };
}

const STREETS_KNOWN = new Set(['US', 'CA', 'DE', 'GB', 'FR']);

/** How FedEx resolves an address: in capitals, with a ZIP+4, one slip of the pen mended; a street without a number is not found. */
export function resolvedAddress({ streetLines, city, stateOrProvinceCode = '', postalCode = '', countryCode }: RawAddress) {
  const known = STREETS_KNOWN.has(countryCode);
  const found = known && /\d/.test(streetLines.join(' '));
  const addOn = countryCode === 'US' && /^\d{5}$/.test(postalCode) ? '0042' : '';
  return {
    streetLinesToken: streetLines.map((line) => line.toUpperCase().replace(/\bMIAN\b/, 'MAIN')),
    city: city.toUpperCase(),
    stateOrProvinceCode,
    countryCode,
    customerMessages: found || !known ? [] : [{ code: 'PARTIAL.STREET.MATCH', message: 'A street number is required.' }],
    parsedPostalCode: { base: postalCode, addOn, deliveryPoint: '' },
    classification: 'UNKNOWN',
    attributes: {
      CountrySupported: String(known),
      Resolved: String(found),
      Matched: String(found),
      DPV: String(found),
      AddressType: !known ? 'RAW' : found ? 'STANDARDIZED' : 'NORMALIZED',
      ResolutionInput: 'RAW_ADDRESS',
      DataVintage: 'October 2026',
    },
  };
}
