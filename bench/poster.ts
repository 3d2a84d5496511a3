/**
 * A process that posts prepared requests as fast as they are answered, so many at a time, and says what it saw: apart from the
 * process that plays API Gateway, so that neither waits for the other's work.
 * Called with the file of a job; writes its result to standard output as JSON.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';

/** What is to be posted where. */
export interface PostingJob {
  readonly url: string;
  readonly concurrency: number;
  readonly requests: readonly { readonly headers: Readonly<Record<string, string>>; readonly body: string }[];
}

/** What came of it. */
export interface PostingResult {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Milliseconds to the answer, for each request in its order. */
  readonly latencies: readonly number[];
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<string, number>>;
}

const PATIENCE_MS = 5_000;

async function postAll({ url, concurrency, requests }: PostingJob): Promise<PostingResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  let next = 0;
  const startedAt = Date.now();
  async function lane(): Promise<void> {
    for (let index = next++; index < requests.length; index = next++) {
      const one = requests[index];
      if (one === undefined) return;
      const before = performance.now();
      const status = await post(url, one.headers, one.body, agent);
      latencies[index] = performance.now() - before;
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  }
  await Promise.all(Array.from({ length: concurrency }, lane));
  agent.destroy();
  return { startedAt, endedAt: Date.now(), latencies, statuses };
}

/** @returns the status, or 0 when there was no answer in a storefront's patience */
function post(url: string, headers: Readonly<Record<string, string>>, body: string, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const call = request(url, { method: 'POST', agent, timeout: PATIENCE_MS, headers: { ...headers, 'content-length': Buffer.byteLength(body) } }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', () => resolve(0));
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(0));
    call.end(body);
  });
}

const job: PostingJob = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
process.stdout.write(JSON.stringify(await postAll(job)));
