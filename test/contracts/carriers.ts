/**
 * Holds what an adapter sends against the documents that its carrier publishes. Documents that may not be kept in this repository are read from the
 * folder that CROSSDOCK_CARRIER_SCHEMAS names, in a folder for each kind: `<folder>/usps/domestic-labels.yaml`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parseDocument } from 'yaml';

/** A document that a carrier publishes, or why it cannot be had here. */
export interface Published {
  /** Why there is nothing to hold a body against; undefined where there is. For `skip` of a test. */
  readonly skipped: string | undefined;
  /**
   * What is wrong with a body by a schema of the document; empty when it fits.
   * @param component name under `components.schemas`, or a JSON pointer such as `/paths/~1label/post/requestBody`
   */
  misfits(component: string, body: unknown): string[];
}

/** How a document must be mended before it can be used. */
export interface Mending {
  /** JSON pointers of what is left out of it: `/components/schemas/Service/properties/Code/minLength`. */
  readonly without?: readonly string[];
}

const FOLDER = 'CROSSDOCK_CARRIER_SCHEMAS';

/** Looks a document up in the folder of documents that are not kept here. */
export function publishedBy(kind: string, file: string, mending: Mending = {}): Published {
  const folder = process.env[FOLDER];
  if (!folder) return absent(`${FOLDER} is not set: it names a folder with the carriers' own documents, of which this needs ${kind}/${file}`);
  const path = join(folder, kind, file);
  return existsSync(path) ? published(path, mending) : absent(`the folder that ${FOLDER} names has no ${kind}/${file}`);
}

/** Reads an OpenAPI document, JSON or YAML, that is there. Formats are checked: carriers tell a date from an instant by nothing else. */
export function published(path: string, { without = [] }: Mending = {}): Published {
  const document: unknown = modernised(documentIn(readFileSync(path, 'utf8'), path));
  for (const pointer of without) leaveOut(document, pointer, path);
  // Such documents hold keywords of their own and formats nobody defines, which a strict reader refuses.
  const ajv = addFormats.default(new Ajv2020({ strict: false, validateSchema: false, allErrors: true, logger: false }));
  ajv.addSchema({ $id: 'document', held: document });
  return {
    skipped: undefined,
    misfits(component, body) {
      const pointer = component.startsWith('/') ? component : `/components/schemas/${escaped(component)}`;
      if (at(document, pointer) === undefined) throw new Error(`${path} has no ${pointer}.`);
      const validate = ajv.getSchema(`document#/held${encodeURI(pointer)}`);
      if (validate === undefined) throw new Error(`${path} has no schema at ${pointer}.`);
      if (validate(body) === true) return [];
      return (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath || 'body'} ${message ?? ''} ${JSON.stringify(params)}`);
    },
  };
}

function absent(skipped: string): Published {
  return { skipped, misfits: () => [skipped] };
}

function documentIn(text: string, path: string): unknown {
  if (path.endsWith('.json')) return JSON.parse(text);
  // UPS's documents hold tabs, which YAML does not allow as indentation.
  const document = parseDocument(text.replace(/\r/g, '').replace(/\t/g, '  '), { uniqueKeys: false });
  const [error] = document.errors;
  if (error !== undefined) throw new Error(`${path} cannot be read as YAML: ${error.message}`);
  return document.toJS();
}

type Entries = Record<string, unknown>;

function isObject(value: unknown): value is Entries {
  return typeof value === 'object' && value !== null;
}

/** OpenAPI 3.0 in the words of 3.1: what may be null, limits that exclude themselves, and references from the document's root. */
function modernised(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(modernised);
  if (!isObject(value)) return value;
  const copy: Entries = Object.fromEntries(Object.entries(value).map(([key, held]) => [key, modernised(held)]));
  if (typeof copy.$ref === 'string') copy.$ref = copy.$ref.replace(/^#\//, '#/held/');
  if (copy.nullable === true && typeof copy.type === 'string') {
    copy.type = [copy.type, 'null'];
    if (Array.isArray(copy.enum)) copy.enum = [...copy.enum, null];
  }
  if (typeof copy.nullable === 'boolean') delete copy.nullable;
  exclude(copy, 'exclusiveMinimum', 'minimum');
  exclude(copy, 'exclusiveMaximum', 'maximum');
  return copy;
}

function exclude(schema: Entries, exclusive: string, limit: string): void {
  if (typeof schema[exclusive] !== 'boolean') return;
  if (schema[exclusive]) {
    schema[exclusive] = schema[limit];
    delete schema[limit];
  } else delete schema[exclusive];
}

function escaped(key: string): string {
  return key.replace(/~/g, '~0').replace(/\//g, '~1');
}

function keysOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replace(/~1/g, '/').replace(/~0/g, '~'));
}

function at(document: unknown, pointer: string): unknown {
  return keysOf(pointer).reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), document);
}

/** What is not there to be left out has been mended by the carrier: the mending is out of date. */
function leaveOut(document: unknown, pointer: string, path: string): void {
  const cut = pointer.lastIndexOf('/');
  const parent = at(document, pointer.slice(0, cut));
  const [key = ''] = keysOf(pointer.slice(cut));
  if (!isObject(parent) || !(key in parent)) throw new Error(`${path} has no ${pointer} that could be left out.`);
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}
