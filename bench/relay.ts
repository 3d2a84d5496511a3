import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from '../local/simulators/listen.ts';

/** A vendor that is as far away as a real one. */
export interface Relay {
  readonly url: string;
  /** When it was called: milliseconds since 1970. */
  readonly calls: readonly number[];
  close(): Promise<void>;
}

/** Passes calls on to a simulator, and its answers back after a while. */
export async function openRelay(target: string, latencyMs: number): Promise<Relay> {
  const calls: number[] = [];
  const server = await listen(async ({ method, path, query, headers, body }) => {
    calls.push(Date.now());
    await sleep(latencyMs);
    const { authorization = '', 'content-type': type = 'application/json' } = headers;
    const url = `${target}${path}${query === '' ? '' : `?${query}`}`;
    const answer = await fetch(url, { method, headers: { authorization, 'content-type': type }, ...(body !== '' && { body }) });
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()), headers: { 'content-type': answer.headers.get('content-type') ?? type } };
  });
  return { url: server.url, calls, close: server.close };
}
