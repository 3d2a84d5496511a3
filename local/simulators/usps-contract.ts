import * as z from 'zod';

// What the published documents of USPS say of requests, with nothing beside it: https://developers.usps.com/apis

const STATE =
  /^(AA|AE|AL|AK|AP|AS|AZ|AR|CA|CO|CT|DE|DC|FM|FL|GA|GU|HI|ID|IL|IN|IA|KS|KY|LA|ME|MH|MD|MA|MI|MN|MS|MO|MP|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PW|PA|PR|RI|SC|SD|TN|TX|UT|VT|VI|VA|WA|WV|WI|WY)$/;
const short = z.string().min(1).max(50);
const positive = z.number().positive();
const Zip = z.string().regex(/^\d{5}$/);
const Mid = z.string().regex(/^(\d{6}|\d{9})$/);

const Person = { firstName: short.optional(), lastName: short.optional(), firm: z.string().max(50).optional() };
const hasName = ({ firstName, lastName, firm }: { firstName?: string | undefined; lastName?: string | undefined; firm?: string | undefined }) =>
  (firstName !== undefined && lastName !== undefined) || (firm ?? '') !== '';
const NAMELESS = { error: 'The first and last name or the firm are required.' };

const Street = { streetAddress: short, secondaryAddress: z.string().max(50).optional(), city: z.string().min(1).max(28) };
const domesticShape = {
  ...Person,
  ...Street,
  state: z.string().regex(STATE),
  ZIPCode: Zip,
  ZIPPlus4: z
    .string()
    .regex(/^\d{4}$/)
    .optional(),
};
const DomesticAddress = z.strictObject({ ...domesticShape, ignoreBadAddress: z.boolean().optional() }).refine(hasName, NAMELESS);
const ForeignAddress = z
  .strictObject({
    ...Person,
    ...Street,
    province: z.string().max(40).optional(),
    postalCode: z.string().max(11).optional(),
    country: z.string().min(1),
    countryISOAlpha2Code: z.string().regex(/^[A-Z]{2}$/),
    phone: z
      .string()
      .regex(/^\+?[1-9][0-9]{7,14}$|^[0-9]{6,15}$/)
      .optional(),
  })
  .refine(hasName, NAMELESS);

const Measures = { weight: positive.max(70), length: positive, width: positive, height: positive };
const Package = {
  ...Measures,
  weightUOM: z.literal('lb'),
  dimensionsUOM: z.literal('in'),
  rateIndicator: z.string().length(2),
  processingCategory: z.enum(['LETTERS', 'FLATS', 'MACHINABLE', 'NONSTANDARD']),
  extraServices: z.array(z.int().min(365).max(991)).max(5).optional(),
};
const reference = z.string().min(1).max(30);
const References = z.array(z.strictObject({ referenceNumber: reference, printReferenceNumber: z.boolean().optional() })).max(4);
const OutboundPackage = z.strictObject({
  ...Package,
  mailClass: z.enum(['USPS_GROUND_ADVANTAGE', 'PRIORITY_MAIL', 'PRIORITY_MAIL_EXPRESS', 'PARCEL_SELECT', 'MEDIA_MAIL', 'LIBRARY_MAIL', 'BOUND_PRINTED_MATTER']),
  mailingDate: z.iso.date(),
  destinationEntryFacilityType: z.literal('NONE'),
  packageOptions: z.strictObject({ contentType: z.enum(['HAZMAT', 'PERISHABLE']).optional() }).optional(),
  customerReference: References.optional(),
});
const ReturnPackage = z.strictObject({
  ...Package,
  mailClass: z.enum(['PRIORITY_MAIL_EXPRESS_RETURN_SERVICE', 'PRIORITY_MAIL_RETURN_SERVICE', 'USPS_GROUND_ADVANTAGE_RETURN_SERVICE']),
  customerReference: References.optional(),
  packageOptions: z.strictObject({ contentType: z.enum(['HAZMAT', 'PERISHABLE']).optional() }).optional(),
});
const ForeignPackage = z.strictObject({
  ...Package,
  mailClass: z.enum(['FIRST-CLASS_PACKAGE_INTERNATIONAL_SERVICE', 'PRIORITY_MAIL_INTERNATIONAL', 'PRIORITY_MAIL_EXPRESS_INTERNATIONAL']),
  rateIndicator: z.enum(['E4', 'E6', 'FA', 'FB', 'FE', 'FP', 'FS', 'PA', 'PL', 'SP']),
  mailingDate: z.iso.date(),
  destinationEntryFacilityType: z.enum(['NONE', 'INTERNATIONAL_SERVICE_CENTER']),
  packageOptions: z.strictObject({ nonDeliveryOption: z.enum(['RETURN', 'REDIRECT', 'ABANDON']).optional() }).optional(),
  customerReference: z
    .array(z.strictObject({ referenceNumber: reference }))
    .max(2)
    .optional(),
});

