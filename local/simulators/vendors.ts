import { join } from 'node:path';
import { type CustomShop, customAddress, openCustom } from './custom.ts';
import { type Easypost, easypostAddress, openEasypost } from './easypost.ts';
import { type Address, Outbox } from './outbox.ts';
import { openShopify, type ShopifyShop, shopifyAddress } from './shopify.ts';

/** What a connection's vendor and the hub both know. */
export interface SharedSecret {
  /** Signs what the vendor posts. */
  readonly signing: string;
  /** The vendor's API token. */
  readonly token: string;
}

/** Which vendors are played, and under which connections the hub knows them. */
export interface VendorOptions {
  /** Where they keep their state. */
  readonly folder: string;
  readonly shopify: { readonly connectionId: string; readonly shopDomain: string; readonly apiVersion: string; readonly secret: SharedSecret };
  readonly custom: { readonly connectionId: string; readonly secret: SharedSecret };
  readonly easypost: { readonly connectionId: string; readonly secret: SharedSecret; readonly stepMs: number; readonly currency: string };
}

/** Two storefronts and a carrier, in one process, with their state on disk. */
export interface Vendors {
  readonly outbox: Outbox;
  readonly shopify: ShopifyShop;
  readonly custom: CustomShop;
  readonly easypost: Easypost;
  /** How each connection's vendor signs and addresses a posting to the hub. */
  readonly address: Address;
  /** Tells them where the hub is; from then on they post. */
  connect(apiUrl: string): void;
  close(): Promise<void>;
}

/** Opens the vendors; what they knew in the same folder they know again. */
export async function openVendors(options: VendorOptions): Promise<Vendors> {
  let apiUrl = '';
  const address: Address = (posting, now) => addressOf(posting.sender, apiUrl, options)(posting, now);
  const outbox = new Outbox(join(options.folder, 'outbox.sqlite'), address);
  const { shopify, custom, easypost } = options;
  const [shop, wholesale, carrier] = await Promise.all([
    openShopify({
      file: join(options.folder, 'shopify.sqlite'),
      shopDomain: shopify.shopDomain,
      apiVersion: shopify.apiVersion,
      clientSecret: shopify.secret.signing,
      accessToken: shopify.secret.token,
    }),
    openCustom({ file: join(options.folder, 'custom.sqlite'), secret: custom.secret.signing }),
    openEasypost({
      file: join(options.folder, 'easypost.sqlite'),
      apiKey: easypost.secret.token,
      post: (postings) => outbox.add(postings),
      sender: easypost.connectionId,
      stepMs: easypost.stepMs,
      currency: easypost.currency,
    }),
  ]);
  return {
    outbox,
    shopify: shop,
    custom: wholesale,
    easypost: carrier,
    address,
    connect: (url) => {
      apiUrl = url.replace(/\/$/, '');
      outbox.start();
    },
    close: async () => {
      await outbox.stop();
      await Promise.all([shop.close(), wholesale.close(), carrier.close()]);
    },
  };
}

function addressOf(sender: string, apiUrl: string, { shopify, custom, easypost }: VendorOptions): Address {
  if (sender === shopify.connectionId)
    return shopifyAddress(`${apiUrl}/hooks/${sender}`, { shopDomain: shopify.shopDomain, apiVersion: shopify.apiVersion, clientSecret: shopify.secret.signing });
  if (sender === custom.connectionId) return customAddress(`${apiUrl}/hooks/${sender}`, custom.secret.signing);
  if (sender === easypost.connectionId) return easypostAddress(`${apiUrl}/updates/${sender}`, easypost.secret.signing);
  throw new Error(`No vendor is played for the connection ${JSON.stringify(sender)}.`);
}
