import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientFiles, loadClient } from '../../adapters/client.ts';
import { Rejected } from '../../core/error.ts';

const KIOSK = readFileSync(clientFiles().find((file) => basename(file) === 'kiosk.yaml') ?? '', 'utf8');

describe('loadClient', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'crossdock-clients-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(clientFiles().map((file) => [basename(file), file]))('accepts %s', async (_, file) => {
    const { client, edge } = await loadClient(file);

    expect(Object.keys(edge.storefronts)).toEqual(client.storefronts.map(({ id }) => id));
    expect(Object.keys(edge.carriers)).toEqual(client.carriers.map(({ id }) => id));
  });

  test("fills in the defaults of the adapters' settings", async () => {
    const { client } = await loadClient(clientFiles().find((file) => basename(file) === 'demo.yaml') ?? '');

    expect(client.storefronts.find(({ kind }) => kind === 'shopify')?.settings).toMatchObject({ shopDomain: 'harbour-and-pine.myshopify.com', apiVersion: expect.any(String) });
  });

  test('lists every problem at once: where, what, the value seen, what to do', async () => {
    const message = await problemsIn((yaml) =>
      yaml.replace('America/New_York', 'Mars/Olympus').replace('weight: 310', 'weight: heavy').replace('plant: bindery', 'plant: pulpery'),
    );

    expect(message).toContain('clients/kiosk.yaml has 2 problems');
    expect(message).toContain('timeZone: must be an IANA time zone such as Europe/Berlin, seen "Mars/Olympus"; correct the value');
    expect(message).toMatch(/products\[0\]\.weight: .*seen "heavy"/);
  });

  test('says which reference leads nowhere', async () => {
    expect(await problemsIn((yaml) => yaml.replace('plant: bindery', 'plant: pulpery'))).toContain('products[0].plant: no plant is called "pulpery"; plants: bindery');
  });

  test('names what is missing', async () => {
    expect(await problemsIn((yaml) => yaml.replace('currency: USD', ''))).toMatch(/currency: is missing; add it/);
  });

  test("lists what is wrong with connections beside what is wrong with the file's shape", async () => {
    const message = await problemsIn((yaml) => yaml.replace('kind: easypost', 'kind: pigeon').replace('upTo: 50', 'upTo: 5'));

    expect(message).toMatch(/^clients\/kiosk.yaml has 2 problems:/);
    expect(message).toContain('carriers[0].kind: names no adapter, seen "pigeon"');
    expect(message).toContain('products[0].reorder.upTo: upTo must be above point');
  });

  test('names the adapters there are, for one that there is not', async () => {
    expect(await problemsIn((yaml) => yaml.replace('kind: custom', 'kind: abacus'))).toContain(
      'storefronts[0].kind: names no adapter, seen "abacus"; use one of bigcommerce, custom, etsy, shopify, woocommerce, or add adapters/storefronts/abacus.ts',
    );
  });

  test("checks a connection's settings by its adapter", async () => {
    expect(await problemsIn((yaml) => yaml.replace('https://kiosk.example.com/crossdock', 'nowhere'))).toMatch(/storefronts\[0\]\.settings\.callbackUrl: .*seen "nowhere"/);
  });

  test('names a key that is not known, and not what it holds: it may be a secret in the wrong place', async () => {
    const message = await problemsIn((yaml) => yaml.replace('callbackUrl:', 'signingSecret: open-sesame\n      callbackUrl:'));

    expect(message).toContain('storefronts[0].settings: does not know signingSecret');
    expect(message).not.toContain('open-sesame');
  });

  test('refuses a client that is named other than its file, because two files could be one stack', async () => {
    expect(await problemsIn((yaml) => yaml.replace('id: kiosk', 'id: demo'))).toContain(`id: differs from the file's name, seen "demo"; make it "kiosk" or rename the file`);
  });

  test('says where the YAML is broken', async () => {
    expect(await problemsIn((yaml) => yaml.replace('currency: USD', 'currency: USD\ncurrency: EUR'))).toMatch(/\(file\): Map keys must be unique at line \d+/);
  });

  test('refuses an empty file', async () => {
    await expect(problemsIn(() => '')).resolves.toContain('clients/kiosk.yaml has 1 problem:');
  });

  async function problemsIn(change: (yaml: string) => string): Promise<string> {
    const changed = change(KIOSK);
    expect(changed).not.toBe(KIOSK);
    const file = join(folder, 'kiosk.yaml');
    writeFileSync(file, changed);
    const refusal: unknown = await loadClient(file).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Rejected);
    expect(refusal).toMatchObject({ code: 'client.invalid' });
    return refusal instanceof Rejected ? refusal.message : '';
  }
});
