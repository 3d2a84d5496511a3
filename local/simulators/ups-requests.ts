import * as z from 'zod';

/** What UPS takes in its requests: fields it does not know and texts that are too long are refused. https://github.com/UPS-API/api-documentation */

const text = (max: number, min = 1) => z.string().min(min).max(max);
/** Only its presence counts. */
const indicator = z.string();
const code = (length: number) => z.string().length(length);
const Account = z.string().regex(/^[A-Z0-9]{6}$/);
const Country = z.string().regex(/^[A-Z]{2}$/);
const Day = z.string().regex(/^\d{8}$/);
const Phone = z.strictObject({ Number: z.string().regex(/^\d{1,15}$/), Extension: text(4).optional() });

const Address = z
  .strictObject({
    AddressLine: z.array(text(35)).min(1).max(3),
    City: text(30),
    StateProvinceCode: text(5).optional(),
    PostalCode: text(9).optional(),
    CountryCode: Country,
    ResidentialAddressIndicator: indicator.optional(),
  })
  .refine(({ CountryCode, StateProvinceCode }) => !['US', 'CA', 'VN'].includes(CountryCode) || StateProvinceCode !== undefined, { error: 'StateProvinceCode is missing' })
  .refine(({ CountryCode, PostalCode = '' }) => !['US', 'PR'].includes(CountryCode) || /^\d{5}(\d{4})?$/.test(PostalCode), { error: 'PostalCode must have 5 or 9 digits' });
const Party = z.strictObject({ Name: text(35), AttentionName: text(35).optional(), Phone: Phone.optional(), Address });
const Shipper = z.strictObject({ ...Party.shape, ShipperNumber: Account });
const Unit = z.strictObject({ Code: text(3), Description: text(35).optional() });
const Measure = z.string().regex(/^[1-9]\d{0,2}$/, 'must be a whole number of up to three digits');
const Dimensions = z.strictObject({ UnitOfMeasurement: Unit, Length: Measure, Width: Measure, Height: Measure });
const Weight = z.strictObject({ UnitOfMeasurement: Unit, Weight: z.string().regex(/^(?=.{1,5}$)\d+(\.\d)?$/) });
const Charges = z.strictObject({ ShipmentCharge: z.array(z.strictObject({ Type: z.enum(['01', '02']), BillShipper: z.strictObject({ AccountNumber: Account }) })).min(1) });
const Total = z.strictObject({ CurrencyCode: code(3), MonetaryValue: text(11) });
const RatingOptions = z.strictObject({ NegotiatedRatesIndicator: indicator.optional() });
const Reference = z.array(z.strictObject({ Code: code(2).optional(), Value: text(35) })).max(5);
const TransactionReference = z.strictObject({ CustomerContext: text(512) }).optional();
const ReturnService = z.strictObject({ Code: z.enum(['2', '3', '5', '8', '9']) });

export const RateInput = z.strictObject({
  RateRequest: z.strictObject({
    Request: z.strictObject({ RequestOption: text(20), TransactionReference }),
    Shipment: z.strictObject({
      Shipper: Shipper.omit({ Phone: true }),
      ShipTo: Party.omit({ Phone: true }),
      ShipFrom: Party.omit({ Phone: true }),
      PaymentDetails: Charges,
      ShipmentTotalWeight: Weight.optional(),
      InvoiceLineTotal: Total.optional(),
      Package: z.array(z.strictObject({ PackagingType: z.strictObject({ Code: code(2) }), Dimensions: Dimensions.optional(), PackageWeight: Weight })).length(1),
      ShipmentServiceOptions: z.strictObject({ ReturnService }).optional(),
      ShipmentRatingOptions: RatingOptions.optional(),
      DeliveryTimeInformation: z.strictObject({ PackageBillType: z.enum(['02', '03', '04', '07']), Pickup: z.strictObject({ Date: Day }) }),
    }),
  }),
});

