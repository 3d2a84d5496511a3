import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { asked, nextPage, Page, readAnswer } from './api.ts';
import type { Call } from './settings.ts';

const Webhook = z.object({ object_id: z.string().min(1), event: z.string(), url: z.string(), active: z.boolean().nullish(), is_test: z.boolean().nullish() });
type Webhook = z.output<typeof Webhook>;

const EVENT = 'track_updated';
const EVENTS: ReadonlySet<string> = new Set([EVENT, 'all']);
// Shippo's limit is "less than 200". https://docs.goshippo.com/docs/tracking/webhooks
const URL_LENGTH = 199;
const PAGES = 10;

/**
 * Sees to it that tracking is posted to us: once, as Shippo posts to every webhook there is. It then follows all labels that it sold.
 * @throws Rejected when our address is too long for Shippo
 */
export async function subscribe(call: Call): Promise<{ readonly state: 'kept' | 'made' | 'mended'; readonly until: string | null }> {
  const wanted = { event: EVENT, url: addressOf(call), active: true, is_test: call.token.startsWith('shippo_test_') };
  const ours = (await readWebhooks(call)).filter((webhook) => isOurs(webhook, call.updateUrl));
  if (ours.some((webhook) => isAsWanted(webhook, wanted))) return { state: 'kept', until: null };
  const [first] = ours;
  if (first === undefined) {
    await asked('POST', 'webhooks', wanted, call);
    return { state: 'made', until: null };
  }
  await asked('PUT', `webhooks/${encodeURIComponent(first.object_id)}`, wanted, call);
  return { state: 'mended', until: null };
}

/** Where Shippo posts to; with the token where no signature proves who posts. */
function addressOf({ updateUrl, signingSecret, settings }: Call): string {
  const url = settings.callbacks === 'signature' ? updateUrl : `${updateUrl}?token=${encodeURIComponent(signingSecret)}`;
  if (url.length <= URL_LENGTH) return url;
  throw new Rejected(
    'carrier.update-url-too-long',
    `The address for Shippo's callbacks has ${url.length} characters and may have ${URL_LENGTH}; choose a shorter token or domain.`,
    {
      seen: String(url.length),
    },
  );
}

function isOurs({ event, url }: Webhook, updateUrl: string): boolean {
  return url.split('?')[0] === updateUrl && EVENTS.has(event);
}

function isAsWanted({ event, url, active, is_test }: Webhook, wanted: { readonly url: string; readonly is_test: boolean }): boolean {
  return EVENTS.has(event) && url === wanted.url && active !== false && (is_test ?? false) === wanted.is_test;
}

async function readWebhooks(call: Call): Promise<readonly Webhook[]> {
  const webhooks: Webhook[] = [];
  let query: string | null = 'results=100';
  for (let page = 0; page < PAGES && query !== null; page++) {
    const answer: z.output<typeof Page> = readAnswer(Page, await asked('GET', `webhooks?${query}`, undefined, call), 'a list of webhooks');
    webhooks.push(...answer.results.map((one) => Webhook.safeParse(one).data).filter((one) => one !== undefined));
    const next = nextPage(answer);
    query = next === null ? null : `results=100&${next}`;
  }
  return webhooks;
}
