import * as z from 'zod';
import { Bucket } from '../../adapters/aws/object-store.ts';
import { type Honouring, honour, type PrivacyMessage } from '../../adapters/aws/privacy.ts';
import { PrivacyRequest } from '../../core/connection.ts';
import { Rejected } from '../../core/error.ts';
import { Instant } from '../../core/id.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { log } from '../shell/log.ts';
import { each, queue } from '../shell/queue.ts';
import { openHub } from '../shell/services.ts';

/** Called by the privacy queue: a customer or a shop asks for personal data to be shown or erased. */
export const handler = queue({ read: readRequest, handle: each(honourPrivacy, ({ connectionId }) => connectionId), services: openHonouring });

/** Leaves a minute of the function's five to the page that it is at. */
const PATIENCE_MS = 240_000;

const Message = z.object({ connectionId: z.string(), request: PrivacyRequest, receivedAt: Instant });

function openHonouring(): Honouring {
  return { ...openHub(), labels: new Bucket(readEnv(ENV.labelsBucket)[ENV.labelsBucket]), patience: PATIENCE_MS };
}

/** @throws Rejected `privacy.unreadable` */
export function readRequest(body: string): PrivacyMessage {
  try {
    return Message.parse(JSON.parse(body));
  } catch {
    // What cannot be read is not quoted: it may hold an address.
    throw new Rejected('privacy.unreadable', 'The message is not a privacy request of this version of the hub; redrive it after the deployment is complete.');
  }
}

export async function honourPrivacy(message: PrivacyMessage, honouring: Honouring): Promise<void> {
  const { connectionId, requestId, wants, status, erased, dueBy } = await honour(message, honouring);
  log('info', status === 'done' ? 'privacy request settled' : 'privacy request stays open', { connectionId, requestId, wants, erased, dueBy });
}
