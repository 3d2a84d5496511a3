import * as z from 'zod';

/** What FedEx takes, in the fields that the hub sends: anything else is a breach of contract. https://developer.fedex.com/api/en-us/catalog.html */

const Account = z.strictObject({ value: z.string().regex(/^\d{1,9}$/) });
const Day = z.iso.date();
const STATES = new Set(['US', 'CA', 'PR']);

const Place = z.strictObject({
  city: z.string().min(1).max(35),
  stateOrProvinceCode: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional(),
  postalCode: z.string().min(1).max(10).optional(),
  countryCode: z.string().regex(/^[A-Z]{2}$/),
  residential: z.boolean(),
});

function statesItsState({ countryCode, stateOrProvinceCode }: { readonly countryCode: string; readonly stateOrProvinceCode?: string | undefined }): boolean {
  return !STATES.has(countryCode) || stateOrProvinceCode !== undefined;
}

const NO_STATE = { error: 'stateOrProvinceCode is required in US, CA and PR' };

const Party = z.strictObject({
  contact: z.strictObject({ personName: z.string().min(1).max(70), companyName: z.string().min(1).max(35).optional(), phoneNumber: z.string().regex(/^\d{10,15}$/) }),
  address: Place.extend({ streetLines: z.array(z.string().min(1).max(35)).min(1).max(3) }).refine(statesItsState, NO_STATE),
});
export type Party = z.infer<typeof Party>;

const Weight = z.strictObject({ units: z.enum(['LB', 'KG']), value: z.number().positive() });
const Side = z.int().min(1).max(999);
const Box = z.strictObject({ weight: Weight, dimensions: z.strictObject({ length: Side, width: Side, height: Side, units: z.enum(['IN', 'CM']) }).optional() });
const Money = z.strictObject({ amount: z.number().min(0), currency: z.string().length(3) });
const Payment = z.strictObject({
  paymentType: z.enum(['SENDER', 'RECIPIENT', 'THIRD_PARTY', 'COLLECT']),
  payor: z.strictObject({ responsibleParty: z.strictObject({ accountNumber: Account }) }).optional(),
});
const Commodity = z.strictObject({
  description: z.string().min(1).max(450),
  countryOfManufacture: z.string().regex(/^[A-Z]{2}$/),
  harmonizedCode: z.string().regex(/^\d{4,14}$/),
  quantity: z.int().min(1),
  quantityUnits: z.string().min(1),
  numberOfPieces: z.int().min(1).max(9_999),
  partNumber: z.string().min(1),
  unitPrice: Money,
  customsValue: Money,
  weight: Weight,
});
const Commodities = z.array(Commodity).min(1).max(999);
const Special = z.strictObject({
  specialServiceTypes: z.tuple([z.literal('RETURN_SHIPMENT')]),
  returnShipmentDetail: z.strictObject({ returnType: z.literal('PRINT_RETURN_LABEL') }),
});
const HandOver = z.enum(['USE_SCHEDULED_PICKUP', 'DROPOFF_AT_FEDEX_LOCATION', 'CONTACT_FEDEX_TO_SCHEDULE']);

export const RateRequest = z.strictObject({
  accountNumber: Account,
  rateRequestControlParameters: z.strictObject({ returnTransitTimes: z.boolean() }),
  requestedShipment: z.strictObject({
    shipper: z.strictObject({ address: Place.refine(statesItsState, NO_STATE) }),
    recipient: z.strictObject({ address: Place.refine(statesItsState, NO_STATE) }),
    shipDateStamp: Day,
    pickupType: HandOver,
    packagingType: z.literal('YOUR_PACKAGING'),
    rateRequestType: z.array(z.enum(['ACCOUNT', 'LIST', 'PREFERRED', 'INCENTIVE'])).min(1),
    shipmentSpecialServices: Special.optional(),
    customsClearanceDetail: z.strictObject({ dutiesPayment: Payment, commodities: Commodities }).optional(),
    requestedPackageLineItems: z.tuple([Box]),
  }),
});

const Reference = z.strictObject({ customerReferenceType: z.enum(['CUSTOMER_REFERENCE', 'INVOICE_NUMBER', 'P_O_NUMBER']), value: z.string().min(1).max(30) });

