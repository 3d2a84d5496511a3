import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBigcommerce, writeBigcommerce } from './bigcommerce.ts';
import type { CarrierOptions, CarrierSecret, PlayedCarrier } from './carrier.ts';
import { openCustom, writeCustom } from './custom.ts';
import { openEasypost } from './easypost.ts';
import { openFedex } from './fedex.ts';
import { type Address, type Happens, Outbox, type Posting } from './outbox.ts';
import { openShippo } from './shippo.ts';
import type { PlayedShop, ShopOptions, Writer } from './shop.ts';
import { openShopify, writeShopify } from './shopify.ts';
import { ADVANCED_BUCKET } from './shopify-bucket.ts';
import { openUps } from './ups.ts';
import { openUsps } from './usps.ts';
import { openWoocommerce, writeWoocommerce } from './woocommerce.ts';

/** What a connection's vendor and the hub both know. */
export interface SharedSecret {
  /** Signs what the vendor posts. */
  readonly signing: string;
  /** The vendor's API token. */
  readonly token: string;
  /** The id that goes with it, where the vendor wants one. */
  readonly apiKey?: string;
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
  readonly carriers: readonly CarrierOfFile[];
  /** Milliseconds between two scans of a parcel. */
  readonly stepMs: number;
  readonly currency: string;
}

/** A carrier of the client's file, to be played. */
interface CarrierOfFile {
  readonly connectionId: string;
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secret: CarrierSecret;
}

/** Storefronts and carriers, in one process, with their state on disk. */
export interface Vendors {
  readonly outbox: Outbox;
  /** By connection id. */
  readonly shops: ReadonlyMap<string, PlayedShop>;
  /** By connection id. */
  readonly carriers: ReadonlyMap<string, PlayedCarrier>;
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

/** How each kind of carrier is played. */
const CARRIERS = new Map<string, (options: CarrierOptions) => Promise<PlayedCarrier>>([
  ['easypost', openEasypost],
  ['fedex', openFedex],
  ['shippo', openShippo],
  ['ups', openUps],
  ['usps', openUsps],
]);

/** Opens the vendors; what they knew in the same folder they know again. */
export async function openVendors({ folder, shops: connections, carriers: fleet, stepMs, currency }: VendorOptions): Promise<Vendors> {
  let apiUrl = '';
  const addresses = new Map<string, Address>();
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
  const carriers = new Map<string, PlayedCarrier>();
  for (const { kind, ...connection } of fleet) {
    const { connectionId } = connection;
    const open = named(CARRIERS, kind);
    const carrier = await open({ ...connection, file: join(folder, `${connectionId}.sqlite`), post, updateUrl: () => `${apiUrl}/updates/${connectionId}`, stepMs, currency });
    carriers.set(connectionId, lasting(carrier, join(folder, `${connectionId}.down`)));
    addresses.set(connectionId, carrier.address);
  }
  return {
    outbox,
    shops,
    carriers,
    address,
    connect: (url, happens) => {
      apiUrl = url.replace(/\/$/, '');
      outbox.start(happens);
    },
    close: async () => {
      await outbox.stop();
      await Promise.all([...shops.values(), ...carriers.values()].map((vendor) => vendor.close()));
    },
  };
}

/** A carrier that was down when everything was cut off is down when it begins again, before anybody can ask it. */
function lasting(carrier: PlayedCarrier, marker: string): PlayedCarrier {
  carrier.breakDown(existsSync(marker));
  return {
    ...carrier,
    breakDown: (isDown) => {
      if (isDown) writeFileSync(marker, '');
      else rmSync(marker, { force: true });
      carrier.breakDown(isDown);
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
