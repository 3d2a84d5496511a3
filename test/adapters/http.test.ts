import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { failureOf, httpClient, isPublicAddress, publicLookup, type Resolve, retryAfterOf } from '../../adapters/http.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${portOf(server)}`;
}

function portOf(server: Server): number {
  const address: string | AddressInfo | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const nowhere: Resolve = async (name) => {
  throw new Error(`${name} was looked up`);
};

describe('reaching a trusted origin', () => {
  test('sends method, headers and body, and brings back status, headers and bytes whatever the status', async () => {
    const origin = await serve(async (request, response) => {
      const body = await Array.fromAsync(request);
      response
        .writeHead(422, { 'X-Echo': `${request.method} ${request.url} ${request.headers['x-key']} ${Buffer.concat(body)}`, 'Set-Cookie': ['a=1', 'b=2'] })
        .end(Buffer.from([0xff, 0x00]));
    });

    const response = await httpClient({ trustedOrigins: [origin] })({ method: 'POST', url: `${origin}/v2/buy?a=1`, headers: { 'x-key': 'k' }, body: '{"a":1}' });

    expect(response).toMatchObject({ status: 422, headers: { 'x-echo': 'POST /v2/buy?a=1 k {"a":1}', 'set-cookie': 'a=1, b=2' } });
    expect([...response.body]).toEqual([0xff, 0x00]);
  });

  test('does not follow a redirect', async () => {
    let calls = 0;
    const origin = await serve((_request, response) => {
      calls++;
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
    });

    expect(await httpClient({ trustedOrigins: [origin] })({ method: 'GET', url: origin })).toMatchObject({ status: 302 });
    expect(calls).toBe(1);
  });

  test('does not try again', async () => {
    let calls = 0;
    const origin = await serve((request) => {
      calls++;
      request.socket.destroy();
    });

    await expect(httpClient({ trustedOrigins: [origin] })({ method: 'POST', url: origin, body: 'x' })).rejects.toMatchObject({ name: 'Unavailable', code: 'http.unreachable' });
    expect(calls).toBe(1);
  });

  test('gives up on a server that never answers, and on one that never ends', async () => {
    const silent = await serve(() => {});
    const endless = await serve((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    });
    const http = httpClient({ trustedOrigins: [silent, endless], defaultTimeoutMs: 150 });

    await expect(http({ method: 'GET', url: silent })).rejects.toMatchObject({ name: 'Unavailable', code: 'http.timeout' });
    await expect(http({ method: 'GET', url: endless })).rejects.toMatchObject({ name: 'Unavailable', code: 'http.timeout' });
  });

  test('stops reading an answer that is too large', async () => {
    const origin = await serve((_request, response) => response.end(Buffer.alloc(3_000_000)));

    await expect(httpClient({ trustedOrigins: [origin] })({ method: 'GET', url: origin, maxBytes: 1_000 })).rejects.toMatchObject({ name: 'Unavailable', code: 'http.too-large' });
    expect((await httpClient({ trustedOrigins: [origin] })({ method: 'GET', url: origin, maxBytes: 3_000_000 })).body).toHaveLength(3_000_000);
  });

  test('does not take an answer that was cut off for a whole one', async () => {
    const origin = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => request.socket.destroy(), 20);
    });

    await expect(httpClient({ trustedOrigins: [origin] })({ method: 'GET', url: origin })).rejects.toMatchObject({ name: 'Unavailable', code: 'http.unreachable' });
  });

  test('says which host could not be reached, and neither path nor query', async () => {
    const origin = await serve(() => {});
    const gone = servers.pop();
    gone?.close();

    const error: unknown = await httpClient({ trustedOrigins: [origin] })({ method: 'GET', url: `${origin}/secret?token=1` }).catch((cause: unknown) => cause);
    expect(String(error)).toContain('ECONNREFUSED');
    expect(String(error)).not.toMatch(/secret|token/);
  });
});

describe('reaching anybody else', () => {
  const http = httpClient({ trustedOrigins: ['https://api.example.com'], resolve: nowhere });

  test.each([
    'http://example.com/',
    'https://user:secret@example.com/',
    'https://user@api.example.com/',
    'https://example.com:8443/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://0/',
    'https://10.1.2.3/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://172.31.255.255/',
    'https://192.168.0.1/',
    'https://198.18.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[fd00:ec2::254]/',
    'https://[fe80::1]/',
    'https://[ff02::1]/',
    'https://[2002:7f00:1::]/',
    'https://[2001:db8::1]/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'data:text/plain,hello',
    '/relative',
    '',
  ])('refuses %s before anything leaves', async (url) => {
    const error: unknown = await http({ method: 'GET', url }).catch((cause: unknown) => cause);

    expect(error).toMatchObject({ name: 'Rejected', code: 'http.address-refused' });
    expect(String(error)).not.toContain('secret');
  });

  test.each([[['127.0.0.1']], [['93.184.215.14', '10.0.0.1']], [['::1']], [['2606:2800:21f:cb07::1', 'fd00::1']]])('refuses a name that leads to %j', async (addresses) => {
    const resolve: Resolve = async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

    await expect(httpClient({ trustedOrigins: [], resolve })({ method: 'GET', url: 'https://inside.example.com/' })).rejects.toMatchObject({ code: 'http.address-refused' });
  });

  test('hands the socket the very addresses that were checked: a second answer cannot slip in', async () => {
    let lookups = 0;
    const rebinding: Resolve = async () => (lookups++ === 0 ? [{ address: '1.1.1.1', family: 4 }] : [{ address: '127.0.0.1', family: 4 }]);
    const connectsTo = await new Promise((resolve) => publicLookup(rebinding)('rebind.example.com', {}, (_error, address) => resolve(address)));

    expect(connectsTo).toBe('1.1.1.1');
    expect(lookups).toBe(1);
  });

  test('trusts an origin, not a host: another port or scheme of it is checked', async () => {
    const origin = await serve((_request, response) => response.end());
    const other = await serve((_request, response) => response.end());

    await expect(httpClient({ trustedOrigins: [origin] })({ method: 'GET', url: other })).rejects.toMatchObject({ code: 'http.address-refused' });
  });

  test.each(['1.1.1.1', '93.184.215.14', '2606:4700:4700::1111', '172.32.0.1', '100.128.0.1'])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

describe('what an answer amounts to', () => {
  const answer = (status: number, headers = {}) => ({ status, headers, body: Buffer.alloc(0) });

  test.each([
    [400, 'Rejected', 'carrier.refused'],
    [404, 'Rejected', 'carrier.refused'],
    [302, 'Rejected', 'carrier.refused'],
    [408, 'Unavailable', 'carrier.unavailable'],
    [425, 'Unavailable', 'carrier.unavailable'],
    [429, 'Unavailable', 'carrier.unavailable'],
    [500, 'Unavailable', 'carrier.unavailable'],
  ])('%d is %s', (status, name, code) => {
    expect(failureOf(answer(status), 'carrier', 'NO_FUNDS')).toMatchObject({ name, code, seen: String(status), message: expect.stringContaining('NO_FUNDS') });
  });

  test.each([
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after': 'Fri, 20 Nov 2026 09:01:00 GMT', date: 'Fri, 20 Nov 2026 09:00:00 GMT' }, 60],
    [{ 'retry-after': 'Fri, 20 Nov 2026 08:00:00 GMT', date: 'Fri, 20 Nov 2026 09:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('%j asks to wait %s seconds', (headers, seconds) => {
    expect(retryAfterOf(answer(429, headers))).toBe(seconds);
  });
});
