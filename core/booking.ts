import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type Client, productOf, type Warehouse } from './client.ts';
import type { ErrorCode } from './error.ts';
import { OrderId, Sku, Slug } from './id.ts';
import { LotName, type Place, placeKey } from './inventory.ts';
import { MAX_QUANTITY } from './order-document.ts';

/** Says which value was seen, so that a row of a file can be found and mended. */
function seen(what: string) {
  return { error: (issue: { readonly input?: unknown }) => (issue.input === undefined ? 'is missing' : `${JSON.stringify(issue.input).slice(0, 80)} ${what}`) };
}

const NO_INTEGER = seen('is no whole number');
const TOO_MANY = seen(`is more than ${MAX_QUANTITY} units`);

/** Units, at least one. */
const Quantity = z.int(NO_INTEGER).min(1, seen('is below 1')).max(MAX_QUANTITY, TOO_MANY);
/** Units, perhaps none. */
const Count = z.int(NO_INTEGER).min(0, seen('is below 0')).max(MAX_QUANTITY, TOO_MANY);
/** Units to add, or with a minus to take off. */
const Difference = z
  .int(NO_INTEGER)
  .min(-MAX_QUANTITY, TOO_MANY)
  .max(MAX_QUANTITY, TOO_MANY)
  .refine((units) => units !== 0, seen('changes nothing'));
const Reason = z.string(seen('is no text')).trim().min(3, seen('is too short for a reason')).max(200, seen('is longer than 200 characters'));
const Day = z.iso.date(seen('is no day such as 2027-01-31'));
/** The id of a transfer: that of its booking, or what an import made of its own. */
const TransferId = z.string().regex(/^[A-Za-z0-9._-]{1,160}$/, seen('is no id of a transfer'));

/** The caller's own name of a booking: the same booking under it again changes nothing. */
export const BookingId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, seen('is not 1 to 64 letters, digits, dots, dashes and underscores'));

const goods = { sku: Sku, lot: LotName.optional() };
const Verdict = z.enum(['restock', 'scrap'], seen('is neither restock nor scrap'));
const Cause = z.enum(['found', 'lost', 'damaged', 'correction'], seen('is none of found, lost, damaged and correction'));
const Against = z.enum(['request', 'free', 'transfer'], seen('is none of request, free and transfer'));

/** What is said once for a booking, and what is said for each of its lines. A row of a file says both. */
const SHAPES = {
  receipt: {
    header: { warehouse: Slug, against: Against.default('request'), transferId: TransferId.optional() },
    line: { ...goods, quantity: Count, expiresOn: Day.optional() },
  },
  adjustment: { header: { reason: Reason, cause: Cause }, line: { ...goods, warehouse: Slug, quantity: Difference } },
  transfer: { header: { from: Slug, to: Slug }, line: { ...goods, quantity: Quantity } },
  count: { header: { warehouse: Slug }, line: { ...goods, counted: Count, expected: Count.optional() } },
  return: { header: { orderId: OrderId, parcel: Quantity.optional(), warehouse: Slug }, line: { ...goods, quantity: Quantity } },
  inspection: { header: { warehouse: Slug }, line: { ...goods, quantity: Quantity, verdict: Verdict } },
} as const;

/** The kinds of bookings. */
export const BookingKind = z.enum(['receipt', 'adjustment', 'transfer', 'count', 'return', 'inspection']);
export type BookingKind = z.infer<typeof BookingKind>;

function linesOf<Shape extends z.ZodRawShape>(line: Shape, most: number) {
  return z.array(z.strictObject(line)).min(1).max(most);
}

/**
 * One movement of stock as a person or a program books it. All its lines are booked, or none.
 * The most lines that a kind takes follow from what a line writes: a transaction has 100 items.
 */
export const Booking = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('receipt'), id: BookingId, ...SHAPES.receipt.header, lines: linesOf(SHAPES.receipt.line, 30) }),
    z.strictObject({ kind: z.literal('adjustment'), id: BookingId, ...SHAPES.adjustment.header, lines: linesOf(SHAPES.adjustment.line, 40) }),
    z.strictObject({ kind: z.literal('transfer'), id: BookingId, ...SHAPES.transfer.header, lines: linesOf(SHAPES.transfer.line, 19) }),
    z.strictObject({ kind: z.literal('count'), id: BookingId, ...SHAPES.count.header, recount: z.boolean().default(false), lines: linesOf(SHAPES.count.line, 40) }),
    z.strictObject({ kind: z.literal('return'), id: BookingId, ...SHAPES.return.header, lines: linesOf(SHAPES.return.line, 40) }),
    z.strictObject({ kind: z.literal('inspection'), id: BookingId, ...SHAPES.inspection.header, lines: linesOf(SHAPES.inspection.line, 40) }),
  ],
  { error: 'kind must be one of receipt, adjustment, transfer, count, return and inspection' },
);
export type Booking = z.infer<typeof Booking>;

