import { Agent, request } from 'node:http';
import { type Json, parseJson } from '../../core/json.ts';

/** An answer of an emulator that is not 200. */
export class EmulatorError extends Error {
  override readonly name = 'EmulatorError';
  /** AWS's name of the error, such as `ResourceNotFoundException`. */
  readonly type: string;

  constructor(target: string, status: number, type: string, body: string) {
    super(`${target} was answered with ${status} ${type}: ${body.slice(0, 500)}`);
    this.type = type;
  }
}

// The runner's own calls: long polls hold a connection each, so the number of sockets is not limited.
const agent = new Agent({ keepAlive: true });

/**
 * Calls an operation of an AWS service that speaks JSON, without the SDK: pollers call all the time and the SDK's
 * signing and middleware would cost more than the emulator's work.
 * @param target `<service version>.<operation>` as in the `X-Amz-Target` header
 * @throws EmulatorError on any answer other than 200
 */
export async function callJson(endpoint: string, target: string, body: Json, options: { readonly region: string; readonly signal?: AbortSignal }): Promise<Json> {
  const service = target.startsWith('DynamoDB') ? 'dynamodb' : 'sqs';
  const { status, bytes } = await post(endpoint, JSON.stringify(body), {
    signal: options.signal,
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': target,
      'x-amz-date': '20260101T000000Z',
      // Emulators read the region from the credential scope and verify nothing.
      authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${options.region}/${service}/aws4_request, SignedHeaders=host, Signature=local`,
    },
  });
  const text = bytes.toString('utf8');
  if (status !== 200) throw new EmulatorError(target, status, errorType(text), text);
  return bytes.length === 0 ? {} : parseJson(bytes);
}

/** Reads a page of an emulator's own. */
export async function getJson(url: string): Promise<Json> {
  const { status, bytes } = await send(url, 'GET', undefined, {});
  if (status !== 200) throw new EmulatorError(url, status, 'unexpected', bytes.toString('utf8'));
  return parseJson(bytes);
}

interface Call {
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/** Posts a body and reads the whole answer. */
export async function post(url: string, body: string | Buffer, call: Call): Promise<{ status: number; contentType: string; bytes: Buffer }> {
  return await send(url, 'POST', body, call);
}

function send(url: string, method: string, body: string | Buffer | undefined, { headers = {}, signal }: Call): Promise<{ status: number; contentType: string; bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const call = request(url, { agent, method, headers: { ...headers, ...length }, ...(signal ? { signal } : {}) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, contentType: response.headers['content-type'] ?? '', bytes: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}

function errorType(text: string): string {
  // `__type` is `com.amazonaws...#Name`; SQS's emulator and DynamoDB's both use it.
  return /"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}