export const ShipRequest = z.strictObject({
  labelResponseOptions: z.literal('LABEL'),
  accountNumber: Account,
  requestedShipment: z
    .strictObject({
      shipper: Party,
      recipients: z.tuple([Party]),
      shipDatestamp: Day,
      serviceType: z.string().min(1),
      packagingType: z.literal('YOUR_PACKAGING'),
      pickupType: HandOver,
      blockInsightVisibility: z.boolean(),
      shippingChargesPayment: Payment,
      shipmentSpecialServices: Special.optional(),
      customsClearanceDetail: z
        .strictObject({
          dutiesPayment: Payment,
          isDocumentOnly: z.boolean(),
          totalCustomsValue: Money,
          commercialInvoice: z.strictObject({
            originatorName: z.string().min(1),
            termsOfSale: z.string().length(3),
            shipmentPurpose: z.enum(['SOLD', 'NOT_SOLD', 'GIFT', 'SAMPLE', 'REPAIR_AND_RETURN', 'PERSONAL_EFFECTS']),
            customerReferences: z.array(Reference),
          }),
          commodities: Commodities,
          customsOption: z.strictObject({ type: z.literal('OTHER'), description: z.string().min(1) }).optional(),
        })
        .optional(),
      shippingDocumentSpecification: z
        .strictObject({
          shippingDocumentTypes: z.tuple([z.literal('COMMERCIAL_INVOICE')]),
          commercialInvoiceDetail: z.strictObject({ documentFormat: z.strictObject({ stockType: z.literal('PAPER_LETTER'), docType: z.enum(['PDF', 'PNG']) }) }),
        })
        .optional(),
      labelSpecification: z.strictObject({ imageType: z.enum(['PDF', 'PNG', 'ZPLII', 'EPL2']), labelStockType: z.enum(['PAPER_4X6', 'STOCK_4X6']) }),
      requestedPackageLineItems: z.tuple([Box.extend({ customerReferences: z.array(Reference).min(1) })]),
    })
    .refine(
      ({ requestedPackageLineItems: [box], customsClearanceDetail }) => customsClearanceDetail?.commodities.every(({ weight }) => weight.units === box.weight.units) ?? true,
      {
        error: 'package and commodity weight units must be the same',
      },
    )
    .refine(({ labelSpecification: { imageType, labelStockType } }) => (imageType === 'ZPLII') === (labelStockType === 'STOCK_4X6'), {
      error: 'thermal stock is for printer languages, and paper for pictures',
    }),
});
export type ShipRequest = z.infer<typeof ShipRequest>;

export const CancelRequest = z.strictObject({ accountNumber: Account, trackingNumber: z.string().min(1), deletionControl: z.literal('DELETE_ALL_PACKAGES') });

const Close = { accountNumber: Account, groundServiceCategory: z.literal('GROUND'), closeDate: Day };
export const CloseRequest = z.strictObject({
  closeReqType: z.literal('GCDR'),
  ...Close,
  closeDocumentSpecification: z.strictObject({ closeDocumentTypes: z.array(z.enum(['MANIFEST', 'OP_950'])) }),
});
export const ReprintRequest = z.strictObject({ closeReqType: z.literal('RGCDR'), ...Close, reprintOption: z.literal('BY_TRACKING_NUMBER'), trackingNumber: z.string().min(1) });

export const PickupRequest = z.strictObject({
  associatedAccountNumber: Account,
  originDetail: z.strictObject({
    pickupAddressType: z.enum(['ACCOUNT', 'SHIPPER', 'OTHER']),
    pickupLocation: Party,
    readyDateTimestamp: z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/),
    customerCloseTime: z.string().regex(/^\d{2}:\d{2}:\d{2}$/),
    pickupDateType: z.enum(['SAME_DAY', 'FUTURE_DAY']),
    packageLocation: z.enum(['FRONT', 'NONE', 'REAR', 'SIDE']),
  }),
  totalWeight: z.strictObject({ units: z.literal('LB'), value: z.number().positive() }),
  packageCount: z.int().min(1),
  carrierCode: z.enum(['FDXE', 'FDXG']),
  remarks: z.string().min(1).max(60).optional(),
});
export const CancelPickupRequest = z
  .strictObject({
    associatedAccountNumber: Account,
    pickupConfirmationCode: z.string().min(1),
    carrierCode: z.enum(['FDXE', 'FDXG']),
    scheduledDate: Day,
    location: z.string().min(1).optional(),
  })
  .refine(({ carrierCode, location }) => carrierCode === 'FDXG' || location !== undefined, { error: 'location is required to cancel an Express pickup' });

const RawAddress = z.strictObject({
  streetLines: z.array(z.string().min(1)).min(1),
  city: z.string(),
  stateOrProvinceCode: z.string().optional(),
  postalCode: z.string().optional(),
  countryCode: z.string().length(2),
});
export type RawAddress = z.infer<typeof RawAddress>;
export const ResolveRequest = z.strictObject({
  addressesToValidate: z
    .array(z.strictObject({ address: RawAddress }))
    .min(1)
    .max(100),
});
export const PostalRequest = z.strictObject({
  carrierCode: z.enum(['FDXE', 'FDXG']),
  countryCode: z.string().length(2),
  stateOrProvinceCode: z.string(),
  postalCode: z.string().min(1),
  shipDate: Day,
  checkForMismatch: z.boolean(),
});

export const TrackRequest = z.strictObject({
  includeDetailedScans: z.boolean(),
  trackingInfo: z
    .array(z.strictObject({ trackingNumberInfo: z.strictObject({ trackingNumber: z.string().min(1) }) }))
    .min(1)
    .max(30),
});
export const ReferenceRequest = z.strictObject({
  includeDetailedScans: z.boolean(),
  referencesInformation: z.strictObject({
    value: z.string().min(1),
    accountNumber: z.string().min(1),
    shipDateBegin: Day,
    shipDateEnd: Day,
    shipDateEndDate: Day,
  }),
});
