import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetSecretValueCommand, ResourceNotFoundException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeEach, vi } from 'vitest';
import { type Delivery, unpackDelivery } from '../../adapters/delivery.ts';
import { type SignatureScheme, type SigningSecrets, sign } from '../../adapters/signature.ts';
import { ENV } from '../../functions/shell/env.ts';
import { CONTEXT, httpEvent } from '../functions/invoke.ts';
import type { Kind } from './all-kinds.ts';

/** The instant of all posts that say no other. */
export const NOW = new Date('2026-11-20T09:00:00.000Z');

/** A request as the gateway hands it on. */
export interface Posting {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
  readonly query?: string;
}

/** The receiving functions as deployed, in containers of their own, with every kind of connection behind them. */
export interface EdgeUnderAttack {
  /** By connection id: what Secrets Manager holds. */
  secrets: Record<string, { readonly signing: SigningSecrets }>;
  post(side: Kind['side'], connectionId: string, posting: Posting): Promise<APIGatewayProxyStructuredResultV2>;
  /** From the next container on: the only connections that there are. */
  knowOnly(...kinds: Kind[]): void;
  /** What went on to the queues. */
  taken(): Delivery[];
  /** Ids of the secrets that were asked for. */
  secretReads(): string[];
  /** All calls to AWS. */
  calls(): number;
}

/** Opens the edge before each test. */
export function useEdgeUnderAttack(kinds: readonly Kind[], more: Readonly<Record<string, SignatureScheme>> = {}): EdgeUnderAttack {
  const folder = mkdtempSync(join(tmpdir(), 'edge-under-attack-'));
  const sqs = mockClient(SQSClient);
  const secretsManager = mockClient(SecretsManagerClient);
  const edge: EdgeUnderAttack = { secrets: {}, post, knowOnly, taken, secretReads, calls: () => sqs.calls().length + secretsManager.calls().length };

  beforeEach(() => {
    // A container of its own for each test: no secret is remembered from the one before.
    knowOnly(...kinds);
    vi.useFakeTimers({ toFake: ['Date'], now: NOW });
    for (const name of [ENV.inboxQueue, ENV.updatesQueue]) vi.stubEnv(name, `https://sqs.example.com/${name}`);
    vi.stubEnv(ENV.clientFolder, folder);
    vi.stubEnv(ENV.secretsPrefix, 'crossdock/sample/');
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    edge.secrets = Object.fromEntries(kinds.map(({ id, secret }) => [id, { signing: { current: secret } }]));
    sqs.reset();
    sqs.on(SendMessageCommand).resolves({});
    secretsManager.reset();
    secretsManager.on(GetSecretValueCommand).callsFake(({ SecretId }: { SecretId: string }) => {
      const secret = edge.secrets[SecretId.replace('crossdock/sample/', '')];
      if (secret === undefined) throw new ResourceNotFoundException({ message: 'no such secret', $metadata: {} });
      return { SecretString: JSON.stringify(secret) };
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  return edge;

  function knowOnly(...known: readonly Kind[]): void {
    const of = (side: Kind['side']) => Object.fromEntries(known.filter((kind) => kind.side === side).map(({ id, scheme }) => [id, scheme]));
    writeFileSync(join(folder, 'edge.json'), JSON.stringify({ storefronts: { ...of('storefronts'), ...more }, carriers: of('carriers') }));
    vi.resetModules();
  }

  async function post(side: Kind['side'], connectionId: string, { query = '', ...posting }: Posting): Promise<APIGatewayProxyStructuredResultV2> {
    const { handler } = side === 'storefronts' ? await import('../../functions/storefront/receive-webhook.ts') : await import('../../functions/tracking/receive-update.ts');
    const pathParameters = side === 'storefronts' ? { connectionId } : { carrierId: connectionId };
    return await handler(httpEvent({ ...posting, rawQueryString: query, pathParameters }), CONTEXT);
  }

  function taken(): Delivery[] {
    return sqs.commandCalls(SendMessageCommand).map((call) => unpackDelivery(call.args[0].input.MessageBody ?? ''));
  }

  function secretReads(): string[] {
    return secretsManager.commandCalls(GetSecretValueCommand).map((call) => call.args[0].input.SecretId ?? '');
  }
}

/** A body that holds what any scheme signs a part of, with more beside it. */
export function bodyFor({ scheme }: Kind, more: object = {}): Buffer {
  const signed = scheme.family === 'hmac-fields' ? Object.fromEntries(scheme.fields.map((field) => [field, `the ${field}`])) : {};
  // What a handshake must not hold, so that no body is taken for one.
  const told = scheme.handshake?.family === 'unsigned-json' ? { [scheme.handshake.without]: 'told' } : {};
  return Buffer.from(JSON.stringify({ id: 1, ...told, ...signed, note: 'Grüße', ...more }));
}

/** A post as its sender makes it. */
export function genuine(kind: Kind, body: Buffer = bodyFor(kind), { secret = kind.secret, at = NOW, id = 'evt-1' } = {}): Posting {
  return { headers: sign(body, kind.scheme, secret, { id, at, connectionId: kind.id }), body: body.toString('base64'), isBase64Encoded: true };
}

/** The header that proves a post, and how much of it is not proof but notation. */
export function proofIn(kind: Kind, body: Buffer = bodyFor(kind)): { readonly header: string; readonly value: string; readonly notation: string } {
  const [ours, theirs] = [genuine(kind, body).headers, genuine(kind, body, { secret: secretOfAnother(kind) }).headers];
  const [header = '', value = ''] = Object.entries(ours).find(([name, text]) => theirs[name] !== text) ?? [];
  const other = theirs[header] ?? '';
  const common = [...value].findIndex((character, index) => other[index] !== character);
  return { header, value, notation: value.slice(0, common) };
}

/** A secret of the right notation that is not the connection's. */
export function secretOfAnother({ scheme, secret }: Kind): string {
  return scheme.family === 'standard-webhooks' && scheme.key === 'base64' ? `whsec_${Buffer.from('guessed by somebody').toString('base64')}` : secret.replace(/[a-f]/g, '0');
}
