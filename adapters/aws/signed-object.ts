import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { contentTypeOf } from '../label-file.ts';
import type { Bucket } from './object-store.ts';

/** How long a link opens its object: as long as it takes to click. */
const OPEN_SECONDS = 300;

/** What the hub writes itself, beside labels and forms. */
const OWN_TYPES: ReadonlyMap<string, string> = new Map([
  ['csv', 'text/csv; charset=utf-8'],
  ['html', 'text/html; charset=utf-8'],
  ['json', 'application/json'],
]);

/**
 * A link that opens one object of a bucket for whoever holds it, for five minutes. The type that a browser takes it for, and what it does with
 * it, are under the signature too, so that neither an object's own headers nor who passes the link on can turn a label into a page.
 */
export async function signedObject({ name, client }: Bucket, key: string, shown: 'attachment' | 'inline' = 'attachment'): Promise<string> {
  const ResponseContentType = OWN_TYPES.get(key.split('.').at(-1) ?? '') ?? contentTypeOf(key);
  const command = new GetObjectCommand({ Bucket: name, Key: key, ResponseContentType, ResponseContentDisposition: shown });
  return await getSignedUrl(client, command, { expiresIn: OPEN_SECONDS });
}
