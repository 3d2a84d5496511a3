import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand, type ScanCommandOutput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { StackReady } from './stack-messages.ts';

const Order = z.object({ entity: z.literal('order'), orderId: z.string(), status: z.string() });
const Timeline = z.object({ entity: z.literal('timeline'), PK: z.string(), change: z.object({ type: z.string() }) });
const Parcel = z.object({
  entity: z.literal('parcel'),
  orderId: z.string(),
  status: z.string(),
  carrierId: z.string(),
  label: z.object({ trackingNumber: z.string() }).optional(),
});
const Units = { sku: z.string(), warehouse: z.string(), onHand: z.int(), reserved: z.int() };
const Stock = z.object({ entity: z.literal('stock'), ...Units });
const Ledger = z.object({ entity: z.literal('ledger'), ...Units, movements: z.array(z.object({ reason: z.string(), cause: z.string(), reserved: z.int() })) });
const Row = z.discriminatedUnion('entity', [Order, Timeline, Parcel, Stock, Ledger]);

const ENTITIES = new Set<unknown>(['order', 'timeline', 'parcel', 'stock', 'ledger']);
/** What is looked at, of items that are mostly something else. */
const PROJECTION = 'PK, entity, orderId, #status, change, carrierId, label, sku, warehouse, onHand, reserved, movements';

/** What the hub holds of one order. */
export interface HeldOrder {
  /** Of its row; undefined where only something that belongs to it is there. */
  readonly status: string | undefined;
  /** Units that its own movements in the ledger reserved, less those released. */
  readonly reserved: number;
  /** Rows of its timeline that say that it was accepted. */
  readonly accepted: number;
  /** Labels of its parcels as `carrier tracking-number`; empty for a parcel that has none. */
  readonly labels: readonly string[];
}

/** What the hub holds. */
export interface Holdings {
  /** By order id. */
  readonly orders: ReadonlyMap<string, HeldOrder>;
  /** Places whose counter is not the sum of its ledger. */
  readonly unbalanced: readonly string[];
}

/** Reads the whole table, page by page, keeping of it what is compared. */
export async function readHoldings({ region, dynamodb, tableName }: StackReady): Promise<Holdings> {
  const client = new DynamoDBClient({ region, endpoint: dynamodb, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
  const documents = DynamoDBDocumentClient.from(client);
  const counting = new HoldingsCount();
  let ExclusiveStartKey: ScanCommandOutput['LastEvaluatedKey'];
  do {
    const page: ScanCommandOutput = await documents.send(
      new ScanCommand({ TableName: tableName, ConsistentRead: true, ExclusiveStartKey, ProjectionExpression: PROJECTION, ExpressionAttributeNames: { '#status': 'status' } }),
    );
    for (const item of page.Items ?? []) counting.add(item);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  client.destroy();
  return counting.holdings();
}

interface Mutable {
  status: string | undefined;
  reserved: number;
  accepted: number;
  readonly labels: string[];
}

/** Adds items of the table up, in whatever order they come. */
export class HoldingsCount {
  readonly #orders = new Map<string, Mutable>();
  readonly #counters = new Map<string, string>();
  readonly #sums = new Map<string, { onHand: number; reserved: number }>();

  /** @throws ZodError for an item of a kind that is looked at, and has another shape */
  add(item: Readonly<Record<string, unknown>>): void {
    if (!ENTITIES.has(item.entity)) return;
    const row = Row.parse(item);
    if (row.entity === 'order') this.#of(row.orderId).status = row.status;
    else if (row.entity === 'timeline') this.#of(row.PK.slice('O#'.length)).accepted += row.change.type === 'order.accepted' ? 1 : 0;
    else if (row.entity === 'parcel') this.#of(row.orderId).labels.push(row.label === undefined ? '' : `${row.carrierId} ${row.label.trackingNumber}`);
    else if (row.entity === 'stock') this.#counters.set(placeOf(row), unitsText(row));
    else this.#enter(row);
  }

  #enter(row: z.infer<typeof Ledger>): void {
    const sum = this.#sums.get(placeOf(row)) ?? { onHand: 0, reserved: 0 };
    this.#sums.set(placeOf(row), { onHand: sum.onHand + row.onHand, reserved: sum.reserved + row.reserved });
    for (const { reason, cause, reserved } of row.movements) if (reason === 'reserved' || reason === 'released') this.#of(cause).reserved += reserved;
  }

  #of(orderId: string): Mutable {
    const known = this.#orders.get(orderId) ?? { status: undefined, reserved: 0, accepted: 0, labels: [] };
    this.#orders.set(orderId, known);
    return known;
  }

  holdings(): Holdings {
    const places = new Set([...this.#counters.keys(), ...this.#sums.keys()]);
    const unbalanced = [...places].flatMap((place) => {
      const [counter, ledger] = [this.#counters.get(place) ?? 'nothing', unitsText(this.#sums.get(place) ?? { onHand: 0, reserved: 0 })];
      return counter === ledger ? [] : [`${place}: the counter says ${counter}, and its ledger ${ledger}`];
    });
    return { orders: this.#orders, unbalanced };
  }
}

function placeOf({ sku, warehouse }: { readonly sku: string; readonly warehouse: string }): string {
  return `${sku} in ${warehouse}`;
}

function unitsText({ onHand, reserved }: { readonly onHand: number; readonly reserved: number }): string {
  return `${onHand} on hand, ${reserved} reserved`;
}
