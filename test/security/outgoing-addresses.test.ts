import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createWebServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { loadClient } from '../../adapters/client.ts';
import { type HttpOptions, httpClient, type Resolve } from '../../adapters/http.ts';
import { loadStorefront } from '../../adapters/storefront.ts';
import { listenOnLoopback } from '../../local/cloud/loopback.ts';
import { answering, answersOf, callWith, REFERENCE } from '../adapters/carrier-answers.ts';
import { forEveryCarrier } from '../adapters/carrier-under-test.ts';

/** Where an attacker who may name an address would have the hub call. */
const INSIDE = [
  // The metadata of the machine, and the credentials of a container, in every way of writing them.
  'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
  'https://169.254.169.254/latest/meta-data/',
  'https://2852039166/',
  'https://0xa9fea9fe/',
  'https://0251.0376.0251.0376/',
  'https://169.254.43518/',
  'https://169.254.170.2/v2/credentials',
  'https://[fd00:ec2::254]/latest/meta-data/',
  'https://[::ffff:169.254.169.254]/',
  'https://[::ffff:a9fe:a9fe]/',
  'https://[64:ff9b::169.254.169.254]/',
  'https://[64:ff9b:1::a9fe:a9fe]/',
  'https://[2002:a9fe:a9fe::]/',
  'https://[2001:0:a9fe:a9fe::1]/',
  // Full-width digits and an ideographic stop, which URL turns into plain ones.
  'https://１６９。２５４。１６９。２５４/',
  // The function's own runtime.
  'http://127.0.0.1:9001/2018-06-01/runtime/invocation/next',
  'https://127.0.0.1/',
  'https://2130706433/',
  'https://017700000001/',
  'https://0x7f.1/',
  'https://127.1/',
  'https://0.0.0.0/',
  'https://[::1]/',
  'https://[::]/',
  'https://[0:0:0:0:0:ffff:7f00:1]/',
  // Private, shared, link-local and reserved ranges.
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://192.168.1.1/',
  'https://100.64.0.1/',
  'https://100.127.255.255/',
  'https://192.0.0.192/',
  'https://198.19.255.255/',
  'https://[fc00::1]/',
  'https://[fe80::1]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  // What is no plain https.
  'http://files.example.com/label.pdf',
  'https://files.example.com:22/',
  'https://files.example.com:8443/',
  'https://files.example.com@10.0.0.1/',
  'https://user:secret@files.example.com/',
  'file:///proc/self/environ',
  'ftp://files.example.com/',
  'gopher://files.example.com/',
  'data:application/pdf,%25PDF-',
  'javascript:alert(1)',
] as const;

const PUBLIC = 'https://files.example.com/label.pdf';
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const nowhere: Resolve = async (name) => {
  throw new Error(`${name} was looked up`);
};

function inside(options: Partial<HttpOptions> = {}) {
  return httpClient({ trustedOrigins: [], resolve: nowhere, defaultTimeoutMs: 500, ...options });
}

function leadingTo(...addresses: readonly string[]): Resolve {
  return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
}

describe('an address that somebody else wrote', () => {
  test.each(INSIDE)('%s is refused before anything leaves', async (url) => {
    await expect(inside()({ method: 'GET', url })).rejects.toMatchObject({ name: 'Rejected', code: 'http.address-refused' });
  });

  test('and that is public is looked up: the tests above do not pass by refusing everything', async () => {
    await expect(inside()({ method: 'GET', url: PUBLIC })).rejects.toMatchObject({ code: 'http.unreachable', cause: { message: 'files.example.com was looked up' } });
  });

  test.each([['127.0.0.1'], ['169.254.169.254'], ['10.1.2.3'], ['100.64.0.1'], ['::1'], ['::ffff:169.254.169.254'], ['64:ff9b::a9fe:a9fe'], ['fd00::1'], ['2d00::1', '127.0.0.1']])(
    'and whose name leads to %s is refused',
    async (...addresses) => {
      const http = inside({ resolve: leadingTo(...addresses) });

      for (const url of [PUBLIC, 'https://localhost/', 'https://files.example.com./', 'https://127.0.0.1.nip.io/'])
        await expect(http({ method: 'GET', url })).rejects.toMatchObject({ code: 'http.address-refused' });
    },
  );
});

