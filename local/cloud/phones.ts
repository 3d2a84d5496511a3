import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { post } from './aws-json.ts';
import { type Listener, listenOnLoopback } from './loopback.ts';

/**
 * Stands before the SNS emulator, which has no phones: a message to a phone number is answered as SNS does and kept as
 * a line of the outbox file, where people and tests can read it; everything else goes on to the emulator.
 */
export async function startPhones(emulator: string, outboxFile: string): Promise<Listener> {
  return await listenOnLoopback((request, response) => {
    answer(request, emulator, outboxFile).then(
      ({ status, contentType, bytes }) => end(response, status, contentType, bytes),
      (error: unknown) => end(response, 500, 'text/plain', Buffer.from(String(error))),
    );
  });
}

async function answer(request: IncomingMessage, emulator: string, outboxFile: string): Promise<{ status: number; contentType: string; bytes: Buffer }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const form = new URLSearchParams(body.toString('utf8'));
  const phone = form.get('PhoneNumber');
  if (form.get('Action') === 'Publish' && phone !== null) return { status: 200, contentType: 'text/xml', bytes: keep(phone, form.get('Message') ?? '', outboxFile) };
  const { authorization } = request.headers;
  return await post(emulator, body, { headers: { 'content-type': request.headers['content-type'] ?? '', ...(authorization ? { authorization } : {}) } });
}

function keep(phone: string, message: string, outboxFile: string): Buffer {
  const messageId = randomUUID();
  appendFileSync(outboxFile, `${JSON.stringify({ at: new Date().toISOString(), messageId, phone, message })}\n`);
  return Buffer.from(
    `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>${messageId}</MessageId></PublishResult><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></PublishResponse>`,
  );
}

function end(response: ServerResponse, status: number, contentType: string, bytes: Buffer): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': bytes.length });
  response.end(bytes);
}
