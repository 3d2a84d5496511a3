/**
 * A storefront that posts orders at a given rate whether or not it is answered, as customers buy, and repeats what was not acknowledged as
 * storefronts do: signed anew, with growing pauses, a bounded number of times. A process of its own, so that it does not wait for the bench.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { inventOrder, signedBy, webhookOf } from '../life.ts';
import { type Posted, type PostingOrder, StorefrontTask, type StorefrontWord, type Tally } from './storefront-messages.ts';

// As long as Shopify waits: https://shopify.dev/docs/apps/build/webhooks/subscribe/https
const PATIENCE_MS = 5_000;
const BEAT_MS = 10;
const TICK_MS = 1_000;
const FIRST_PAUSE_MS = 150;
const LONGEST_PAUSE_MS = 2_000;
const LATENCIES = 10_000;

let enough = false;

process.on('disconnect', () => process.exit());
process.on('message', (message) => {
  const task = StorefrontTask.parse(message);
  enough = task.kind === 'enough';
  if (task.kind === 'post') void work(task);
});

async function work(job: PostingOrder): Promise<void> {
  const round = new Round(job);
  const ticking = setInterval(() => say({ kind: 'tick', tally: round.tally() }), TICK_MS);
  const posted = await round.post();
  clearInterval(ticking);
  say(posted);
}

class Round {
  readonly #job: PostingOrder;
  readonly #agent: Agent;
  readonly #sign: ReturnType<typeof signedBy>;
  readonly #fates: ('a' | 'u' | '-')[] = [];
  readonly #latencies: number[] = [];
  readonly #settling = new Set<Promise<void>>();
  readonly #statuses: Record<string, number> = {};
  #counts = { posted: 0, attempts: 0, acknowledged: 0, givenUp: 0, dropped: 0, underWay: 0 };

  constructor(job: PostingOrder) {
    this.#job = job;
    this.#agent = new Agent({ keepAlive: true, maxSockets: job.underWay });
    this.#sign = signedBy(job);
  }

  tally(): Tally {
    return { ...this.#counts, statuses: { ...this.#statuses } };
  }

  async post(): Promise<Posted> {
    const { rate, seconds, atMost, underWay, whenFull } = this.#job;
    const total = Math.min(atMost, Math.floor(rate * seconds));
    const began = performance.now();
    let last = began;
    for (let next = 0; next < total && !enough; await sleep(BEAT_MS)) {
      const due = Math.min(total, Math.ceil(((performance.now() - began) / 1_000) * rate));
      for (; next < due; next++) {
        if (this.#counts.underWay >= underWay && whenFull === 'wait') break;
        if (this.#counts.underWay >= underWay) this.#drop(next);
        else this.#begin(next);
      }
      last = performance.now();
    }
    await Promise.all(this.#settling);
    this.#agent.destroy();
    return { kind: 'posted', tally: this.tally(), seconds: (last - began) / 1_000, latencies: thinned(this.#latencies), fates: this.#fates.join('') };
  }

  #drop(index: number): void {
    this.#fates[index] = '-';
    this.#counts.dropped += 1;
  }

  #begin(index: number): void {
    this.#fates[index] = 'u';
    this.#counts.posted += 1;
    const settling = this.#settle(index).finally(() => this.#settling.delete(settling));
    this.#settling.add(settling);
  }

  async #settle(index: number): Promise<void> {
    const { from, skus, currency, attempts } = this.#job;
    const number = from + index;
    const webhook = webhookOf(inventOrder(number, [skus[number % skus.length] ?? ''], currency), 1, true);
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const status = await this.#attempt(this.#sign(webhook, new Date()), webhook.body);
      if (status >= 200 && status < 300) {
        this.#fates[index] = 'a';
        this.#counts.acknowledged += 1;
        return;
      }
      if (attempt < attempts) await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 6)));
    }
    this.#counts.givenUp += 1;
  }

  async #attempt({ url, headers }: { readonly url: string; readonly headers: Readonly<Record<string, string>> }, body: Buffer): Promise<number> {
    this.#counts.attempts += 1;
    this.#counts.underWay += 1;
    const before = performance.now();
    const status = await post(url, headers, body, this.#agent);
    if (status === 200) this.#latencies.push(performance.now() - before);
    this.#counts.underWay -= 1;
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    return status;
  }
}

/** @returns the status, or 0 when there was no answer in a storefront's patience */
function post(url: string, headers: Readonly<Record<string, string>>, body: Buffer, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const call = request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } }, (response) => {
      response.resume();
      response.on('end', () => finish(response.statusCode ?? 0));
      response.on('error', () => finish(0));
    });
    // From the first byte sent to the last received: the socket's own timeout would begin anew with each byte.
    const late = setTimeout(() => call.destroy(), PATIENCE_MS);
    const finish = (status: number) => {
      clearTimeout(late);
      resolve(status);
    };
    call.on('error', () => finish(0));
    call.on('close', () => finish(0));
    call.end(body);
  });
}

function thinned(values: readonly number[]): number[] {
  const step = Math.ceil(values.length / LATENCIES);
  return step <= 1 ? [...values] : values.filter((_, index) => index % step === 0);
}

function say(word: StorefrontWord): void {
  if (process.connected) process.send?.(word);
}
