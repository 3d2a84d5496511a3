import type { Client } from '../../core/client.ts';
import { Rejected } from '../../core/error.ts';
import type { Reached } from '../reach.ts';
import { knowledgeOf } from './knowledge.ts';
import type { Table } from './table.ts';

/**
 * Answers what a storefront asked of us as its fulfilment service.
 * @returns bodies of orders to take in before their requests can be accepted, and how many requests are still open
 * @throws Rejected `storefront.service-unsupported`; Unavailable when it should be tried again
 */
export async function answerRequests(
  { connection, storefront, call }: Reached,
  hub: { readonly client: Client; readonly table: Table },
): Promise<{ readonly bodies: readonly Buffer[]; readonly open: number }> {
  if (storefront.answerRequests !== undefined) return await storefront.answerRequests(knowledgeOf(connection, hub), call);
  throw new Rejected('storefront.service-unsupported', `${storefront.title} asks nothing of a fulfilment service, and a message of ${connection.id} says that it did.`);
}
