import * as z from 'zod';
import { bookReceipt, isBooked, readSupply } from '../../adapters/aws/supply-store.ts';
import { productOf } from '../../core/client.ts';
import { Rejected, refused } from '../../core/error.ts';
import { Sku, Slug } from '../../core/id.ts';
import { type Answered, answerSupply, receiving } from '../../core/inventory.ts';
import type { Act } from '../../core/order.ts';
import { MAX_QUANTITY } from '../../core/order.ts';
import { type Answer, answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Line = z.strictObject({ sku: Sku, quantity: z.int().min(1).max(MAX_QUANTITY) });
const Input = z.strictObject({
  /** The receiver's own number of the delivery: booking it again changes nothing. */
  receiptId: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  warehouse: Slug,
  lines: z
    .array(Line)
    .min(1)
    .max(30)
    .refine((lines) => new Set(lines.map(({ sku }) => sku)).size === lines.length, { error: 'names a SKU twice; add its units up in one line' }),
});

/** Called when goods arrive at a warehouse: books them, and closes the supply requests they answer. Waiting orders fill by themselves. */
export const handler = http('inventory/receive-stock', { input: Input, handle: receiveStock, services: openHub });

const ATTEMPTS = 5;

export async function receiveStock(receipt: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'client' | 'newId'>, act: Act): Promise<Answer> {
  const products = receipt.lines.map(({ sku }) => productOf(hub.client, sku) ?? unknown('SKU', sku));
  if (!hub.client.warehouses.some(({ id }) => id === receipt.warehouse)) unknown('warehouse', receipt.warehouse);
  const reorderPoints = new Map(products.map(({ sku, reorder }) => [sku, reorder.point]));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await isBooked(hub.table, receipt.receiptId)) return answer({ receiptId: receipt.receiptId, booked: 'already' });
    const open = await Promise.all(products.map(({ sku, plant }) => readSupply(hub.table, { plant, sku, warehouse: receipt.warehouse })));
    const answered = receipt.lines.map((line, index) => answerSupply(open[index], line.quantity, act));
    const movements = receipt.lines.map((line, index) => receiving({ ...line, warehouse: receipt.warehouse }, answered[index]?.incoming ?? 0, receipt.receiptId));
    const posting = { ...act, reference: hub.newId(), type: 'stock.received' as const, reason: `receipt ${receipt.receiptId}`, reorderPoints };
    const requests = answered.filter((one): one is Answered => one !== undefined);
    if (await bookReceipt(hub.table, receipt, movements, requests, posting))
      return answer({ receiptId: receipt.receiptId, booked: 'now', answers: requests.map(({ after }) => after.requestId) });
  }
  return refused('inventory.contended', `Receipt ${receipt.receiptId} met others' writes ${ATTEMPTS} times; send it again.`);
}

function unknown(what: 'SKU' | 'warehouse', value: string): never {
  throw new Rejected('inventory.unknown', `No ${what} is called ${JSON.stringify(value)} in this client's file; nothing was booked.`, { seen: value });
}
