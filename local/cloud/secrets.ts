import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { type Listener, listenOnLoopback } from './loopback.ts';

const GetSecretValue = z.object({ SecretId: z.string() });
const ARN_PREFIX = /^arn:aws:secretsmanager:[^:]*:[^:]*:secret:/;
const ARN_SUFFIX = /-[A-Za-z0-9]{6}$/;

/**
 * Answers `GetSecretValue` by name or ARN, and refuses every other call of every service that has no emulator, so that
 * no request of a function ever leaves this machine.
 */
export async function startSecrets(values: Readonly<Record<string, string>>, arnOf: (name: string) => string): Promise<Listener> {
  return await listenOnLoopback((request, response) => {
    void answer(request, response, values, arnOf);
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, values: Readonly<Record<string, string>>, arnOf: (name: string) => string): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const target = String(request.headers['x-amz-target'] ?? `${request.method} ${request.url}`);
  if (target !== 'secretsmanager.GetSecretValue') return refuse(response, 'UnknownOperationException', `The local cloud has no emulator for ${target}.`);
  const asked = GetSecretValue.safeParse(parse(Buffer.concat(chunks).toString('utf8')));
  if (!asked.success) return refuse(response, 'InvalidParameterException', 'SecretId is missing.');
  const found = find(values, asked.data.SecretId);
  if (!found) return refuse(response, 'ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  const [name, value] = found;
  end(response, 200, {
    ARN: arnOf(name),
    Name: name,
    SecretString: value,
    VersionId: '00000000-0000-0000-0000-000000000001',
    VersionStages: ['AWSCURRENT'],
    CreatedDate: 1_767_225_600,
  });
}

function find(values: Readonly<Record<string, string>>, id: string): [string, string] | undefined {
  const name = id.replace(ARN_PREFIX, '');
  return Object.entries(values).find(([known]) => known === name || (name !== id && known === name.replace(ARN_SUFFIX, '')));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse, type: string, message: string): void {
  end(response, 400, { __type: type, message });
}

function end(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(body));
}
