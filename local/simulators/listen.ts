import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request that reached a simulator. */
export interface Call {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** What follows the `?`, as it was sent. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a simulator answers: a response, or a way of not answering at all. */
export type Answer =
  | { readonly status: number; readonly json?: unknown; readonly bytes?: Buffer; readonly headers?: Record<string, string> }
  /** `hang`: the connection stays open without an answer; `reset`: it is cut. */
  | 'hang'
  | 'reset';

/** A listening simulator. */
export interface Listening {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a simulator on the loopback interface. */
export async function listen(answer: (call: Call) => Answer | Promise<Answer>, port = 0): Promise<Listening> {
  const server = createServer(async (request, response) => {
    try {
      const [path = '/', ...rest] = (request.url ?? '/').split('?');
      const body = await text(request);
      respond(response, await answer({ method: request.method ?? 'GET', path, query: rest.join('?'), headers: request.headers, body }));
    } catch (cause) {
      // A simulator that breaks answers as a broken vendor does, and says why where a developer looks.
      respond(response, { status: 500, json: { error: cause instanceof Error ? cause.message : 'the simulator failed' } });
    }
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error('The simulator is not listening on a port.');
  return address.port;
}

function respond(response: ServerResponse, answer: Answer): void {
  if (answer === 'hang') return;
  if (answer === 'reset') {
    response.destroy();
    return;
  }
  const body = answer.bytes ?? (answer.json === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(answer.json)));
  const type = answer.json === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' };
  response.writeHead(answer.status, { ...type, ...answer.headers, 'content-length': body.length });
  response.end(body);
}
