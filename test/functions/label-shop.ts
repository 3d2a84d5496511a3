import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach } from 'vitest';
import { SecretStore } from '../../adapters/aws/secret-store.ts';
import type { Table } from '../../adapters/aws/table.ts';
import type { Buyer } from '../../adapters/purchase.ts';
import { Unavailable } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';
import { buyLabel } from '../../functions/shipment/buy-label.ts';
import { selectService } from '../../functions/shipment/select-service.ts';
import type { useEmulator } from '../emulator.ts';
import { FakeEasypost } from './fake-easypost.ts';
import { type CrashPoint, type Lifeline, lifeline, tieBucket, tied, tieTable } from './lifeline.ts';
import { memoryBucket } from './memory-bucket.ts';
import { elsewhere, hubOn, stockUp, type TestHub } from './world.ts';

/** A label shop: what all invocations share. */
export interface Shop {
  readonly hub: TestHub;
  readonly carrier: FakeEasypost;
  readonly objects: Map<string, Buffer>;
}

/** A function that deals with labels. */
type Deal<Event> = (event: Event, buyer: Buyer) => Promise<void>;

/** Opens shops on the emulator, and invokes functions in them. */
export function useLabelShop(emulator: ReturnType<typeof useEmulator>) {
  const secretsClient = new SecretsManagerClient({ region: 'eu-central-1' });
  const secretsManager = mockClient(secretsClient);
  beforeEach(() => {
    secretsManager.reset();
    secretsManager.on(GetSecretValueCommand).resolves({ SecretString: '{"signing":{"current":"s"},"token":"EZTEST"}' });
  });

  async function openShop(): Promise<Shop> {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 1_000 });
    return { hub, carrier: new FakeEasypost(), objects: new Map() };
  }

  /** What one invocation buys with; everything it sends goes through its lifeline. */
  function buyerFor({ hub, carrier, objects }: Shop, line: Lifeline): Buyer {
    const table: Table = emulator.reopen(hub.table);
    const { bucket } = memoryBucket(objects);
    tieTable(table, line);
    tieBucket(bucket, line);
    const wait = async (milliseconds: number) => hub.pass(milliseconds / 1000);
    const secrets = new SecretStore('crossdock/sample/', secretsClient);
    return { ...elsewhere(hub, table), secrets, http: tied(carrier.http, line), labels: bucket, publicUrl: 'https://hub.example.com', wait };
  }

  /** Invokes a function once. */
  async function invoke<Event>(deal: Deal<Event>, shop: Shop, event: Event, line = lifeline()): Promise<'done' | 'crashed'> {
    return await line.run(() => deal(event, buyerFor(shop, line)));
  }

  /** Redelivers a message until it is done with, waiting as long as the hub asks each time. */
  async function redeliver<Event>(deal: Deal<Event>, shop: Shop, event: Event, most = 10): Promise<void> {
    for (let delivery = 0; delivery < most; delivery++) {
      try {
        await invoke(deal, shop, event);
        return;
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        shop.hub.pass(Math.max(1, error.retryAfterSeconds ?? 1));
      }
    }
    throw new Error(`not done after ${most} deliveries`);
  }

  /** Runs an invocation that dies at a point, unless it ends before. */
  async function dieAt<Event>(deal: Deal<Event>, shop: Shop, event: Event, point: CrashPoint): Promise<void> {
    try {
      await invoke(deal, shop, event, lifeline(point));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
  }

  return { openShop, buyerFor, invoke, redeliver, dieAt };
}

/** What becomes of a packed parcel: its service is chosen, its label bought. As one, so that a crash may fall anywhere in either. */
export async function labelParcel(event: HubEvent, buyer: Buyer): Promise<void> {
  await selectService(event, buyer);
  await buyLabel(event, buyer);
}

/** The one item of a list that has one. */
export function only<Item>(item: Item | undefined): Item {
  if (item === undefined) throw new Error('there is none');
  return item;
}
