import { join } from 'node:path';
import { openBigcommerce, writeBigcommerce } from './bigcommerce.ts';
import { openCustom, writeCustom } from './custom.ts';
import { type Easypost, easypostAddress, openEasypost } from './easypost.ts';
import { type Address, type Happens, Outbox, type Posting } from './outbox.ts';
import type { PlayedShop, ShopOptions, Writer } from './shop.ts';
import { openShopify, writeShopify } from './shopify.ts';
import { ADVANCED_BUCKET } from './shopify-bucket.ts';
import { openWoocommerce, writeWoocommerce } from './woocommerce.ts';

/** What a connection's vendor and the hub both know. */
export interface SharedSecret {
  /** Signs what the vendor posts. */
  readonly signing: string;
  /** The vendor's API token. */
  readonly token: string;
}

/** A storefront of the client's file, to be played. */
interface ShopConnection {
  readonly connectionId: string;
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secret: SharedSecret;
}

/** Which vendors are played, and under which connections the hub knows them. */
export interface VendorOptions {
  /** Where they keep their state. */
  readonly folder: string;
  readonly shops: readonly ShopConnection[];
  readonly easypost: { readonly connectionId: string; readonly secret: SharedSecret; readonly stepMs: number; readonly currency: string };
}

/** Storefronts and a carrier, in one process, with their state on disk. */
export interface Vendors {
  readonly outbox: Outbox;
  /** By connection id. */
  readonly shops: ReadonlyMap<string, PlayedShop>;
  readonly easypost: Easypost;
  /** How each connection's vendor signs and addresses a posting to the hub. */
  readonly address: Address;
  /** Tells them where the hub is; from then on they post, and `happens` is told of each posting first. */
  connect(apiUrl: string, happens?: Happens): void;
  close(): Promise<void>;
}

/** What a shop may be given beside its own options: a way to post of its own accord. */
type OpenShop = (options: ShopOptions & { readonly post: (postings: readonly Posting[]) => void }) => Promise<PlayedShop>;

/** How each kind of storefront is played, and how its postings are written. */
const KINDS = new Map<string, { readonly open: OpenShop; readonly write: Writer }>([
  ['bigcommerce', { open: openBigcommerce, write: writeBigcommerce }],
  ['custom', { open: openCustom, write: writeCustom }],
  // A day of trade is over in minutes: on the smallest plan it would mostly wait for points.
  ['shopify', { open: (options) => openShopify({ ...options, bucket: ADVANCED_BUCKET }), write: writeShopify }],
  ['woocommerce', { open: openWoocommerce, write: writeWoocommerce }],
]);

/** How postings of a kind of storefront are written. */
export function writerOf(kind: string): Writer {
  return kindOf(kind).write;
}

/** Opens the vendors; what they knew in the same folder they know again. */
export async function openVendors({ folder, shops: connections, easypost }: VendorOptions): Promise<Vendors> {
  let apiUrl = '';
  const addresses = new Map<string, Address>([
    [easypost.connectionId, (posting, now) => easypostAddress(`${apiUrl}/updates/${posting.sender}`, easypost.secret.signing)(posting, now)],
  ]);
  const address: Address = (posting, now) => named(addresses, posting.sender)(posting, now);
  const outbox = new Outbox(join(folder, 'outbox.sqlite'), address);
  const post = (postings: readonly Posting[]): void => outbox.add(postings);
  const shops = new Map<string, PlayedShop>();
  for (const { kind, ...connection } of connections) {
    const { connectionId } = connection;
    const file = join(folder, `${connectionId}.sqlite`);
    const shop = await kindOf(kind).open({ ...connection, file, post, hookUrl: () => `${apiUrl}/hooks/${connectionId}` });
    shops.set(connectionId, shop);
    addresses.set(connectionId, shop.address);
  }
  const { connectionId: sender, secret, stepMs, currency } = easypost;
  const carrier = await openEasypost({ file: join(folder, 'easypost.sqlite'), apiKey: secret.token, post, sender, stepMs, currency });
  return {
    outbox,
    shops,
    easypost: carrier,
    address,
    connect: (url, happens) => {
      apiUrl = url.replace(/\/$/, '');
      outbox.start(happens);
    },
    close: async () => {
      await outbox.stop();
      await Promise.all([...shops.values(), carrier].map((vendor) => vendor.close()));
    },
  };
}

function kindOf(kind: string): { readonly open: OpenShop; readonly write: Writer } {
  return named(KINDS, kind);
}

function named<Value>(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (value === undefined) throw new Error(`No vendor is played for ${JSON.stringify(name)}.`);
  return value;
}
