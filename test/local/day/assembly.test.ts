import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, test } from 'vitest';
import { type Assembly, isUpToDate, noteAssembly } from '../../../local/day/assembly.ts';

let assembly: Assembly;

function write(file: string, content: string): void {
  mkdirSync(join(assembly.root, file, '..'), { recursive: true });
  writeFileSync(join(assembly.root, file), content);
}

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'crossdock-assembly-'));
  assembly = { root, folder: join(root, 'cdk.out'), clientId: 'demo' };
  write('functions/order/accept-orders.ts', 'one');
  write('package-lock.json', '{}');
  write('cdk.out/crossdock-demo.template.json', '{"bundle":"1"}');
});
afterEach(() => rmSync(assembly.root, { recursive: true }));

test('a stack is not up to date before it is noted, and is after', () => {
  expect(isUpToDate(assembly)).toBe(false);

  noteAssembly(assembly);

  expect(isUpToDate(assembly)).toBe(true);
  expect(isUpToDate({ ...assembly, clientId: 'another' })).toBe(false);
});

it.each<[string, () => void]>([
  ['a function is changed', () => write('functions/order/accept-orders.ts', 'two')],
  ['a client file comes', () => write('clients/kiosk.yaml', 'id: kiosk')],
  ['a source goes', () => rmSync(join(assembly.root, 'functions'), { recursive: true })],
  ['a package is changed', () => write('package-lock.json', '{"version":2}')],
  ['somebody else synthesizes', () => write('cdk.out/crossdock-demo.template.json', '{"bundle":"2"}')],
  ['the stack is taken away', () => rmSync(join(assembly.folder, 'crossdock-demo.template.json'))],
])('is not up to date when %s', (_what, change) => {
  noteAssembly(assembly);

  change();

  expect(isUpToDate(assembly)).toBe(false);
});

it('is up to date whatever else is changed', () => {
  noteAssembly(assembly);

  write('test/order.test.ts', 'a test');

  expect(isUpToDate(assembly)).toBe(true);
});