/** Rows of files, by kind: a booking's header and one of its lines. A count's second figure stands beside its first. */
const ROWS = {
  receipt: z.strictObject({ kind: z.literal('receipt'), ...SHAPES.receipt.header, ...SHAPES.receipt.line }),
  adjustment: z.strictObject({ kind: z.literal('adjustment'), ...SHAPES.adjustment.header, ...SHAPES.adjustment.line }),
  transfer: z.strictObject({ kind: z.literal('transfer'), ...SHAPES.transfer.header, ...SHAPES.transfer.line }),
  count: z.strictObject({ kind: z.literal('count'), ...SHAPES.count.header, ...SHAPES.count.line, recount: Count.optional() }),
  return: z.strictObject({ kind: z.literal('return'), ...SHAPES.return.header, ...SHAPES.return.line }),
  inspection: z.strictObject({ kind: z.literal('inspection'), ...SHAPES.inspection.header, ...SHAPES.inspection.line }),
} as const;

/** A row of a file, of any kind. */
export const BookingRow = z.discriminatedUnion('kind', [ROWS.receipt, ROWS.adjustment, ROWS.transfer, ROWS.count, ROWS.return, ROWS.inspection]);
export type BookingRow = z.infer<typeof BookingRow>;

/** The columns that a file of a kind may have, and whether each must be there. */
export function columnsOf(kind: BookingKind): { readonly name: string; readonly required: boolean }[] {
  return Object.entries(ROWS[kind].shape)
    .filter(([name]) => name !== 'kind')
    .map(([name, schema]) => ({ name, required: !schema.safeParse(undefined).success }));
}

/** Columns whose cells are numbers. */
export const NUMBER_COLUMNS: ReadonlySet<string> = new Set(['quantity', 'counted', 'expected', 'recount', 'parcel']);

/** One line of a booking, or one row of a file, with all that is said of it. */
export type Entry =
  | z.infer<(typeof ROWS)['receipt']>
  | z.infer<(typeof ROWS)['adjustment']>
  | (z.infer<(typeof ROWS)['transfer']> & { readonly transferId: string })
  | CountEntry
  | z.infer<(typeof ROWS)['return']>
  | z.infer<(typeof ROWS)['inspection']>;

/** A count: the figure to book, and whether it was counted again. */
interface CountEntry extends Place {
  readonly kind: 'count';
  readonly counted: number;
  readonly expected?: number | undefined;
  readonly recount: boolean;
  /** What the first count found, where the same file says so; else it was remembered. */
  readonly first?: number | undefined;
}

/** The lines of a booking, each with all that is said of it. */
export function entriesOf(booking: Booking): Entry[] {
  switch (booking.kind) {
    case 'receipt': {
      const { id: _, lines, ...header } = booking;
      return lines.map((line) => ({ ...header, ...line }));
    }
    case 'adjustment': {
      const { id: _, lines, ...header } = booking;
      return lines.map((line) => ({ ...header, ...line }));
    }
    case 'transfer': {
      const { id, lines, ...header } = booking;
      return lines.map((line) => ({ ...header, ...line, transferId: id }));
    }
    case 'count': {
      const { id: _, lines, ...header } = booking;
      return lines.map((line) => ({ ...header, ...line }));
    }
    case 'return': {
      const { id: _, lines, ...header } = booking;
      return lines.map((line) => ({ ...header, ...line }));
    }
    case 'inspection': {
      const { id: _, lines, ...header } = booking;
      return lines.map((line) => ({ ...header, ...line }));
    }
    default:
      return booking satisfies never;
  }
}

/** A row of a file as an entry. @param importId names the transfers of the file */
export function entryOf(row: BookingRow, importId: string): Entry {
  if (row.kind === 'transfer') return { ...row, transferId: `${importId}.${row.from}.${row.to}` };
  if (row.kind !== 'count') return row;
  const { counted, recount, ...rest } = row;
  return { ...rest, counted: recount ?? counted, recount: recount !== undefined, ...(recount !== undefined && { first: counted }) };
}

/** Where an entry's goods are, or come from. */
export function placeOf(entry: Entry): Place {
  const { sku, lot } = entry;
  return { sku, warehouse: entry.kind === 'transfer' ? entry.from : entry.warehouse, ...(lot !== undefined && { lot }) };
}

/** Something in an entry that cannot be booked, whatever the stock. */
export interface Fault {
  /** Which entry of the list. */
  readonly index: number;
  readonly field: string;
  readonly code: ErrorCode;
  /** The value seen and what is wrong with it. */
  readonly message: string;
}

/**
 * What is wrong with entries by themselves: names nobody knows, lots where there are none, one thing said twice.
 * @param repeats whether several entries may name the same goods; counts never may
 * @param nameOf what an entry of the list is called, for people
 */
