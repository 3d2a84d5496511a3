import * as z from 'zod';

/** What the process of the stack is asked. */
export const StackQuestion = z.object({ id: z.int(), ask: z.enum(['quiet', 'depths', 'books']) });
/** What the process of the stack is asked. */
export type StackQuestion = z.infer<typeof StackQuestion>;

const Depths = z.array(z.object({ queue: z.string(), waiting: z.number(), inFlight: z.number(), deadLetter: z.boolean() }));

/** Where the stack is, once everything runs. */
export const StackReady = z.object({
  kind: z.literal('ready'),
  apiUrl: z.string(),
  dynamodb: z.string(),
  region: z.string(),
  tableName: z.string(),
  /** A token of somebody who may book stock. */
  token: z.string(),
  /** What the storefront signs with. */
  secret: z.string(),
  emulators: z.int(),
  dynamodbProcess: z.int().nullable(),
  /** The queue that the receiving edge puts orders on. */
  inbox: z.string(),
  /** Paths of functions, such as `order/accept-orders`, by the names that Lambda has for them. */
  functions: z.record(z.string(), z.string()),
  skus: z.array(z.string()),
  warehouses: z.array(z.string()),
  currency: z.string(),
});
/** Where the stack is, once everything runs. */
export type StackReady = z.infer<typeof StackReady>;

/** What the simulated carriers and storefronts wrote down. */
const VendorBooks = z.object({
  /** Labels that were charged and not voided, once for each charge, as `carrier tracking-number`. */
  charges: z.array(z.string()),
  /** Calls that broke a vendor's contract. */
  complaints: z.array(z.string()),
});
/** What the simulated carriers and storefronts wrote down. */
export type VendorBooks = z.infer<typeof VendorBooks>;

/** What the process of the stack says. */
export const StackWord = z.discriminatedUnion('kind', [
  StackReady,
  z.object({ kind: z.literal('log'), line: z.string() }),
  z.object({ kind: z.literal('quiet'), id: z.int(), quiet: z.boolean() }),
  z.object({ kind: z.literal('depths'), id: z.int(), depths: Depths }),
  z.object({ kind: z.literal('books'), id: z.int(), books: VendorBooks }),
  z.object({ kind: z.literal('failed'), id: z.int(), why: z.string() }),
]);
/** What the process of the stack says. */
export type StackWord = z.infer<typeof StackWord>;

/** How full the queues are. */
export type StackDepths = z.infer<typeof Depths>;
