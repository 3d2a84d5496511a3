/**
 * Holds every document that the hub sends to Shopify against the schemas that Shopify publishes. Needs the network, so it is no part of
 * `npm run check`: run it when a document changes, and for each new version of the Admin API.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { buildClientSchema, type IntrospectionQuery } from 'graphql';
import { DOCUMENTS, type Operation } from '../../adapters/shopify/documents.ts';
import { subscriptions } from '../../adapters/shopify/subscriptions.ts';
import { misfits } from './fits.ts';
import { VARIABLES } from './shopify-variables.ts';

const PACKAGE = '@shopify/dev-mcp@1.16.0';
const VERSIONS = ['2026-07', '2026-10'];

const folder = mkdtempSync(join(tmpdir(), 'contracts-'));
try {
  unpack(folder);
  const failures = VERSIONS.map((version) => check(version, folder)).reduce((sum, failed) => sum + failed, 0);
  console.log(failures === 0 ? 'All documents fit.' : `${failures} documents do not fit.`);
  process.exitCode = failures === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}

/** The package is read and never installed or run. */
function unpack(into: string): void {
  execFileSync('npm', ['pack', PACKAGE, '--silent', '--ignore-scripts', '--pack-destination', into], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [archive] = readdirSync(into);
  if (archive === undefined) throw new Error(`npm has not brought ${PACKAGE}.`);
  execFileSync('tar', ['xzf', join(into, archive), '-C', into]);
}

/** @returns how many operations do not fit this version */
function check(version: string, from: string): number {
  const { data }: { data: IntrospectionQuery } = JSON.parse(gunzipSync(readFileSync(join(from, `package/dist/data/admin_${version}.json.gz`))).toString());
  const schema = buildClientSchema(data);
  const operations = Object.keys(DOCUMENTS).filter((name): name is Operation => name in DOCUMENTS);
  const results = operations.map((name) => ({ name: name.toString(), problems: misfits(schema, DOCUMENTS[name], name, VARIABLES[name]) }));
  const topics = subscriptions.wanted({ shopDomain: '', apiVersion: version, paidStatuses: [], ships: 'assigned', locationIds: ['1'], service: true, notifyCustomer: false });
  const unknown = topics.flatMap((topic) => misfits(schema, DOCUMENTS.CreateSubscription, 'CreateSubscription', { ...VARIABLES.CreateSubscription, topic }));
  results.push({ name: `${topics.length} webhook topics`, problems: unknown });
  for (const { name, problems } of results) console.log(`${version}  ${name}: ${problems.length === 0 ? 'fits' : problems.join(' ')}`);
  return results.filter(({ problems }) => problems.length > 0).length;
}
