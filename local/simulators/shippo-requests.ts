import * as z from 'zod';

// What Shippo takes, as strictly as it is documented: https://github.com/goshippo/shippo-javascript-sdk/tree/main/src/models/components
// Where a default of Shippo's would surprise (`async`), the field is wanted here.

const line = z.string().min(1).max(200);
const decimal = z.string().regex(/^\d{1,6}(\.\d{1,4})?$/, 'must be a decimal number as text');

export const AddressInput = z.strictObject({
  name: line.optional(),
  company: line.optional(),
  street1: line,
  street2: line.optional(),
  street3: line.optional(),
  city: line,
  state: line.optional(),
  zip: line.optional(),
  country: z.string().regex(/^[A-Z]{2}$/),
  phone: line.optional(),
  email: z.email().optional(),
});
export type AddressInput = z.output<typeof AddressInput>;

const Parcel = z.strictObject({
  length: decimal,
  width: decimal,
  height: decimal,
  distance_unit: z.enum(['cm', 'in', 'ft', 'm', 'mm', 'yd']),
  weight: decimal,
  mass_unit: z.enum(['g', 'kg', 'lb', 'oz']),
});

const CustomsItem = z.strictObject({
  description: line,
  quantity: z.int().min(1),
  net_weight: decimal,
  mass_unit: z.enum(['g', 'kg', 'lb', 'oz']),
  value_amount: z.string().regex(/^\d{1,9}(\.\d{1,3})?$/),
  value_currency: z.string().length(3),
  origin_country: z.string().regex(/^[A-Z]{2}$/),
  hs_code: line.optional(),
  tariff_number: line.optional(),
  sku_code: line.optional(),
  eccn_ear99: line.optional(),
  metadata: z.string().max(100).optional(),
});

const CustomsDeclaration = z.strictObject({
  contents_type: z.enum(['DOCUMENTS', 'GIFT', 'SAMPLE', 'MERCHANDISE', 'HUMANITARIAN_DONATION', 'RETURN_MERCHANDISE', 'OTHER']),
  contents_explanation: line.optional(),
  non_delivery_option: z.enum(['ABANDON', 'RETURN']),
  incoterm: z.enum(['DDP', 'DDU', 'FCA', 'DAP', 'eDAP']).optional(),
  certify: z.literal(true),
  certify_signer: line,
  invoice: line.optional(),
  eel_pfc: z.enum(['NOEEI_30_37_a', 'NOEEI_30_37_h', 'NOEEI_30_37_f', 'NOEEI_30_36', 'AES_ITN']).optional(),
  items: z.array(CustomsItem).min(1),
});

export const ShipmentInput = z.strictObject({
  address_from: AddressInput,
  address_to: AddressInput,
  parcels: z.array(Parcel).min(1),
  shipment_date: z.iso.datetime(),
  metadata: z.string().max(100).optional(),
  async: z.boolean(),
  carrier_accounts: z.array(line).optional(),
  customs_declaration: CustomsDeclaration.optional(),
  extra: z.strictObject({ is_return: z.boolean().optional(), dangerous_goods: z.strictObject({ contains: z.boolean() }).optional() }).optional(),
});
export type ShipmentInput = z.output<typeof ShipmentInput>;

const LABEL_TYPES = ['PNG', 'PNG_2.3x7.5', 'PDF', 'PDF_2.3x7.5', 'PDF_4x6', 'PDF_4x8', 'PDF_A4', 'PDF_A5', 'PDF_A6', 'ZPLII'] as const;

export const TransactionInput = z.strictObject({ rate: line, label_file_type: z.enum(LABEL_TYPES).optional(), metadata: z.string().max(100).optional(), async: z.boolean() });

export const RefundInput = z.strictObject({ transaction: line, async: z.boolean().optional() });

export const ManifestInput = z.strictObject({
  carrier_account: line,
  shipment_date: z.iso.datetime(),
  address_from: AddressInput,
  transactions: z.array(line).min(1),
  async: z.boolean().optional(),
});

export const PickupInput = z.strictObject({
  carrier_account: line,
  location: z.strictObject({
    building_location_type: z.enum([
      'Front Door',
      'Back Door',
      'Side Door',
      'Knock on Door/Ring Bell',
      'Mail Room',
      'Office',
      'Reception',
      'In/At Mailbox',
      'Security Deck',
      'Shipping Dock',
      'Other',
    ]),
    building_type: z.enum(['apartment', 'building', 'department', 'floor', 'room', 'suite']).optional(),
    instructions: line.optional(),
    address: AddressInput.refine((address) => !/[&/*]/.test(Object.values(address).join('')), 'must be without special characters'),
  }),
  transactions: z.array(line).min(1),
  requested_start_time: z.iso.datetime(),
  requested_end_time: z.iso.datetime(),
  metadata: z.string().max(100).optional(),
  is_test: z.boolean().optional(),
});

export const CheckInput = AddressInput.extend({ validate: z.boolean() });

export const WebhookInput = z.strictObject({
  event: z.enum(['transaction_created', 'transaction_updated', 'track_updated', 'batch_created', 'batch_purchased', 'all']),
  url: z.url().max(199),
  active: z.boolean().optional(),
  is_test: z.boolean().optional(),
});
