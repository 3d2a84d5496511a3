import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import type { Json } from '../../core/json.ts';
import { isSuccess, jsonOf } from '../answer.ts';
import { text } from '../fields.ts';
import { ask, failure, refusalIn, unreadable } from './api.ts';
import type { Call } from './settings.ts';

const PATH = '/subscriptions-tracking/v3/subscriptions';
const SECRET_LENGTH = 32;
/** A subscription that nothing was heard on for so long is deleted. */
const LAPSES_MS = 30 * 86_400_000;

/** USPS sends the secret back in its answers: it is compared here, and never leaves this file. */
const Subscription = z.object({ subscriptionId: z.string().min(1), listenerURL: text, status: text, secret: text });
type Subscription = z.infer<typeof Subscription>;

type Subscribed = { readonly state: 'kept' | 'made' | 'mended'; readonly until: string };

/**
 * Sees to it that USPS posts what it scans of this Mailer ID to us. One that was suspended, or bears another secret, is made anew.
 * https://developers.usps.com/subscriptions-trackingv3r2
 * UNCONFIRMED, as no document of the API is public: the names of the answers' fields, and whether an answer holds the secret. A list that
 * cannot be read counts as empty: making a second one is refused with the id of the first.
 * @throws Unavailable, or Rejected when a person must look
 */
export async function subscribe(call: Call): Promise<Subscribed> {
  if (call.signingSecret.length !== SECRET_LENGTH)
    throw new Rejected(
      'carrier.secret-unfit',
      `USPS signs with a secret of ${SECRET_LENGTH} characters, and the connection's has ${call.signingSecret.length}; put a new one there.`,
    );
  const until = new Date(call.now.getTime() + LAPSES_MS).toISOString();
  const known = await listed(call);
  if (known !== undefined) return { state: await keepOrMend(known, call), until };
  const adopted = await make(call);
  return { state: adopted === undefined ? 'made' : await keepOrMend(adopted, call), until };
}

/** The id of our subscription, where the list, which may be hours old, shows it. */
async function listed(call: Call): Promise<string | undefined> {
  const response = await ask('GET', `${PATH}?MID=${call.settings.mid}`, call);
  if (response.status === 404) return undefined;
  if (!isSuccess(response)) throw failure(response);
  return subscriptionsIn(jsonOf(response)).find(({ listenerURL }) => listenerURL === call.updateUrl)?.subscriptionId;
}

function subscriptionsIn(answer: Json | undefined): Subscription[] {
  const list = Array.isArray(answer) ? answer : (z.object({ subscriptions: z.array(z.unknown()) }).safeParse(answer).data?.subscriptions ?? [answer]);
  return list.map((one) => Subscription.safeParse(one).data).filter((one) => one !== undefined);
}

async function keepOrMend(id: string, call: Call): Promise<'kept' | 'made' | 'mended'> {
  const path = `${PATH}/${encodeURIComponent(id)}`;
  const response = await ask('GET', path, call);
  if (response.status === 404) {
    await make(call);
    return 'made';
  }
  if (!isSuccess(response)) throw failure(response);
  const [subscription] = subscriptionsIn(jsonOf(response));
  const isWrong = subscription?.status?.toUpperCase() === 'SUSPENDED' || (subscription?.secret ?? call.signingSecret) !== call.signingSecret;
  if (!isWrong) return 'kept';
  const removed = await ask('DELETE', path, call, { headers: { 'if-match': response.headers.etag ?? '*' } });
  if (!isSuccess(removed) && removed.status !== 404) throw failure(removed);
  await make(call);
  return 'mended';
}

/** @returns the id of the one that is there already, or undefined when a new one was made */
async function make(call: Call): Promise<string | undefined> {
  const { mid: MID, contactEmail } = call.settings;
  const body = {
    listenerURL: call.updateUrl,
    secret: call.signingSecret,
    ...(contactEmail !== undefined && { adminNotification: [{ email: contactEmail }] }),
    filterProperties: { MID, trackingEventTypes: ['ALL_UPDATES'] },
  };
  const response = await ask('POST', PATH, call, { body: JSON.stringify(body) });
  if (isSuccess(response)) {
    if (subscriptionsIn(jsonOf(response)).length === 0) throw unreadable('a subscription', response);
    return undefined;
  }
  const existing = response.status === 400 ? /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i.exec(refusalIn(response) ?? '')?.[0] : undefined;
  if (existing === undefined) throw failure(response);
  return existing;
}
