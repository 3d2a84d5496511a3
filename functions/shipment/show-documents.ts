import * as z from 'zod';
import { Bucket } from '../../adapters/aws/object-store.ts';
import { signedObject } from '../../adapters/aws/signed-object.ts';
import { papersOf } from '../../adapters/parcel-papers.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { ParcelPath } from '../shell/fields.ts';
import { type Answer, answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({ ...ParcelPath });

/** Called at the packing table: links to what is printed for a parcel, and what is not there and why. */
export const handler = http('shipment/show-documents', {
  input: Input,
  handle: showDocuments,
  services: () => ({ ...openHub(), labels: new Bucket(readEnv(ENV.labelsBucket)[ENV.labelsBucket]) }),
});

export async function showDocuments(name: z.infer<typeof Input>, hub: Pick<Hub, 'table'> & { readonly labels: Bucket }): Promise<Answer> {
  const { papers, ...shown } = await papersOf(hub, name);
  const documents = papers.map(async ({ kind, key, contentType }) => ({ kind, contentType, link: await signedObject(hub.labels, key) }));
  return answer({ ...shown, documents: await Promise.all(documents) });
}
