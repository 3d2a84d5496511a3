/**
 * The names of the environment variables by which infrastructure tells functions where things are.
 * Imported by lib, which sets them, and by the shell, which reads them: there is no second list.
 */
export const ENV = {
  table: 'TABLE_NAME',
  clientFolder: 'CLIENT_FOLDER',
  fontsFolder: 'FONTS_FOLDER',
  secretsPrefix: 'SECRETS_PREFIX',
  inboxQueue: 'INBOX_QUEUE_URL',
  fetchQueue: 'FETCH_QUEUE_URL',
  privacyQueue: 'PRIVACY_QUEUE_URL',
  updatesQueue: 'UPDATES_QUEUE_URL',
  lookupsQueue: 'LOOKUPS_QUEUE_URL',
  manifestsQueue: 'MANIFESTS_QUEUE_URL',
  pickupsQueue: 'PICKUPS_QUEUE_URL',
  deadLetterQueue: 'DEAD_LETTER_QUEUE_URL',
  eventsTopic: 'EVENTS_TOPIC_ARN',
  customersTopic: 'CUSTOMERS_TOPIC_ARN',
  plantsTopic: 'PLANTS_TOPIC_ARN',
  reportsTopic: 'REPORTS_TOPIC_ARN',
  factsBucket: 'FACTS_BUCKET',
  deliveriesBucket: 'DELIVERIES_BUCKET',
  labelsBucket: 'LABELS_BUCKET',
  reportsBucket: 'REPORTS_BUCKET',
  publicUrl: 'PUBLIC_URL',
} as const;

/** One of the names above. */
export type EnvName = (typeof ENV)[keyof typeof ENV];

/**
 * Reads variables that must be there.
 * @throws Error naming every missing one at once
 */
export function readEnv<Name extends EnvName>(...names: readonly Name[]): Record<Name, string> {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length > 0) throw new Error(`The function's environment lacks ${missing.join(', ')}; its construct in lib must bind what they name.`);
  // Object.fromEntries forgets which keys it was given.
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? ''])) as Record<Name, string>;
}

/** Reads the variable that names several queues: their addresses by the connection that each is for. @throws Error as `readEnv` */
export function readQueues(name: EnvName): Readonly<Record<string, string>> {
  return JSON.parse(readEnv(name)[name]);
}
