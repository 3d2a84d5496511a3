import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientFiles, loadClient } from '../../../adapters/client.ts';
import { type Cloud, startCloud } from '../../../local/cloud/cloud.ts';
import { openVendors, type Vendors } from '../../../local/simulators/vendors.ts';
import { synthesizeSmallStack } from './fixtures/small-stack.ts';

/** A socket that waits for connections. */
interface Listening {
  readonly pid: number;
  readonly address: string;
  readonly port: number;
}

// Linux tells who listens where: https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt
describe.runIf(process.platform === 'linux')('what runs on this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'listeners-'));
  let cloud: Cloud;
  let vendors: Vendors;

  beforeAll(async () => {
    const assembly = await synthesizeSmallStack(folder);
    cloud = await startCloud({ assembly, stack: 'small', dataFolder: join(folder, 'data'), secrets: { 'small/sender': 'a secret' }, schedules: 'manual' });
    const [client] = (await Promise.all(clientFiles().map((file) => loadClient(file)))).map((loaded) => loaded.client);
    if (client === undefined) throw new Error('there is no client');
    const secret = { signing: `whsec_${Buffer.alloc(32).toString('base64')}`, token: 'token', apiKey: 'key' };
    vendors = await openVendors({
      folder: join(folder, 'vendors'),
      shops: client.storefronts.map(({ id, kind, settings }) => ({ connectionId: id, kind, settings, secret })),
      carriers: client.carriers.map(({ id, kind, settings }) => ({ connectionId: id, kind, settings, secret })),
      stepMs: 1_000,
      currency: client.currency,
    });
  }, 60_000);

  afterAll(async () => {
    await vendors.close();
    await cloud.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the cloud, its emulators, the issuer, the secrets and every simulator listen on 127.0.0.1 alone', () => {
    const listening = listenersOf(process.pid);

    expect(listening.length, 'API, issuer, secrets, emulators and nine vendors').toBeGreaterThan(10);
    expect(listening.filter(({ address }) => address !== '127.0.0.1')).toEqual([]);
    for (const url of [cloud.apiUrl, ...Object.values(cloud.endpoints)]) expect(listening.map(({ port }) => port)).toContain(Number(new URL(url).port));
  });

  test('one that listened to everybody would be seen', async () => {
    const server = createServer();
    server.listen(0, '0.0.0.0');
    await once(server, 'listening');
    const seen = listenersOf(process.pid).filter(({ address }) => address === '0.0.0.0');
    server.close();

    expect(seen).toHaveLength(1);
  });
});

/** The sockets that a process and all that it started listen on. */
function listenersOf(root: number): Listening[] {
  const inodes = new Map([...processesFrom(root)].flatMap((pid) => socketsOf(pid).map((inode) => [inode, pid] as const)));
  return ['tcp', 'tcp6'].flatMap((table) => {
    const rows = readFileSync(`/proc/net/${table}`, 'utf8').trim().split('\n').slice(1);
    return rows.flatMap((row) => {
      const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
      const pid = inodes.get(inode);
      const [address = '', port = ''] = local.split(':');
      return state === '0A' && pid !== undefined ? [{ pid, address: printed(address), port: Number.parseInt(port, 16) }] : [];
    });
  });
}

/** Four bytes are written backwards; anything longer is as it stands. */
function printed(address: string): string {
  return address.length === 8 ? [...Buffer.from(address, 'hex').reverse()].join('.') : address;
}

function processesFrom(root: number): Set<number> {
  const parents = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [[Number(name), parentOf(name)] as const] : []));
  const found = new Set([root]);
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return found;
}

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1] ?? []);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
