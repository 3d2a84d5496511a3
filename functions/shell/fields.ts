import * as z from 'zod';
import { OrderId } from '../../core/id.ts';

/** Why a person decides as they do: shown in the order's timeline. */
export const Reason = z.string().trim().min(3).max(200);

/** One parcel of an order, as a path names it. */
export const ParcelPath = { orderId: OrderId, parcel: z.coerce.number().pipe(z.int().min(1).max(999)) };