// The addresses of labels come in carriers' answers.
forEveryCarrier(({ id, carrier, settings, hasApi }) => {
  test.each(INSIDE)('fetches no label from %s', async (url) => {
    const left: string[] = [];
    const through = inside();
    const call = callWith(settings, async (request) => {
      // What it asks its own API is none of the attacker's choosing.
      if (request.url !== url) throw new Error('its own API');
      left.push(request.url);
      return await through(request);
    });

    const fetched: unknown = await carrier.label({ reference: REFERENCE, carrierRef: 'ref', trackingNumber: '1Z' }, url, call).catch((error: unknown) => error);

    expect(fetched).toBeInstanceOf(Error);
    if (left.length > 0) expect(fetched).toMatchObject({ code: 'http.address-refused' });
  });

  // A person answers nothing that a link could stand in.
  test.each(hasApi ? ['javascript:', 'data:', 'http:'] : [])('hands on no link to follow a parcel by that begins with %s', async (scheme) => {
    const bought = answersOf(id, 'bought').map((answer) => ({
      ...answer,
      body: Buffer.from(
        answer.body.toString('utf8').replace(/("(?:public_url|tracking_url_provider|trackingUrl)"\s*:\s*)"[^"]*"/g, `$1"${scheme}alert(document.domain)//https://"`),
      ),
    }));
    const { purchaseOf } = await import('../adapters/carrier-answers.ts');

    const purchased = await carrier.buy(purchaseOf(id), callWith(settings, answering(...bought).http));

    expect(purchased).toMatchObject({ outcome: 'bought', label: { trackingUrl: expect.stringMatching(/^(https:\/\/.*)?$/) } });
  });
});

test.each(INSIDE.filter((url) => URL.parse(url)?.origin !== 'null' && !url.includes(':22') && !url.includes(':8443')))(
  'a storefront whose callback address has become %s is not told',
  async (callbackUrl) => {
    const custom = await loadStorefront('custom');
    const settings = { callbackUrl, toleranceSeconds: 300 };
    // As a deployed function would trust it, had it come past the check of the client file.
    const http = httpClient({ trustedOrigins: callbackUrl.startsWith('http://127.0.0.1') ? [] : [new URL(callbackUrl).origin], resolve: nowhere });
    const signingSecret = `whsec_${Buffer.alloc(32).toString('base64')}`;
    const call = { connectionId: 'w', settings, token: '', apiKey: '', signingSecret, hookUrl: '', http, now: new Date(0) };
    const shipped = {
      sourceId: '1',
      orderId: 'w:1',
      parcel: 1,
      units: [],
      lines: [],
      completes: true,
      carrier: 'UPS',
      service: '',
      trackingNumber: '1',
      trackingUrl: '',
      shippedAt: '',
    };

    await expect(custom.markShipped?.(shipped, call)).rejects.toMatchObject({ code: 'http.address-refused' });
  },
);

describe('a name that is rebound', () => {
  async function listener(): Promise<{ readonly port: number; readonly connections: () => number }> {
    let connections = 0;
    const server: Server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => server.close());
    const address = server.address();
    return { port: typeof address === 'object' && address !== null ? address.port : 0, connections: () => connections };
  }

  test('between check and connection leads to what was checked: it is looked up once', async () => {
    const { port, connections } = await listener();
    let lookups = 0;
    // 2d00::/8 belongs to nobody, so nothing answers there.
    const rebinding: Resolve = async () => (lookups++ === 0 ? [{ address: '2d00::1', family: 6 }] : [{ address: '127.0.0.1', family: 4 }]);
    const url = `https://rebind.example.com:${port}/`;

    await expect(inside({ trustedOrigins: [url], resolve: rebinding })({ method: 'GET', url })).rejects.toMatchObject({ name: 'Unavailable' });

    expect([lookups, connections()]).toEqual([1, 0]);
  });

  test('between two calls is checked at each of them, also where an operator named the host', async () => {
    const { port, connections } = await listener();
    const url = `https://rebind.example.com:${port}/`;
    const http = inside({ trustedOrigins: [url], resolve: leadingTo('127.0.0.1') });

    for (let call = 0; call < 2; call++) await expect(http({ method: 'GET', url })).rejects.toMatchObject({ code: 'http.address-refused' });

    expect(connections()).toBe(0);
  });
});

