import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { Bucket } from '../../adapters/aws/object-store.ts';

/** What S3 is asked, as the SDK puts it on the wire. */
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A bucket in memory behind the SDK's own client, and what it holds by object name. */
export function memoryBucket(
  objects: Map<string, Buffer> = new Map(),
  name = 'bucket',
): { readonly bucket: Bucket; readonly objects: Map<string, Buffer>; readonly types: Map<string, string> } {
  const types = new Map<string, string>();
  const client = new S3Client({
    region: 'eu-central-1',
    endpoint: 'https://s3.example.com',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { handle: async (asked: Asked) => ({ response: answer(asked, objects, types) }) },
  });
  return { bucket: new Bucket(name, client), objects, types };
}

function answer({ method, path, query, headers, body }: Asked, objects: Map<string, Buffer>, types: Map<string, string>) {
  const key = decodeURIComponent(path.split('/').slice(2).join('/'));
  if (method === 'PUT') {
    objects.set(key, Buffer.from(body instanceof Uint8Array ? body : String(body)));
    types.set(key, headers['content-type'] ?? '');
    return respond(200, '');
  }
  if (method === 'DELETE') {
    objects.delete(key);
    return respond(204, '');
  }
  if ('list-type' in query) return respond(200, listing(objects, String(query.prefix ?? ''), Number(query['continuation-token'] ?? 0)));
  const object = objects.get(key);
  return object === undefined ? respond(404, '<Error><Code>NoSuchKey</Code></Error>') : respond(200, object);
}

const PAGE = 3;

/** Small pages, so that readers must follow them. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
function listing(objects: Map<string, Buffer>, prefix: string, from: number): string {
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  const contents = keys.slice(from, from + PAGE).map((key) => `<Contents><Key>${key}</Key></Contents>`);
  const more = from + PAGE < keys.length ? `<NextContinuationToken>${from + PAGE}</NextContinuationToken>` : '';
  return `<ListBucketResult>${contents.join('')}${more}</ListBucketResult>`;
}

function respond(statusCode: number, body: string | Buffer) {
  return { statusCode, headers: {}, body: Readable.from([Buffer.from(body)]) };
}