const Product = z.strictObject({
  Description: z.array(text(35)).min(1).max(3),
  Unit: z.strictObject({ Number: z.string().regex(/^\d{1,7}$/), UnitOfMeasurement: Unit, Value: z.string().regex(/^(?=.{1,19}$)\d+(\.\d{1,6})?$/) }),
  CommodityCode: z.string().regex(/^[A-Za-z0-9]{6,15}$/),
  PartNumber: text(35),
  OriginCountryCode: Country,
});
const Forms = z.strictObject({
  FormType: z.array(z.enum(['01', '05'])).length(1),
  InvoiceNumber: text(35),
  InvoiceDate: Day,
  ReasonForExport: text(20),
  CurrencyCode: code(3),
  TermsOfShipment: z.enum(['CFR', 'CIF', 'CIP', 'CPT', 'DAF', 'DDP', 'DDU', 'DEQ', 'DES', 'EXW', 'FAS', 'FCA', 'FOB']),
  Contacts: z.strictObject({ SoldTo: z.strictObject({ Name: text(35), AttentionName: text(35), Phone: Phone.optional(), Address }) }),
  Product: z.array(Product).min(1).max(50),
});
const LabelFormat = z.enum(['GIF', 'ZPL', 'EPL', 'SPL']);
const Stock = z.strictObject({ Height: z.enum(['6', '8']), Width: z.literal('4') });

export const ShipInput = z.strictObject({
  ShipmentRequest: z.strictObject({
    Request: z.strictObject({ RequestOption: z.enum(['validate', 'nonvalidate']), TransactionReference }),
    Shipment: z.strictObject({
      Description: text(50).optional(),
      ReturnService: ReturnService.optional(),
      Shipper,
      ShipTo: Party,
      ShipFrom: Party.optional(),
      PaymentInformation: Charges,
      ShipmentRatingOptions: RatingOptions.optional(),
      ReferenceNumber: Reference.optional(),
      Service: z.strictObject({ Code: code(2) }),
      InvoiceLineTotal: Total.optional(),
      ShipmentServiceOptions: z.strictObject({ InternationalForms: Forms.optional() }).optional(),
      Package: z
        .array(
          z.strictObject({
            Description: text(35).optional(),
            Packaging: z.strictObject({ Code: code(2) }),
            Dimensions: Dimensions.optional(),
            PackageWeight: Weight,
            ReferenceNumber: Reference.optional(),
          }),
        )
        .length(1),
    }),
    LabelSpecification: z.strictObject({ LabelImageFormat: z.strictObject({ Code: LabelFormat }), HTTPUserAgent: text(64).optional(), LabelStockSize: Stock }),
  }),
});
export type ShipmentInput = z.infer<typeof ShipInput>['ShipmentRequest']['Shipment'];

export const RecoveryInput = z.strictObject({
  LabelRecoveryRequest: z.strictObject({
    Request: z.strictObject({}),
    LabelSpecification: z.strictObject({
      LabelImageFormat: z.strictObject({ Code: z.enum(['GIF', 'PDF', 'ZPL', 'EPL', 'SPL']) }),
      HTTPUserAgent: text(64).optional(),
      LabelStockSize: Stock,
    }),
    TrackingNumber: text(18).optional(),
    ReferenceValues: z.strictObject({ ReferenceNumber: z.strictObject({ Value: text(35) }), ShipperNumber: Account }).optional(),
  }),
});

export const PickupInput = z.strictObject({
  PickupCreationRequest: z.strictObject({
    Request: z.strictObject({ TransactionReference }),
    RatePickupIndicator: z.enum(['Y', 'N']),
    Shipper: z.strictObject({ Account: z.strictObject({ AccountNumber: Account, AccountCountryCode: Country }) }),
    PickupDateInfo: z.strictObject({ CloseTime: z.string().regex(/^\d{4}$/), ReadyTime: z.string().regex(/^\d{4}$/), PickupDate: Day }),
    PickupAddress: z.strictObject({
      CompanyName: text(27),
      ContactName: text(22),
      AddressLine: z.array(text(73)).length(1),
      City: text(50),
      StateProvince: text(50).optional(),
      PostalCode: text(8).optional(),
      CountryCode: Country,
      ResidentialIndicator: z.enum(['Y', 'N']),
      Phone: z.strictObject({ Number: text(25) }),
    }),
    AlternateAddressIndicator: z.enum(['Y', 'N']),
    PickupPiece: z
      .array(z.strictObject({ ServiceCode: z.string().regex(/^\d{3}$/), Quantity: z.string().regex(/^[1-9]\d{0,2}$/), DestinationCountryCode: Country, ContainerCode: code(2) }))
      .min(1),
    TotalWeight: z.strictObject({ Weight: z.string().regex(/^\d+(\.\d)?$/), UnitOfMeasurement: z.enum(['LBS', 'KGS']) }),
    OverweightIndicator: z.enum(['Y', 'N']),
    PaymentMethod: z.enum(['00', '01', '03', '04', '05', '06', '07']),
    SpecialInstruction: text(57).optional(),
    ReferenceNumber: text(35).optional(),
    ShippingLabelsAvailable: z.enum(['Y', 'N']).optional(),
  }),
});

