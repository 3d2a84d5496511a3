/**
 * A process that is what `npm start` is without its day of trade: the gateway, the pollers and the simulated vendors, with the emulators and
 * the functions as its children. Started again on the same folder and port it goes on where it was. It ends when the bench does.
 * Called with the data folder and the port.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ENV } from '../../functions/shell/env.ts';
import { type Stage, setStage } from '../../local/day/stage.ts';
import { STOREFRONT } from '../packed.ts';
import { StackQuestion, type StackWord, type VendorBooks } from './stack-messages.ts';

const CLIENT = 'demo';
/** Enough for every function; its memory, of 512 MB or more, would not be full within the time. */
const HEAP_MEGABYTES = 64;
const EDGE = 'storefront/receive-webhook';
const Secrets = z.record(z.string(), z.object({ signing: z.string() }));

const [, , dataFolder = '', port = '0'] = process.argv;
const log = (line: string) => say({ kind: 'log', line });
const starting = setStage({ clientId: CLIENT, dataFolder, port: Number(port), heapMegabytes: HEAP_MEGABYTES, log });
let leaving = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void leave());
process.on('disconnect', () => void leave());
process.on('message', (message) => {
  void answer(StackQuestion.parse(message));
});
say(await readyOf(await starting));

async function readyOf({ cloud, client, vendors }: Stage): Promise<StackWord> {
  // Storefronts are told of stock, and refuse to be told of goods that they never had.
  const sold = Object.fromEntries([...client.products, ...client.kits].map(({ sku }) => [sku, 0]));
  for (const shop of vendors.shops.values()) shop.stock(sold);
  vendors.connect(cloud.apiUrl);
  return {
    kind: 'ready',
    apiUrl: cloud.apiUrl.replace(/\/$/, ''),
    dynamodb: cloud.endpoints.dynamodb,
    region: cloud.region,
    tableName: cloud.tableName,
    token: await cloud.issuer.token({ user: 'warehouse', scopes: ['hub/stock.write'], expiresInSeconds: 86_400 }),
    secret: Secrets.parse(JSON.parse(readFileSync(join(dataFolder, 'secrets.json'), 'utf8')))[STOREFRONT]?.signing ?? '',
    emulators: cloud.processIds.emulators,
    dynamodbProcess: cloud.processIds.dynamodb ?? null,
    inbox: cloud.functionEnvironment(EDGE)[ENV.inboxQueue]?.split('/').at(-1) ?? '',
    functions: Object.fromEntries(cloud.functions.map((name) => [cloud.functionEnvironment(name).AWS_LAMBDA_FUNCTION_NAME ?? '', name])),
    skus: client.products.map(({ sku }) => sku),
    warehouses: client.warehouses.map(({ id }) => id),
    currency: client.currency,
  };
}

async function answer({ id, ask }: StackQuestion): Promise<void> {
  const { cloud, vendors } = await starting;
  try {
    if (ask === 'quiet') say({ kind: 'quiet', id, quiet: await cloud.quiet() });
    else if (ask === 'books') say({ kind: 'books', id, books: booksOf(vendors) });
    else say({ kind: 'depths', id, depths: await cloud.queueDepths() });
  } catch (cause) {
    say({ kind: 'failed', id, why: cause instanceof Error ? cause.message : String(cause) });
  }
}

function booksOf({ shops, carriers }: Stage['vendors']): VendorBooks {
  return {
    charges: [...carriers].flatMap(([id, carrier]) => {
      const voided = new Set(carrier.voids());
      return carrier.charges().flatMap(({ carrierRef, trackingNumber }) => (voided.has(carrierRef) ? [] : [`${id} ${trackingNumber}`]));
    }),
    complaints: [...shops, ...carriers].flatMap(([id, vendor]) => vendor.complaints().map((complaint) => `${id}: ${complaint}`)),
  };
}

async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  await (await starting).close();
  process.exit(0);
}

function say(word: StackWord): void {
  if (process.connected) process.send?.(word);
}
