import { describe, expect, test, vi } from 'vitest';
import { PRICES } from '../../bench/prices.ts';
import { ENV } from '../../functions/shell/env.ts';
import { CONTEXT, httpEvent } from '../functions/invoke.ts';
import { useLogLines } from '../functions/log-lines.ts';
import { allKinds } from './all-kinds.ts';
import { genuine, NOW, type Posting, secretOfAnother, useEdgeUnderAttack } from './edge-under-attack.ts';

const KINDS = await allKinds();
const edge = useEdgeUnderAttack(KINDS);
const log = useLogLines();

/** What is tried, and for how long: one container that takes ten a second, as one with invocations of 100 ms does. */
const REQUESTS = 1_000;
const A_SECOND = 10;
/** Lambda bills by the millisecond. The edge takes a few of them; this is more than it takes with a secret to look up. */
const BILLED_MS = 20;
/** Of the edge: lib/storefront.ts. */
const GIGABYTES = 1;
/** One line of the access log, and what the runtime itself writes of an invocation, in bytes. */
const LINES_BESIDE = 330 + 600;
/** X-Ray's default rule traces this share. */
const TRACED = 0.05;
/** The most that a million bad requests may cost, in USD. Of it, 1.20 are the API's and Lambda's own and cannot be less. */
const BOUND = 3;

/** What a million such requests cost, in USD, from what a thousand use. */
async function costOf(ask: (number: number) => Promise<unknown>): Promise<{ usd: number; secretReads: number; queued: number; logBytes: number }> {
  log.lines.length = 0;
  const [reads, sent] = [edge.secretReads().length, edge.taken().length];
  for (let number = 0; number < REQUESTS; number++) {
    vi.setSystemTime(NOW.getTime() + (number * 1_000) / A_SECOND);
    await ask(number);
  }
  const secretReads = (edge.secretReads().length - reads) / REQUESTS;
  const logBytes = log.lines.reduce((sum, line) => sum + JSON.stringify(line).length + 1, 0) / REQUESTS + LINES_BESIDE;
  const used = {
    apiRequest: 1,
    invocation: 1,
    gigabyteSecond: (BILLED_MS / 1_000) * GIGABYTES,
    secretRead: secretReads,
    logKilobyte: logBytes / 1_000,
    trace: TRACED,
  };
  const usd = Object.entries(used).reduce((sum, [charged, units]) => sum + units * (Object.entries(PRICES).find(([name]) => name === charged)?.[1].usdPerMillion ?? Number.NaN), 0);
  return { usd, secretReads, queued: edge.taken().length - sent, logBytes };
}

describe('a million bad requests', () => {
  const SIGNING = KINDS.filter(({ proves }) => proves.covers !== 'nothing');
  const FLOODS: readonly (readonly [string, (number: number) => readonly [string, Posting]])[] = [
    ['with nothing', () => ['easypost', { headers: {}, body: 'x', isBase64Encoded: false }]],
    ['with a guess', () => ['easypost', { ...genuine(kindOf('easypost'), undefined, { secret: secretOfAnother(kindOf('easypost')) }) }]],
    ['at another connection each', (number) => [`nobody-${number}`, { headers: {}, body: 'x', isBase64Encoded: false }]],
    ['at every connection in turn', (number) => [SIGNING[number % SIGNING.length]?.id ?? '', { headers: {}, body: 'x', isBase64Encoded: false }]],
    ['of the largest body that is handed on', () => ['easypost', { headers: {}, body: LARGE, isBase64Encoded: false }]],
  ];
  const LARGE = 'x'.repeat(400_000);

  test.each(FLOODS)('%s costs no more than it must, and fills no queue', async (_how, flood) => {
    const cost = await costOf(async (number) => {
      const [id, posting] = flood(number);
      expect((await edge.post(KINDS.find((kind) => kind.id === id)?.side ?? 'carriers', id, posting)).statusCode).toBeLessThan(500);
    });

    expect(cost.queued).toBe(0);
    // Secrets are looked up again after 10 s at the soonest: once in a hundred requests for each connection that a flood names.
    expect(cost.secretReads).toBeLessThanOrEqual(((REQUESTS / A_SECOND / 10 + 2) * SIGNING.length) / REQUESTS);
    expect(cost.usd, JSON.stringify(cost)).toBeLessThan(BOUND);
  });

  test('that ask for tokens costs no more than it must', async () => {
    const { handler } = await import('../../functions/tracking/issue-token.ts');
    const authorization = `Basic ${Buffer.from('guess:guess').toString('base64')}`;
    const cost = await costOf(
      async (number) =>
        await handler(
          httpEvent({ pathParameters: { carrierId: number % 2 === 0 ? 'ups' : 'nobody' }, headers: { authorization }, body: 'grant_type=client_credentials' }),
          CONTEXT,
        ),
    );

    expect(cost.usd, JSON.stringify(cost)).toBeLessThan(BOUND);
  });

  test('that follow links which nobody sent costs no more than it must', async () => {
    const { handler } = await import('../../functions/report/open-report.ts');
    vi.stubEnv(ENV.reportsBucket, 'reports');
    edge.secrets = { links: { signing: { current: 'the key of links' } } };
    const cost = await costOf(async (number) => {
      const queryStringParameters = { format: 'html', expires: '9999999999', signature: `guess-${number}` };
      expect((await handler(httpEvent({ pathParameters: { report: 'daily', day: '2026-11-20' }, queryStringParameters }), CONTEXT)).statusCode).toBe(403);
    });

    expect(cost.usd, JSON.stringify(cost)).toBeLessThan(BOUND);
  });

  function kindOf(id: string) {
    const kind = KINDS.find((one) => one.id === id);
    if (kind === undefined) throw new Error(`there is no ${id}`);
    return kind;
  }
});
