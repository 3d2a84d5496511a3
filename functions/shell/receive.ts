import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { SecretStore } from '../../adapters/aws/secret-store.ts';
import { MAX_MESSAGE_BYTES, packDelivery } from '../../adapters/delivery.ts';
import { isSigned, type SignatureScheme, type Signed } from '../../adapters/signature.ts';
import { ENV, type EnvName, readEnv } from './env.ts';
import { count, errorFields, log } from './log.ts';
import { once } from './once.ts';

/** Who may post here, and where it goes. */
export interface Receiver {
  /** Which half of the edge table names the senders. */
  readonly senders: 'storefronts' | 'carriers';
  /** The path parameter that names one of them. */
  readonly parameter: string;
  readonly queue: EnvName;
}

/**
 * The receiving edge: verify on raw bytes, put the bytes on a queue, answer. `200` only after the queue has them; `401` for a bad
 * signature and for an unknown sender alike, with the same work done; `413` beyond what a queue holds; `503` when anything of ours
 * is down, so that the sender tries again. Parsing is left to the workers: this must fit in a storefront's patience and in 350 KB.
 */
export function receive(receiver: Receiver) {
  const services = once(() => openServices(receiver));
  return middy(async function receiveHandler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
    const now = new Date();
    const request: Signed = { headers: event.headers, body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8') };
    const sender = event.pathParameters?.[receiver.parameter] ?? '';
    const edge = services();
    if (!(await isGenuine(sender, request, edge, now))) return refuse(401, 'signatureRefused', now);
    const message = packDelivery({ connectionId: sender, headers: request.headers, body: request.body, receivedAt: now.toISOString() });
    if (message.length > MAX_MESSAGE_BYTES) return refuse(413, 'deliveryTooLarge', now);
    await edge.sqs.send(new SendMessageCommand({ QueueUrl: edge.queueUrl, MessageBody: message }));
    return { statusCode: 200, body: '' };
  }).onError(function answerUnavailable(request) {
    log('error', 'delivery not taken', errorFields(request.error));
    request.response = { statusCode: 503, headers: { 'retry-after': '5' }, body: '' };
  });
}

interface Edge {
  readonly schemes: Readonly<Record<string, SignatureScheme>>;
  readonly secrets: SecretStore;
  readonly queueUrl: string;
  readonly sqs: SQSClient;
}

function openServices({ senders, queue }: Receiver): Edge {
  const env = readEnv(ENV.clientFolder, ENV.secretsPrefix, queue);
  const table: Record<Receiver['senders'], Record<string, SignatureScheme>> = JSON.parse(readFileSync(join(env[ENV.clientFolder], 'edge.json'), 'utf8'));
  const sqs = new SQSClient({ maxAttempts: 2, requestHandler: { connectionTimeout: 500, requestTimeout: 1_500 } });
  return { schemes: table[senders], secrets: new SecretStore(env[ENV.secretsPrefix]), queueUrl: env[queue], sqs };
}

/** An unknown sender costs what a known one does: it is measured against the first known one, and refused whatever comes out. */
async function isGenuine(sender: string, request: Signed, { schemes, secrets }: Edge, now: Date): Promise<boolean> {
  const known = Object.hasOwn(schemes, sender);
  const measuredAgainst = known ? sender : (Object.keys(schemes)[0] ?? '');
  const scheme = schemes[measuredAgainst];
  if (scheme === undefined) return false;
  const remembered = await secrets.read(measuredAgainst, now);
  if (remembered !== undefined && isSigned(request, scheme, remembered.signing, now)) return known;
  // The secret may have been rotated a moment ago.
  const fresh = await secrets.read(measuredAgainst, now, true);
  return fresh !== undefined && isSigned(request, scheme, fresh.signing, now) && known;
}

function refuse(statusCode: number, metric: string, now: Date): APIGatewayProxyStructuredResultV2 {
  count(metric, now);
  return { statusCode, body: '' };
}
