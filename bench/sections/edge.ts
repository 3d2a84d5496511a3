import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SignatureScheme } from '../../adapters/signature.ts';
import { ENV } from '../../functions/shell/env.ts';
import { type Answer, type Call, listen } from '../../local/simulators/listen.ts';
import type { EdgeJob, EdgeResult } from '../edge-runner.ts';
import type { Bench, Findings } from '../section.ts';
import { median } from '../statistics.ts';

const RUNNER = join(import.meta.dirname, '..', 'edge-runner.ts');
const AIM_MS = 1;
/** Linear time has 1 or less, as what every webhook costs is spread over more; squared time would have 16. */
const LINEAR = 1.5;
const CONNECTION = 'shop';
const SECRET = 'signing-key-of-the-shop';
const SCHEME: SignatureScheme = { family: 'hmac-body', header: 'x-shopify-hmac-sha256', encoding: 'base64' };

/** How much of each size is posted: some thousands of the small ones. */
const SIZES = [
  { kilobytes: 4, perTurn: 100, turns: 30 },
  { kilobytes: 16, perTurn: 50, turns: 20 },
  { kilobytes: 64, perTurn: 20, turns: 20 },
  { kilobytes: 256, perTurn: 10, turns: 30 },
  { kilobytes: 1024, perTurn: 5, turns: 30 },
] as const;

/** Measures what the receiving edge adds to the bare send to SQS: verifying, packing and answering, in CPU time of a process of its own. */
export async function measureEdge({ scratch, say }: Bench): Promise<Findings> {
  const aws = await listen(answerAsAws);
  try {
    say(`taking in ${SIZES.reduce((sum, { perTurn, turns }) => sum + perTurn * turns, 0)} webhooks of ${SIZES.length} sizes, by turns with bare sends`);
    writeFileSync(join(scratch, 'edge.json'), JSON.stringify({ storefronts: { [CONNECTION]: SCHEME }, carriers: {} }));
    const queueUrl = `${aws.url}/000000000000/inbox`;
    const bodies = SIZES.map(({ kilobytes, perTurn, turns }) => ({ text: orderOf(kilobytes * 1024), perTurn, turns }));
    return findingsOf(await run({ connectionId: CONNECTION, scheme: SCHEME, secret: SECRET, queueUrl, bodies }, scratch, aws.url));
  } finally {
    await aws.close();
  }
}

async function run(job: EdgeJob, scratch: string, endpoint: string): Promise<readonly EdgeResult[]> {
  const file = join(scratch, 'job.json');
  writeFileSync(file, JSON.stringify(job));
  const env = {
    PATH: process.env.PATH ?? '',
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    [ENV.clientFolder]: scratch,
    [ENV.secretsPrefix]: 'crossdock/bench/',
    [ENV.inboxQueue]: job.queueUrl,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [RUNNER, file], { env, maxBuffer: 16 * 1024 * 1024 });
  const results: EdgeResult[] = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  return results;
}

function findingsOf(results: readonly EdgeResult[]): Findings {
  const measured = SIZES.map(({ kilobytes }, index) => {
    const { messageBytes = 0, received = [], sent = [] } = results[index] ?? {};
    // Turn by turn, so that what else the machine does falls on both.
    const ours = median(received.map((cost, turn) => cost - (sent[turn] ?? 0)));
    return { kilobytes, messageKilobytes: messageBytes / 1024, ours, whole: median(received), bare: median(sent) };
  });
  const added = (kilobytes: number) => measured.find((one) => one.kilobytes === kilobytes)?.ours ?? Number.NaN;
  return {
    rows: [
      { name: 'verify and enqueue 4 KB, above the bare send', value: added(4), unit: 'ms CPU', atMost: AIM_MS },
      { name: 'a KB of 1 MB, by a KB of 64 KB', value: added(1024) / 1024 / (added(64) / 64), unit: 'x', atMost: LINEAR },
    ],
    breakdowns: [
      {
        title: 'CPU of one webhook, by its size',
        columns: ['body KB', 'message KB', 'edge ms', 'bare send ms', 'above it ms', 'above it ms/KB'],
        rows: measured.map(({ kilobytes, messageKilobytes, ours, whole, bare }) => [kilobytes, messageKilobytes, whole, bare, ours, ours / kilobytes]),
      },
    ],
    notes: [
      'Medians over turns of the CPU time of a process that runs functions/shell/receive.ts and nothing else; the bare send sends the message that the edge makes of the body.',
      'Bodies are JSON of an order with as many lines as it takes; from 16 KB they are compressed (decision 2).',
    ],
  };
}

/** SQS and Secrets Manager, as far as the edge asks them. */
function answerAsAws({ headers, body }: Call): Answer {
  const target = String(headers['x-amz-target']);
  if (target === 'secretsmanager.GetSecretValue') return { status: 200, json: { SecretString: JSON.stringify({ signing: { current: SECRET } }) } };
  if (target !== 'AmazonSQS.SendMessage') return { status: 400 };
  const { MessageBody: message }: { MessageBody: string } = JSON.parse(body);
  return { status: 200, json: { MessageId: 'm', MD5OfMessageBody: createHash('md5').update(message).digest('hex') } };
}

/** An order of so many bytes, as its storefront would write it. */
function orderOf(bytes: number): string {
  const head = { id: '820982911946154508', name: '#1001', note: '', line_items: [] };
  const lines: string[] = [];
  let size = JSON.stringify(head).length;
  for (let index = 0; size < bytes; index++) {
    const line = JSON.stringify({
      id: 14_000_000_000 + index * 7_919,
      sku: `TENT-${index % 97}P`,
      title: `Tent ${index}`,
      quantity: 1 + (index % 5),
      price: (9.9 + index * 1.37).toFixed(2),
    });
    lines.push(line);
    size += line.length + 1;
  }
  return JSON.stringify({ ...head, line_items: lines.map((line) => JSON.parse(line)) }).slice(0, bytes);
}