export const AddressCheckInput = z.strictObject({
  XAVRequest: z.strictObject({
    Request: z.strictObject({ RequestOption: z.enum(['1', '2', '3']) }),
    AddressKeyFormat: z.strictObject({
      AddressLine: z.array(text(100)).min(1).max(3),
      PoliticalDivision2: text(30),
      PoliticalDivision1: text(30).optional(),
      PostcodePrimaryLow: text(10).optional(),
      PostcodeExtendedLow: text(10).optional(),
      CountryCode: z.enum(['US', 'PR']),
    }),
  }),
});

export const SubscriptionInput = z.strictObject({
  locale: z.literal('en_US'),
  countryCode: Country,
  shipperAccountNumber: Account,
  subAccountType: z.array(z.literal('Outbound')).length(1),
  subscriptionId: text(100),
  clientSubscriptionId: text(100),
});

/** What the schema alone does not say of a shipment: units by the account's country, where the reference stands, what passing a border needs. */
export function faultsOf(shipment: ShipmentInput): string[] {
  const { Shipper: home, ShipTo, ShipFrom = home, Package, ReferenceNumber, ReturnService: comesBack, ShipmentServiceOptions, PaymentInformation, InvoiceLineTotal } = shipment;
  const [parcel] = Package;
  const lane = `${ShipFrom.Address.CountryCode}-${ShipTo.Address.CountryCode}`;
  const [weightUnit, lengthUnit] = ['US', 'PR'].includes(home.Address.CountryCode) ? ['LBS', 'IN'] : ['KGS', 'CM'];
  const isMarked = lane === 'US-US' || lane === 'PR-PR';
  const forms = ShipmentServiceOptions?.InternationalForms;
  const faults: (readonly [boolean, string])[] = [
    [parcel?.PackageWeight.UnitOfMeasurement.Code !== weightUnit, `120070 weights of this account are in ${weightUnit}`],
    [parcel?.Dimensions !== undefined && parcel.Dimensions.UnitOfMeasurement.Code !== lengthUnit, `120072 lengths of this account are in ${lengthUnit}`],
    [!isLongestFirst(parcel?.Dimensions), '120073 Length must be the longest side'],
    [ReferenceNumber !== undefined && isMarked, '120541 Shipment/ReferenceNumber is not allowed for this shipment'],
    [parcel?.ReferenceNumber !== undefined && !isMarked, '120541 Package/ReferenceNumber is not allowed for this shipment'],
    [forms !== undefined && (shipment.Description ?? '') === '', '120512 a description of the goods is missing'],
    [forms !== undefined && (ShipTo.AttentionName === undefined || ShipTo.Phone === undefined), '120217 ShipTo needs AttentionName and Phone'],
    [forms !== undefined && forms.FormType[0] !== (comesBack === undefined ? '01' : '05'), '128010 this form does not go with this shipment'],
    [(lane === 'US-CA' || lane === 'US-PR') && comesBack === undefined && InvoiceLineTotal === undefined, '120360 InvoiceLineTotal is missing'],
    [comesBack !== undefined && parcel?.Description === undefined, '120216 a return needs a description of its package'],
    [PaymentInformation.ShipmentCharge.some(({ BillShipper }) => BillShipper.AccountNumber !== home.ShipperNumber), '120410 BillShipper is not the shipper'],
  ];
  return faults.filter(([broken]) => broken).map(([, fault]) => fault);
}

function isLongestFirst(box: z.infer<typeof Dimensions> | undefined): boolean {
  return box === undefined || Number(box.Length) >= Math.max(Number(box.Width), Number(box.Height));
}
