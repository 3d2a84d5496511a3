import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { Client } from '../../core/client.ts';

const CLIENTS = join(import.meta.dirname, '../../clients');

test('editors complete client files by the schema that checks them; regenerate it with npx vitest run -u', async () => {
  const schema = z.toJSONSchema(Client, { io: 'input' });

  await expect(`${JSON.stringify({ title: 'Crossdock client', ...schema }, null, 2)}\n`).toMatchFileSnapshot(join(CLIENTS, 'schema.json'));
});

test.each(['demo', 'kiosk'])('%s.yaml names the schema', (client) => {
  expect(readFileSync(join(CLIENTS, `${client}.yaml`), 'utf8')).toContain('# yaml-language-server: $schema=schema.json');
});
