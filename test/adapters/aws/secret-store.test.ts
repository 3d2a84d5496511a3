import { GetSecretValueCommand, ResourceNotFoundException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import { SecretStore } from '../../../adapters/aws/secret-store.ts';

const client = new SecretsManagerClient({ region: 'eu-central-1' });
const secretsManager = mockClient(client);
const NOW = Date.parse('2026-11-20T09:00:00.000Z');
const at = (seconds: number) => new Date(NOW + seconds * 1000);

beforeEach(() => {
  secretsManager.reset();
  secretsManager
    .on(GetSecretValueCommand)
    .resolves({ SecretString: '{"signing":{"current":"now","previous":"before","previousUntil":"2026-11-20T10:00:00.000Z"},"token":"t","apiKey":"k"}' });
});

const lookUps = () => secretsManager.commandCalls(GetSecretValueCommand).length;

describe("a connection's secret", () => {
  test('is looked up by its name below the prefix', async () => {
    const store = new SecretStore('crossdock/sample/', client);

    expect(await store.read('shop', at(0))).toEqual({ signing: { current: 'now', previous: 'before', previousUntil: '2026-11-20T10:00:00.000Z' }, token: 't', apiKey: 'k' });
    expect(secretsManager.commandCalls(GetSecretValueCommand)[0]?.args[0].input).toEqual({ SecretId: 'crossdock/sample/shop' });
  });

  test('is remembered for five minutes', async () => {
    const store = new SecretStore('', client);

    for (const seconds of [0, 1, 299]) await store.read('shop', at(seconds));
    const remembered = lookUps();
    await store.read('shop', at(300));

    expect([remembered, lookUps()]).toEqual([1, 2]);
  });

  test('is looked up again for a signature that failed, but not more than every ten seconds', async () => {
    const store = new SecretStore('', client);

    for (const seconds of [0, 3, 9, 10, 15, 20]) await store.read('shop', at(seconds), true);

    expect(lookUps()).toBe(3);
  });

  test('is looked up once by many who ask at once', async () => {
    const store = new SecretStore('', client);

    await Promise.all(Array.from({ length: 10 }, () => store.read('shop', at(0))));

    expect(lookUps()).toBe(1);
  });

  test('that is not there is undefined, and that cannot be read now is an error that is not remembered', async () => {
    const store = new SecretStore('', client);
    secretsManager
      .on(GetSecretValueCommand)
      .rejectsOnce(new Error('down'))
      .rejects(new ResourceNotFoundException({ message: 'none', $metadata: {} }));

    await expect(store.read('shop', at(0))).rejects.toThrow('down');
    expect(await store.read('shop', at(0))).toBeUndefined();
  });

  test.each(['{}', '{"signing":{"current":7},"token":null}'])('written as %s holds empty texts, which sign nothing', async (SecretString) => {
    secretsManager.on(GetSecretValueCommand).resolves({ SecretString });

    expect(await new SecretStore('', client).read('shop', at(0))).toMatchObject({ signing: { current: '' }, token: '' });
  });
});
