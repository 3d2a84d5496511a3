import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A listener on 127.0.0.1. */
export interface Listener {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves HTTP on loopback only; port 0 takes a free one. */
export async function listenOnLoopback(handler: RequestListener, port = 0, options: ServerOptions = {}): Promise<Listener> {
  const server = createServer(options, handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const taken = portOf(server.address());
  return { url: `http://127.0.0.1:${taken}`, port: taken, close: () => close(server) };
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const listener = await listenOnLoopback(() => {});
  await listener.close();
  return listener.port;
}

/**
 * Waits until something accepts connections on a loopback port.
 * @param gaveUp tells that waiting is pointless, for instance because the process has ended
 */
export async function waitForPort(port: number, gaveUp: () => string | undefined): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    const reason = gaveUp();
    if (reason) throw new Error(reason);
    if (await accepts(port)) return;
    await sleep(10);
  }
  throw new Error(`Nothing accepts connections on 127.0.0.1:${port} after 10 s.`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error(`Expected a TCP address, got ${address}.`);
  return address.port;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
}