describe('an answer that means harm', () => {
  async function serve(handler: Parameters<typeof listenOnLoopback>[0]): Promise<string> {
    const { url, close } = await listenOnLoopback(handler);
    closing.push(close);
    return url;
  }

  test.each([301, 302, 303, 307, 308])('that redirects to the metadata by %d is handed back as it is', async (status) => {
    let calls = 0;
    const url = await serve((_request, response) => {
      calls += 1;
      response.writeHead(status, { location: 'http://169.254.169.254/latest/meta-data/', refresh: '0;url=http://169.254.169.254/' }).end();
    });

    expect(await inside({ trustedOrigins: [url] })({ method: 'GET', url })).toMatchObject({ status });
    expect(calls).toBe(1);
  });

  test('that never ends, drips, or says nothing is given up after the time that a call has', async () => {
    const endless = await serve((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    });
    const dripsHeaders = createServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('x-drip: 1\r\n'), 20);
      socket.on('close', () => clearInterval(drip)).on('error', () => {});
    });
    dripsHeaders.listen(0, '127.0.0.1');
    await once(dripsHeaders, 'listening');
    closing.push(() => dripsHeaders.close());
    const address = dripsHeaders.address();
    const headers = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    const silent = await serve(() => {});
    const http = inside({ trustedOrigins: [endless, headers, silent], defaultTimeoutMs: 150 });

    for (const url of [endless, headers, silent]) await expect(http({ method: 'GET', url })).rejects.toMatchObject({ code: 'http.timeout' });
  });

  test('that is larger than it may be is cut off, whatever length it claims', async () => {
    let written = 0;
    const url = await serve((_request, response) => {
      response.writeHead(200);
      const pump = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536;
      };
      response.on('drain', pump);
      pump();
    });

    await expect(inside({ trustedOrigins: [url], defaultTimeoutMs: 5_000 })({ method: 'GET', url, maxBytes: 100_000 })).rejects.toMatchObject({ code: 'http.too-large' });
    expect(written).toBeLessThan(50_000_000);
  });

  test('that is a bomb of compressed bytes is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const url = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));

    expect((await inside({ trustedOrigins: [url] })({ method: 'GET', url })).body).toHaveLength(bomb.length);
  });

  test('whose headers are larger than a node takes is no answer', async () => {
    const url = await serve((_request, response) => response.writeHead(200, { 'x-long': 'x'.repeat(64_000) }).end());

    await expect(inside({ trustedOrigins: [url] })({ method: 'GET', url })).rejects.toMatchObject({ code: 'http.unreachable' });
  });
});

test('a header cannot be split by line breaks in what is sent', async () => {
  let heard = 0;
  const server = createWebServer((_request, response) => {
    heard += 1;
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;

  await expect(inside({ trustedOrigins: [url] })({ method: 'GET', url, headers: { 'x-key': 'a\r\nx-admin: 1' } })).rejects.toMatchObject({ code: 'http.unreachable' });
  expect(heard).toBe(0);
});

describe('the way to simulators on this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossdock-clients-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const DEMO = readFileSync(join(import.meta.dirname, '..', '..', 'clients', 'demo.yaml'), 'utf8');

  function loaded(callbackUrl: string): Promise<unknown> {
    const file = join(folder, 'demo.yaml');
    writeFileSync(file, DEMO.replace('https://wholesale.example.com/crossdock\n', `${callbackUrl}\n`));
    return loadClient(file);
  }

  test('is open to origins that are named, on 127.0.0.1 by http, and to nothing beside', async () => {
    const { url, port, close } = await listenOnLoopback((_request, response) => response.end('simulated'));
    closing.push(close);

    expect((await inside({ trustedOrigins: [url] })({ method: 'GET', url })).body.toString()).toBe('simulated');
    for (const trusted of [
      `https://127.0.0.1:${port}`,
      `http://localhost:${port}`,
      `http://[::1]:${port}`,
      `http://user:pass@127.0.0.1:${port}`,
      'http://169.254.169.254',
      'http://10.0.0.1',
    ])
      await expect(inside({ trustedOrigins: [trusted, url] })({ method: 'GET', url: trusted }), trusted).rejects.toMatchObject({ code: 'http.address-refused' });
    await expect(inside()({ method: 'GET', url })).rejects.toMatchObject({ code: 'http.address-refused' });
  });

  test.each([
    'http://127.0.0.1:4701/hooks',
    'https://127.0.0.1/',
    'http://wholesale.example.com/',
    'http://169.254.169.254/',
    'https://10.0.0.1/',
    'https://[::1]/',
    'https://0x7f000001/',
    'HTTP://2130706433/',
  ])('cannot be turned on for a deployed stack: a client file that names %s is refused', async (url) => {
    await expect(loaded(url)).rejects.toMatchObject({ code: 'client.invalid', message: expect.stringContaining('is an address that the hub does not call') });
  });

  test('a password in an address of a client file is refused, and not shown', async () => {
    const refusal: unknown = await loaded('https://user:hush@wholesale.example.com/').catch((error: unknown) => error);

    expect(String(refusal)).toContain('it carries a user name or password');
    expect(String(refusal)).not.toContain('hush');
  });

  test('a client file may name a public host, at a port of its own', async () => {
    await expect(loaded('https://wholesale.example.com:8443/hooks')).resolves.toBeDefined();
  });
});
