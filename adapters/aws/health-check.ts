import type { StorefrontConnection } from '../../core/client.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { type Health, healthAfter, type Looked, planSubscriptions } from '../../core/health.ts';
import { instant } from '../../core/id.ts';
import type { Silence } from '../../core/pace.ts';
import { type Reaching, reach } from '../reach.ts';
import { loadStorefront, type Storefront, type StorefrontCall, type Subscriptions } from '../storefront.ts';
import { changeHealth } from './health-store.ts';
import type { Bucket } from './object-store.ts';
import { countDeliveries } from './pace-store.ts';
import type { ConnectionSecret } from './secret-store.ts';

/** What connections are checked with. */
export interface HealthChecking extends Reaching {
  /** The archive of deliveries, whose names are counted. */
  readonly deliveries: Pick<Bucket, 'list'>;
}

/** What a check of one connection found and did. */
export interface CheckedConnection {
  readonly health: Health;
  /** Topics that were subscribed anew or switched on again. */
  readonly repaired: readonly string[];
  /** Undefined where nothing was ever posted, or nothing ever is. */
  readonly silence: Silence | undefined;
  /** What may pass, or is a fault of ours: to be tried again. */
  readonly failure?: unknown;
}

/** Looks at one connection, mends its subscriptions, and writes down how it is. Repeats harm nothing. */
export async function checkConnection(connection: StorefrontConnection, checking: HealthChecking): Promise<CheckedConnection> {
  const { table, now } = checking;
  const begunAt = instant(now());
  const storefront = await loadStorefront(connection.kind);
  const { looked, failure } = await lookAt(connection, storefront, checking);
  const posts = storefront.capabilities(connection.settings).includes('webhooks');
  const silence = posts ? (await countDeliveries(connection.id, checking))?.silence : undefined;
  const health = await changeHealth(table, connection.id, (before) => healthAfter(before, looked, silence?.kind === 'silent' ? silence.since : undefined, begunAt));
  return { health, repaired: looked.repaired, silence, ...(failure !== undefined && { failure }) };
}

const NOTHING: Looked = { answered: false, topics: [], duplicates: [], repaired: [], problem: undefined };

async function lookAt(connection: StorefrontConnection, storefront: Storefront, checking: HealthChecking): Promise<{ readonly looked: Looked; readonly failure?: unknown }> {
  try {
    const lacks = lacking(storefront, await checking.secrets.read(connection.id, checking.now(), true));
    if (lacks.length > 0) return { looked: { ...NOTHING, problem: incomplete(`crossdock/${checking.client.id}/${connection.id}`, lacks) } };
    if (storefront.subscriptions === undefined) return { looked: NOTHING };
    const { call } = await reach(connection.id, checking);
    return { looked: await mend(storefront.subscriptions, call) };
  } catch (failure) {
    const looked = { ...NOTHING, problem: problemOf(failure) };
    return failure instanceof Rejected ? { looked } : { looked, failure };
  }
}

/** Titles of what a connection's secret should hold and does not. */
function lacking({ secrets }: Storefront, secret: ConnectionSecret | undefined): string[] {
  const held: Readonly<Record<string, string>> = { signing: secret?.signing.current ?? '', token: secret?.token ?? '', apiKey: secret?.apiKey ?? '' };
  const asked = Object.keys(secrets.shape).filter((field) => held[field] !== '');
  const parsed = secrets.safeParse(Object.fromEntries(asked.map((field) => [field, held[field]])));
  const fields = parsed.success ? [] : [...new Set(parsed.error.issues.map(({ path }) => String(path[0])))];
  return fields.map((field) => `${field} (${secrets.shape[field]?.meta()?.title ?? 'no title'})`);
}

function incomplete(name: string, lacks: readonly string[]): Looked['problem'] {
  return { code: 'storefront.secret-incomplete', message: `The secret ${name} lacks ${lacks.join(', ')}: put it there in Secrets Manager; it is read within five minutes.` };
}

function problemOf(error: unknown): Looked['problem'] {
  if (error instanceof Rejected) return { code: error.code, message: `${error.message} Put right the token or the settings; the next check tries them.` };
  if (error instanceof Unavailable) return { code: error.code, message: `${error.message} It is tried again; if it stays, look whether the storefront is up.` };
  return { code: 'hub.fault', message: 'The hub failed while it looked; the log of storefront/check-connections says where.' };
}

/** Has the storefront send what we want to hear, and looks again whether it will. What it refuses of one topic keeps no other from being mended. */
async function mend(subscriptions: Subscriptions<unknown>, call: StorefrontCall<unknown>): Promise<Looked> {
  const wanted = subscriptions.wanted(call.settings);
  const plan = planSubscriptions(wanted, await subscriptions.list(call), call.hookUrl);
  const refusals: Rejected[] = [];
  const repaired: string[] = [];
  const attempt = async (topic: string, work: () => Promise<void>) => {
    try {
      await work();
      repaired.push(topic);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      refusals.push(error);
    }
  };
  for (const subscription of plan.repair) await attempt(subscription.topic, () => subscriptions.repair(subscription, call));
  for (const topic of plan.create) await attempt(topic, () => subscriptions.create(topic, call));
  const { topics, duplicates } = plan.repair.length + plan.create.length === 0 ? plan : planSubscriptions(wanted, await subscriptions.list(call), call.hookUrl);
  const dead = topics.filter(({ active }) => !active).map(({ topic }) => topic);
  return {
    answered: true,
    topics,
    duplicates: duplicates.map(({ id }) => id),
    repaired: repaired.filter((topic) => !dead.includes(topic)),
    problem: problemWith(dead, refusals[0]),
  };
}

function problemWith(dead: readonly string[], refusal: Rejected | undefined): Looked['problem'] {
  if (dead.length === 0) return undefined;
  const why = refusal === undefined ? 'it took the subscription and does not list it as active' : refusal.message;
  return {
    code: 'storefront.subscription-dead',
    message: `The storefront does not send ${dead.join(', ')}: ${why}. Subscribe to it at the storefront, or give the token the scope that it needs.`,
  };
}
