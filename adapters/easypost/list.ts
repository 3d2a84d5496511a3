import * as z from 'zod';
import { Unavailable } from '../../core/error.ts';
import { jsonOf } from '../answer.ts';
import type { ListedLabel } from '../carrier.ts';
import { text } from '../fields.ts';
import { askFreely, type Call } from './api.ts';
import { costOf, Price } from './quote.ts';

const PAGE = 100;
const Listed = z.object({ id: z.string(), reference: text, tracking_code: z.string().min(1), created_at: z.iso.datetime(), refund_status: text, selected_rate: Price });
const Page = z.object({ shipments: z.array(z.object({ id: z.string() }).loose()), has_more: z.boolean() });
const TAKEN_BACK = new Set(['submitted', 'refunded']);

/** Lists purchased shipments, newest first; the cursor is the last one's id. https://docs.easypost.com/docs/shipments */
export async function list(since: string, cursor: string | null, call: Call): Promise<{ readonly labels: readonly ListedLabel[]; readonly next: string | null }> {
  const query = new URLSearchParams({ purchased: 'true', start_datetime: since, page_size: String(PAGE), ...(cursor !== null && { before_id: cursor }) });
  const { data, error } = Page.safeParse(jsonOf(await askFreely('GET', `shipments?${query}`, undefined, call)));
  if (data === undefined)
    throw new Unavailable('carrier.answer-unreadable', 'The carrier answered without a readable list of shipments; it is read again later.', { cause: error });
  const last = data.shipments.at(-1)?.id;
  return { labels: data.shipments.flatMap((shipment) => labelOf(shipment)), next: data.has_more && last !== undefined ? last : null };
}

/** One shipment that cannot be read does not spoil the others. */
function labelOf(shipment: unknown): ListedLabel[] {
  const { data } = Listed.safeParse(shipment);
  const cost = data === undefined ? undefined : costOf(data.selected_rate);
  if (data === undefined || cost === undefined) return [];
  const { id, reference, tracking_code, created_at, refund_status, selected_rate } = data;
  return [
    {
      reference: reference ?? '',
      carrierRef: id,
      trackingNumber: tracking_code,
      cost,
      currency: selected_rate.currency,
      boughtAt: new Date(created_at).toISOString(),
      voided: TAKEN_BACK.has(refund_status ?? ''),
    },
  ];
}