export function faultsOf(entries: readonly Entry[], client: Client, repeats = false, nameOf = (index: number) => `line ${index + 1}`): Fault[] {
  const firsts = new Map<string, number>();
  const warehouses = new Map(client.warehouses.map((warehouse) => [warehouse.id, warehouse]));
  const kits = new Set(client.kits.map(({ sku }) => sku));
  return entries.flatMap((entry, index) => {
    const key = sameness(entry);
    const first = firsts.get(key);
    firsts.set(key, first ?? index);
    const isRepeat = first !== undefined && (!repeats || entry.kind === 'count');
    const twice = isRepeat ? [fault('sku', 'inventory.line-twice', `${quoted(entry.sku)} is said in ${nameOf(first)} too; say it once`)] : [];
    return [...placeFaults(entry, warehouses), ...goodsFaults(entry, client, kits), ...ownFaults(entry), ...twice].map((one) => ({ ...one, index }));
  });
}

type EntryFault = Omit<Fault, 'index'>;

function fault(field: string, code: ErrorCode, message: string): EntryFault {
  return { field, code, message };
}

function sameness(entry: Entry): string {
  return `${placeKey(placeOf(entry))}\n${entry.kind === 'inspection' ? entry.verdict : ''}`;
}

function placeFaults(entry: Entry, warehouses: ReadonlyMap<string, Warehouse>): EntryFault[] {
  const named =
    entry.kind === 'transfer'
      ? ([
          ['from', entry.from],
          ['to', entry.to],
        ] as const)
      : ([['warehouse', entry.warehouse]] as const);
  const unknown = named.filter(([, id]) => !warehouses.has(id));
  const faults = unknown.map(([field, id]) =>
    fault(field, 'inventory.unknown', `${quoted(id)} is no warehouse of this client; its warehouses: ${[...warehouses.keys()].join(', ')}`),
  );
  if (entry.kind === 'transfer' && entry.from === entry.to) faults.push(fault('to', 'inventory.transfer-nowhere', `${quoted(entry.to)} is where the goods are`));
  return faults;
}

function goodsFaults({ kind, sku, lot, ...entry }: Entry, client: Client, kits: ReadonlySet<string>): EntryFault[] {
  const product = productOf(client, sku);
  if (product === undefined) {
    const why = kits.has(sku) ? 'is a kit, which has no stock of its own; book its parts' : 'is no product of this client';
    return [fault('sku', 'inventory.unknown', `${quoted(sku)} ${why}`)];
  }
  const expiresOn = 'expiresOn' in entry ? entry.expiresOn : undefined;
  if (!product.lots) {
    return [
      ...(lot === undefined ? [] : [fault('lot', 'inventory.lot-unwanted', `${quoted(lot)} is a lot, and ${quoted(sku)} is not kept by lot`)]),
      ...(expiresOn === undefined ? [] : [fault('expiresOn', 'inventory.lot-unwanted', `${quoted(expiresOn)} is an expiry, and ${quoted(sku)} is not kept by lot`)]),
    ];
  }
  const isDelivery = kind === 'receipt' && 'against' in entry && entry.against !== 'transfer';
  return [
    ...(lot === undefined ? [fault('lot', 'inventory.lot-missing', `is missing; ${quoted(sku)} is kept by lot`)] : []),
    ...(isDelivery && expiresOn === undefined
      ? [fault('expiresOn', 'inventory.expiry-missing', `is missing; say on which day lot ${quoted(lot ?? '')} of ${quoted(sku)} expires`)]
      : []),
  ];
}

/** Which sign the units of an adjustment must have, by its cause. */
const SIGNS = { found: 1, lost: -1, damaged: 1, correction: 0 } as const;

function ownFaults(entry: Entry): EntryFault[] {
  if (entry.kind === 'adjustment') {
    const sign = SIGNS[entry.cause];
    if (sign === 0 || Math.sign(entry.quantity) === sign) return [];
    return [fault('quantity', 'inventory.sign-wrong', `${entry.quantity} has the wrong sign: units that are ${entry.cause} are written ${sign < 0 ? 'with' : 'without'} a minus`)];
  }
  if (entry.kind !== 'receipt') return [];
  const isTransfer = entry.against === 'transfer';
  return [
    ...(isTransfer && entry.transferId === undefined ? [fault('transferId', 'inventory.transfer-missing', 'is missing; name the transfer that these goods are of')] : []),
    ...(!isTransfer && entry.transferId !== undefined
      ? [fault('transferId', 'inventory.transfer-unwanted', `${quoted(entry.transferId)} is named, but the goods are booked against ${quoted(entry.against)}`)]
      : []),
    // Of a transfer nothing may have arrived; that is worth a booking, as it ends the waiting.
    ...(!isTransfer && entry.quantity === 0 ? [fault('quantity', 'inventory.quantity-zero', '0 is below 1')] : []),
  ];
}

function quoted(value: string): string {
  return JSON.stringify(value.slice(0, 80));
}

/** What a booking says, as a digest: by it a repeat is told from another booking under the same id. */
export function digestOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);
}
