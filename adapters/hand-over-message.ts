import * as z from 'zod';
import { Rejected } from '../core/error.ts';
import { parseJson } from '../core/json.ts';
import type { CloseRequest } from './manifest.ts';
import type { PickupName } from './pickup.ts';

const Close = z.strictObject({ closing: z.string().min(1), carrierId: z.string(), warehouse: z.string(), day: z.iso.date(), by: z.string() }) satisfies z.ZodType<CloseRequest>;
const Name = z.strictObject({ carrierId: z.string(), pickupId: z.string() }) satisfies z.ZodType<PickupName>;

/** Reads a request to close a day, as the queue brings it. @throws Rejected `shipment.message-unreadable` */
export function readClosing(body: string): CloseRequest {
  return read(Close, body);
}

/** Reads the name of a pickup, as the queue brings it. @throws Rejected `shipment.message-unreadable` */
export function readPickupName(body: string): PickupName {
  return read(Name, body);
}

function read<Message>(schema: z.ZodType<Message>, body: string): Message {
  const parsed = schema.safeParse(parseJson(Buffer.from(body)));
  if (parsed.success) return parsed.data;
  throw new Rejected('shipment.message-unreadable', 'The message is not of this version of the hub; redrive it after the deployment is complete.', { cause: parsed.error });
}