const NO_DESCRIPTION = /^(none|not applicable|n\/a|null|gift|merchandise)$/i;
const CustomsForm = z.strictObject({
  customsContentType: z.enum(['MERCHANDISE', 'GIFT', 'DOCUMENT', 'COMMERCIAL_SAMPLE', 'RETURNED_GOODS', 'OTHER']),
  AESITN: z.string().min(1).max(35),
  invoiceNumber: z.string().min(1).max(15).optional(),
  contents: z
    .array(
      z.strictObject({
        itemDescription: z
          .string()
          .min(1)
          .max(30)
          .refine((text) => !NO_DESCRIPTION.test(text), { error: 'The item description is not valid.' }),
        itemQuantity: z.int().min(1).max(9999),
        itemTotalValue: z.number().min(0.01).max(999_999.99),
        itemTotalWeight: positive,
        weightUOM: z.literal('lb'),
        HSTariffNumber: z
          .string()
          .regex(/^\.*(?:[A-Za-z\d]\.*){6,14}$/)
          .optional(),
        countryofOrigin: z.string().regex(/^[A-Z]{2}$/),
      }),
    )
    .min(1)
    .max(30),
});

const Image = { imageType: z.enum(['PDF', 'PNG', 'GIF', 'ZPL203DPI']), labelType: z.literal('4X6LABEL') };
const DomesticImage = z.strictObject({ ...Image, receiptOption: z.literal('NONE').optional() });
const ForeignImage = z.strictObject({ ...Image, imageType: z.enum(['PDF', 'ZPL203DPI']) });

const drawable = { error: 'Labels with customs forms only support the formats PDF and ZPL.' };

/** The body of each call that buys a label, by its path. */
export const LABEL_REQUESTS = {
  '/labels/v3/label': z
    .strictObject({ imageInfo: DomesticImage, toAddress: DomesticAddress, fromAddress: DomesticAddress, packageDescription: OutboundPackage, customsForm: CustomsForm.optional() })
    .refine(({ imageInfo, customsForm }) => customsForm === undefined || /PDF|ZPL/.test(imageInfo.imageType), drawable),
  '/labels/v3/return-label': z.strictObject({ imageInfo: DomesticImage, toAddress: DomesticAddress, fromAddress: DomesticAddress, packageDescription: ReturnPackage }),
  '/international-labels/v3/international-label': z
    .strictObject({ imageInfo: ForeignImage, toAddress: ForeignAddress, fromAddress: DomesticAddress, packageDescription: ForeignPackage, customsForm: CustomsForm })
    .refine(({ customsForm, packageDescription }) => customsForm.contents.reduce((sum, item) => sum + item.itemTotalWeight, 0) <= packageDescription.weight, {
      error: 'The items weigh more than the package.',
    }),
} as const;

const AnyName = { firstName: z.string().optional(), lastName: z.string().optional(), firm: z.string().optional() };

/** What each of those bodies has in common. */
export const AnyLabel = z.object({
  imageInfo: z.object({ imageType: z.string() }),
  toAddress: z.object({
    ...AnyName,
    streetAddress: z.string(),
    secondaryAddress: z.string().optional(),
    city: z.string(),
    state: z.string().optional(),
    ZIPCode: z.string().optional(),
    province: z.string().optional(),
    postalCode: z.string().optional(),
    country: z.string().optional(),
    countryISOAlpha2Code: z.string().optional(),
  }),
  fromAddress: z.object({ ...AnyName, ZIPCode: z.string() }),
  packageDescription: z.object({
    mailClass: z.string(),
    rateIndicator: z.string(),
    processingCategory: z.string(),
    weight: z.number(),
    length: z.number(),
    mailingDate: z.string().optional(),
    extraServices: z.array(z.number()).optional(),
    customerReference: z.array(z.object({ referenceNumber: z.string() })).optional(),
  }),
});
export type AnyLabel = z.infer<typeof AnyLabel>;

export const ReprintRequest = z.strictObject({ imageInfo: z.strictObject({ ...Image }) });

const PricingOptions = z
  .array(
    z
      .strictObject({
        priceType: z.enum(['RETAIL', 'COMMERCIAL', 'CONTRACT']),
        paymentAccount: z.strictObject({ accountType: z.enum(['EPS', 'PERMIT', 'MID']), accountNumber: z.string(), CRID: z.string().optional() }).optional(),
      })
      .refine(({ priceType, paymentAccount }) => priceType !== 'CONTRACT' || paymentAccount !== undefined, { error: 'paymentAccount is required.' }),
  )
  .min(1);
const OptionsPackage = { ...Measures, mailingDate: z.iso.date().optional(), extraServices: z.array(z.int()).max(5).optional() };

