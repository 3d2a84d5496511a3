/**
 * A process that is nothing but the receiving edge, so that its CPU time is the edge's: takes webhooks in by turns with bare sends of
 * the messages that come of them, and says what each cost.
 * Called with the file of a job; writes its result to standard output as the last line.
 */
import { readFileSync } from 'node:fs';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { packDelivery } from '../adapters/delivery.ts';
import { type SignatureScheme, sign } from '../adapters/signature.ts';
import { ENV } from '../functions/shell/env.ts';
import { receive } from '../functions/shell/receive.ts';
import { CONTEXT, httpEvent } from '../test/functions/invoke.ts';

/** What is to be measured. */
export interface EdgeJob {
  readonly connectionId: string;
  readonly scheme: SignatureScheme;
  readonly secret: string;
  readonly queueUrl: string;
  /** Bodies, each with how many of it make a turn, and how many turns there are. */
  readonly bodies: readonly { readonly text: string; readonly perTurn: number; readonly turns: number }[];
}

/** What one webhook cost, for each turn: CPU milliseconds of this process. */
export interface EdgeResult {
  readonly messageBytes: number;
  readonly received: readonly number[];
  /** The SQS client alone, sending what was received. */
  readonly sent: readonly number[];
}

const job: EdgeJob = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const handler = receive({ senders: 'storefronts', parameter: 'connectionId', queue: ENV.inboxQueue });
// As the edge makes its own.
const sqs = new SQSClient({ maxAttempts: 2, requestHandler: { connectionTimeout: 500, requestTimeout: 1_500 } });

async function measure({ text, perTurn, turns }: EdgeJob['bodies'][number]): Promise<EdgeResult> {
  const { connectionId, scheme, secret, queueUrl } = job;
  const body = Buffer.from(text, 'utf8');
  const headers = { 'content-type': 'application/json', ...sign(body, scheme, secret, { id: 'msg_1', at: new Date() }) };
  const event = httpEvent({ pathParameters: { connectionId }, headers, body: text, isBase64Encoded: false });
  const message = packDelivery({ connectionId, headers, body, receivedAt: new Date().toISOString() });
  const take = async () => {
    const { statusCode } = await handler(event, CONTEXT);
    if (statusCode !== 200) throw new Error(`The edge answered ${statusCode} to ${body.length} bytes.`);
  };
  const send = () => sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: message }));
  for (const act of [take, send]) await cpuOf(perTurn, act);
  const received: number[] = [];
  const sent: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    received.push(await cpuOf(perTurn, take));
    sent.push(await cpuOf(perTurn, send));
  }
  return { messageBytes: message.length, received, sent };
}

async function cpuOf(times: number, act: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < times; index++) await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / times;
}

const results: EdgeResult[] = [];
for (const body of job.bodies) results.push(await measure(body));
process.stdout.write(`\n${JSON.stringify(results)}\n`);
