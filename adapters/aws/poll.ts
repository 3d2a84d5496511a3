import type { PollState } from '../../core/connection.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { bar, begin, beginAnew, cursorOf, isBarred, newPollState, turn } from '../../core/poll.ts';
import { type Delivery, MAX_MESSAGE_BYTES, packDelivery } from '../delivery.ts';
import { type Reached, type Reaching, reach } from '../reach.ts';
import type { Page, Storefront } from '../storefront.ts';
import { readHealth } from './health-store.ts';
import type { Outbox } from './message-queue.ts';
import { readPollState, writePollState } from './poll-store.ts';
import { answerRequests } from './requests.ts';
import { sift } from './sift.ts';

/** What reading a storefront's orders works with. */
export interface Polling extends Reaching {
  readonly inbox: Outbox;
  wait(milliseconds: number): Promise<void>;
}

/** How a reading is made. */
export interface PollOptions {
  readonly connectionId: string;
  /** How long it may take before it stops and leaves the rest to the next, in milliseconds. */
  readonly patience: number;
  /** Hears, page by page, of orders that no webhook had brought. */
  found(orderIds: readonly string[]): void;
  /** Hears of a body that no queue takes. */
  tooLarge(bytes: number): void;
}

/** What a reading did. */
export interface Polled {
  readonly pages: number;
  readonly bodies: number;
  /** Where it stopped: at the end; out of patience; at a storefront that asks us to wait, or ended the connection; behind a reading that was faster. */
  readonly stopped: 'end' | 'patience' | 'barred' | 'ended' | 'overtaken';
}

/** One run of the reader. */
interface Run extends PollOptions {
  readonly polling: Polling;
  readonly begunAt: Date;
  /** Digests of what could not be compared with what the hub has, in this run. */
  readonly handled: Set<string>;
}

/**
 * Reads the orders that changed at a storefront, and puts those on the inbox that the hub does not have. After every page it is kept where the
 * reading stands, so that whatever ends it, the next goes on; two at once harm nothing, as one of them stops. Where the storefront puts requests
 * to us, they are answered too.
 * @throws Rejected `storefront.polls-unsupported`; whatever the storefront's calls throw
 */
export async function readChanges(polling: Polling, options: PollOptions): Promise<Polled> {
  const { table, now } = polling;
  const run: Run = { ...options, polling, begunAt: now(), handled: new Set() };
  if ((await readHealth(table, options.connectionId))?.ended !== undefined) return { pages: 0, bodies: 0, stopped: 'ended' };
  const stored = (await readPollState(table, options.connectionId)) ?? newPollState(options.connectionId, run.begunAt);
  if (isBarred(stored, run.begunAt)) return { pages: 0, bodies: 0, stopped: 'barred' };
  const problem = await answer(run, stored).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const polled = await readPages(run, stored);
  if (problem !== undefined) throw problem.error;
  return polled;
}

/** Requests that cannot be answered keep no order from being read. */
async function answer(run: Run, state: PollState): Promise<void> {
  const reached = await reach(run.connectionId, run.polling);
  const { storefront, connection } = reached;
  if (!storefront.capabilities(connection.settings).includes('service')) return;
  await bringIn(run, state, (await answerRequests(reached, run.polling)).bodies);
}

async function readPages(run: Run, stored: PollState): Promise<Polled> {
  const { polling, begunAt, patience, handled } = run;
  const { table, now } = polling;
  let [pages, bodies] = [0, 0];
  for (let before = begin(stored, begunAt); ; ) {
    const turned = await turnPage(run, before, before === stored);
    if (turned.kind === 'barred') return { pages, bodies, stopped: (await writePollState(table, turned.state)) ? 'barred' : 'overtaken' };
    const found = await bringIn(run, turned.state, turned.page.bodies);
    run.found(found);
    [pages, bodies] = [pages + 1, bodies + turned.page.bodies.length];
    const whole = Date.parse(turned.state.startedAt) >= begunAt.getTime();
    before = turn(turned.state, { next: turned.page.next, found: found.length, handled, whole }, now());
    if (!(await writePollState(table, before))) return { pages, bodies, stopped: 'overtaken' };
    if (before.page === null) return { pages, bodies, stopped: 'end' };
    if (now().getTime() - begunAt.getTime() >= patience) return { pages, bodies, stopped: 'patience' };
  }
}

type Turned = { readonly kind: 'page'; readonly page: Page; readonly state: PollState } | { readonly kind: 'barred'; readonly state: PollState };

/** Reads the next page; waits where the storefront asks for it and there is time. */
async function turnPage(run: Run, state: PollState, isLeftOver: boolean): Promise<Turned> {
  const { polling, connectionId, begunAt, patience } = run;
  const { now, wait } = polling;
  for (;;) {
    const reached = await reach(connectionId, polling);
    try {
      return { kind: 'page', page: await pollOf(reached)(cursorOf(state, reached.connection.poll.overlapMinutes), reached.call), state };
    } catch (error) {
      // The page that an earlier run left may be there no longer.
      if (error instanceof Rejected && isLeftOver && state.page !== null) return await turnPage(run, beginAnew(state, now()), false);
      const seconds = error instanceof Unavailable ? error.retryAfterSeconds : undefined;
      if (seconds === undefined) throw error;
      const pause = Math.max(1, seconds);
      if (now().getTime() + pause * 1_000 - begunAt.getTime() >= patience) return { kind: 'barred', state: bar(state, pause, now()) };
      await wait(pause * 1_000);
    }
  }
}

function pollOf({ connection, storefront }: Reached): NonNullable<Storefront['poll']> {
  if (storefront.poll !== undefined && storefront.capabilities(connection.settings).includes('polls')) return storefront.poll;
  throw new Rejected('storefront.polls-unsupported', `${storefront.title} cannot list its orders, so connection ${connection.id} cannot be read; take its schedule away.`);
}

/** Puts on the inbox what the hub does not have. @returns ids of the orders of which it had an older version, or none */
async function bringIn({ polling, connectionId, handled, tooLarge }: Run, state: PollState, bodies: readonly Buffer[]): Promise<readonly string[]> {
  const receivedAt = polling.now().toISOString();
  const deliveries = bodies.map((body): Delivery => ({ connectionId, receivedAt, headers: {}, body, via: 'poll' }));
  const sifted = await sift(polling, deliveries, new Set([...state.handled, ...handled]));
  const messages = sifted.wanted.map(packDelivery);
  for (const { length } of messages) if (length > MAX_MESSAGE_BYTES) tooLarge(length);
  await polling.inbox.send(messages.filter(({ length }) => length <= MAX_MESSAGE_BYTES));
  for (const digest of sifted.handled) handled.add(digest);
  return sifted.orderIds;
}