export const OptionsRequest = z.union([
  z.strictObject({
    pricingOptions: PricingOptions,
    originZIPCode: Zip,
    destinationZIPCode: Zip,
    destinationEntryFacilityType: z.literal('NONE').optional(),
    packageDescription: z.strictObject({ ...OptionsPackage, mailClass: z.enum(['ALL_OUTBOUND', 'ALL_RETURNS']) }),
  }),
  z.strictObject({
    pricingOptions: PricingOptions,
    originZIPCode: Zip,
    foreignPostalCode: z.string().max(11).optional(),
    destinationCountryCode: z.string().regex(/^[A-Z]{2}$/),
    packageDescription: z.strictObject({ ...OptionsPackage, mailClass: z.literal('ALL') }),
  }),
]);
export type OptionsRequest = z.infer<typeof OptionsRequest>;

export const TokenRequest = z.strictObject({ client_id: z.string(), client_secret: z.string(), grant_type: z.literal('client_credentials'), scope: z.string().optional() });

const Crid = z.string().min(2).max(18);
const Account = z.union([
  z.strictObject({ roleName: z.enum(['PAYER', 'RATE_HOLDER']), CRID: Crid, accountType: z.literal('EPS'), accountNumber: z.string() }),
  z.strictObject({ roleName: z.enum(['PAYER', 'RATE_HOLDER']), CRID: Crid, accountType: z.literal('PERMIT'), permitNumber: z.string(), permitZIP: Zip }),
]);
const Owner = z.strictObject({ roleName: z.literal('LABEL_OWNER'), CRID: Crid, MID: Mid, manifestMID: Mid });
export const PaymentRequest = z
  .strictObject({ roles: z.array(z.union([Account, Owner])).min(1) })
  .refine(({ roles }) => ['PAYER', 'LABEL_OWNER'].every((name) => roles.some(({ roleName }) => roleName === name)), { error: 'PAYER and LABEL_OWNER are required.' });

export const ScanFormRequest = z.strictObject({
  imageInfo: z.strictObject({ imageType: z.enum(['PDF', 'PNG', 'NONE']).optional(), labelType: z.enum(['8.5X11LABEL', '4X6LABEL']).optional() }).optional(),
  mailingDate: z.iso.date(),
  overwriteMailingDate: z.boolean().optional(),
  entryFacilityZIPCode: Zip,
  destinationEntryFacilityType: z.literal('NONE'),
  shipment: z.strictObject({ trackingNumbers: z.array(z.string()).min(1).max(40_000) }),
  fromAddress: DomesticAddress,
});

export const PickupBody = z.strictObject({
  pickupDate: z.iso.date(),
  pickupAddress: z.strictObject({
    firstName: short,
    lastName: short,
    firm: z.string().max(50).optional(),
    address: z.strictObject({ ...Street, state: z.string().regex(STATE), ZIPCode: Zip, ZIPPlus4: z.string().optional() }),
    contact: z
      .array(z.union([z.strictObject({ email: z.email().max(50) }), z.strictObject({ cellNumber: z.string().regex(/^\d{10}$/) })]))
      .min(1)
      .max(2),
  }),
  packages: z
    .array(
      z.strictObject({
        packageType: z.enum(['PRIORITY_MAIL_EXPRESS', 'PRIORITY_MAIL', 'RETURNS', 'USPS_GROUND_ADVANTAGE', 'INTERNATIONAL', 'OTHER']),
        packageCount: z.int().min(1),
      }),
    )
    .min(1),
  estimatedWeight: positive,
  pickupLocation: z
    .strictObject({
      packageLocation: z.enum(['FRONT_DOOR', 'BACK_DOOR', 'SIDE_DOOR', 'KNOCK_ON_DOOR', 'MAIL_ROOM', 'OFFICE', 'PORCH', 'RECEPTION', 'MAILBOX', 'OTHER']),
      specialInstructions: z.string().optional(),
    })
    .refine(({ packageLocation, specialInstructions }) => packageLocation !== 'OTHER' || (specialInstructions ?? '') !== '', { error: 'specialInstructions are required.' }),
});

export const AddressQuery = z.strictObject({
  firm: z.string().max(50).optional(),
  streetAddress: z.string().min(1),
  secondaryAddress: z.string().optional(),
  city: z.string().optional(),
  state: z.string().regex(STATE),
  ZIPCode: Zip.optional(),
  ZIPPlus4: z
    .string()
    .regex(/^\d{4}$/)
    .optional(),
});

export const SubscriptionRequest = z.strictObject({
  listenerURL: z.url(),
  secret: z.string().length(32),
  adminNotification: z.array(z.strictObject({ email: z.email() })).optional(),
  filterProperties: z.strictObject({ MID: Mid, trackingEventTypes: z.tuple([z.literal('ALL_UPDATES')]) }),
});
