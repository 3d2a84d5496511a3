import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { SecretStore } from '../../adapters/aws/secret-store.ts';
import { MAX_MESSAGE_BYTES, packDelivery } from '../../adapters/delivery.ts';
import { type Http, httpClient } from '../../adapters/http.ts';
import { isHandshake, keysNamedBy, type SignatureScheme, type Signed, type SigningSecrets, secondVerdict, type Verdict, verdictOn } from '../../adapters/signature.ts';
import { type KeysFor, publishedKeys } from '../../adapters/signatures/published-keys.ts';
import { type EdgeTable, readSchemes } from './edge.ts';
import { ENV, type EnvName, readEnv } from './env.ts';
import { count, errorFields, log } from './log.ts';
import { once } from './once.ts';

/** Who may post here, and where it goes. */
export interface Receiver {
  /** Which half of the edge table names the senders. */
  readonly senders: keyof EdgeTable;
  /** The path parameter that names one of them. */
  readonly parameter: string;
  readonly queue: EnvName;
}

/**
 * The receiving edge: verify on raw bytes, put the bytes on a queue, answer. `200` only after the queue has them, and for handshakes;
 * `401` for a bad signature and for an unknown sender alike, with the same work done (where its scheme says so, a bad one is answered
 * `200` and dropped); `413` beyond what a queue holds; `503` when anything of ours is down, so that the sender tries again. Parsing is
 * left to the workers: this must fit in a storefront's patience and in 350 KB.
 * @param http how published keys are fetched
 */
export function receive(receiver: Receiver, http: () => Http = () => httpClient({ trustedOrigins: [] })) {
  const services = once(() => openServices(receiver, http()));
  return middy(async function receiveHandler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
    const now = new Date();
    const sender = event.pathParameters?.[receiver.parameter] ?? '';
    const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
    const request: Signed = { headers: event.headers, body, query: event.rawQueryString, connectionId: sender };
    const edge = services();
    if (isGreeting(sender, request, edge)) return TAKEN;
    const verdict = await judge(sender, request, edge, now);
    if (verdict === 'refused') return refuse(sender, edge, now);
    if (verdict === 'late') count('signatureLate', now, { connectionId: sender });
    const message = packDelivery({ connectionId: sender, headers: request.headers, body: request.body, receivedAt: now.toISOString() });
    if (message.length > MAX_MESSAGE_BYTES) {
      count('deliveryTooLarge', now, { connectionId: sender });
      return { statusCode: 413, body: '' };
    }
    await edge.sqs.send(new SendMessageCommand({ QueueUrl: edge.queueUrl, MessageBody: message }));
    return TAKEN;
  }).onError(function answerUnavailable(request) {
    log('error', 'delivery not taken', errorFields(request.error));
    request.response = { statusCode: 503, headers: { 'retry-after': '5' }, body: '' };
  });
}

// Exactly 200 and nothing more: the one answer that every sender takes for success.
const TAKEN: APIGatewayProxyStructuredResultV2 = { statusCode: 200, body: '' };

interface Edge {
  readonly schemes: Readonly<Record<string, SignatureScheme>>;
  readonly secrets: SecretStore;
  readonly keysFor: KeysFor;
  readonly queueUrl: string;
  readonly sqs: SQSClient;
}

function openServices({ senders, queue }: Receiver, http: Http): Edge {
  const env = readEnv(ENV.clientFolder, ENV.secretsPrefix, queue);
  const sqs = new SQSClient({ maxAttempts: 2, requestHandler: { connectionTimeout: 500, requestTimeout: 1_500 } });
  return { schemes: readSchemes(env[ENV.clientFolder])[senders], secrets: new SecretStore(env[ENV.secretsPrefix]), keysFor: publishedKeys(http), queueUrl: env[queue], sqs };
}

/** A ping is answered for any sender, so that it does not tell who is known; any JSON is not, as others would lose what they forgot to sign. */
function isGreeting(sender: string, request: Signed, { schemes }: Edge): boolean {
  return Object.entries(schemes).some(([id, scheme]) => (id === sender || scheme.handshake?.family === 'unsigned-ping') && isHandshake(request, scheme));
}

const NO_SECRET: SigningSecrets = { current: '' };

/** An unknown sender costs what a known one does: it is measured against the first known one, and refused whatever comes out. */
async function judge(sender: string, request: Signed, { schemes, secrets, keysFor }: Edge, now: Date): Promise<Verdict> {
  const known = Object.hasOwn(schemes, sender);
  const measuredAgainst = known ? sender : (Object.keys(schemes)[0] ?? '');
  const scheme = schemes[measuredAgainst];
  if (scheme === undefined) return 'refused';
  const named = keysNamedBy(request, scheme);
  const published = named === undefined ? [] : await keysFor(named, now);
  const remembered = await secrets.read(measuredAgainst, now);
  const verdict = verdictOn(request, scheme, remembered?.signing ?? NO_SECRET, now, published);
  if (verdict !== 'refused') {
    if (known) countSecond(sender, secondVerdict(request, scheme, remembered?.signing ?? NO_SECRET, now), now);
    return known ? verdict : 'refused';
  }
  // The secret may have been rotated a moment ago.
  const fresh = await secrets.read(measuredAgainst, now, true);
  const second = verdictOn(request, scheme, fresh?.signing ?? NO_SECRET, now, published);
  return known ? second : 'refused';
}

/** Tells in time whether a sender's newer signature is made as we think; nothing is refused by it. */
function countSecond(connectionId: string, verifies: boolean | undefined, now: Date): void {
  if (verifies !== undefined) count(verifies ? 'secondSignatureVerified' : 'secondSignatureDiffered', now, { connectionId });
}

function refuse(sender: string, { schemes }: Edge, now: Date): APIGatewayProxyStructuredResultV2 {
  count('signatureRefused', now);
  const silent = Object.hasOwn(schemes, sender) && schemes[sender]?.refusal === 'silent';
  return silent ? TAKEN : { statusCode: 401, body: '' };
}
