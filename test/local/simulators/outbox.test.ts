import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { type Listening, listen } from '../../../local/simulators/listen.ts';
import { Outbox, type Posting } from '../../../local/simulators/outbox.ts';

let server: Listening;
const statuses: number[] = [];
const bodies: string[] = [];
const file = () => join(mkdtempSync(join(tmpdir(), 'outbox-')), 'outbox.sqlite');
const posting = (id: string, due: number | null = 0): Posting => ({ id, sender: 'shop', meta: {}, body: Buffer.from(id), due });

async function open(path: string): Promise<Outbox> {
  server = await listen(({ body }) => {
    bodies.push(body);
    return { status: statuses.shift() ?? 200 };
  });
  return new Outbox(path, ({ meta }) => (meta.unsubscribed ? undefined : { url: server.url, headers: {} }));
}

afterEach(async () => {
  await server.close();
  statuses.length = 0;
  bodies.length = 0;
});

it('posts again until the answer is 2xx', async () => {
  statuses.push(503, 500);
  const outbox = await open(file());
  outbox.add([posting('a')]);

  outbox.start();
  await vi.waitFor(() => expect(outbox.counts().acknowledged).toBe(1), { timeout: 5_000 });
  await outbox.stop();

  expect(bodies).toEqual(['a', 'a', 'a']);
});

it('keeps a posting back until it is released', async () => {
  const outbox = await open(file());
  outbox.add([posting('later', null), posting('now')]);

  outbox.start();
  await vi.waitFor(() => expect(outbox.counts()).toMatchObject({ acknowledged: 1, waiting: 1 }), { timeout: 5_000 });
  outbox.release(['later'], 0);
  await vi.waitFor(() => expect(outbox.counts().acknowledged).toBe(2), { timeout: 5_000 });
  await outbox.stop();

  expect(bodies).toEqual(['now', 'later']);
});

it('goes on after a restart with what was not acknowledged, and adds nothing twice', async () => {
  const path = file();
  const before = await open(path);
  before.add([posting('a'), posting('b')]);
  await before.stop();
  await server.close();

  const after = await open(path);
  after.add([posting('a'), posting('b')]);
  after.start();
  await vi.waitFor(() => expect(after.counts().acknowledged).toBe(2), { timeout: 5_000 });
  await after.stop();

  expect(bodies.sort()).toEqual(['a', 'b']);
});

it('tells of each posting once before it is sent for the first time, and of lost ones too', async () => {
  statuses.push(503);
  const told: string[] = [];
  const outbox = await open(file());
  outbox.add([posting('a'), { ...posting('gone'), meta: { lost: 'true' } }, { ...posting('unheard'), meta: { unsubscribed: 'yes' } }, posting('kept', null)]);

  outbox.start(({ id }) => told.push(`${id}, ${bodies.includes(id) ? 'late' : 'first'}`));
  await vi.waitFor(() => expect(outbox.counts()).toMatchObject({ acknowledged: 1, lost: 2, waiting: 1, due: 0 }), { timeout: 5_000 });
  const [lost, unanswered] = [outbox.lost(), outbox.open()];
  await outbox.stop();

  expect(told.sort()).toEqual(['a, first', 'gone, first', 'unheard, first']);
  expect(bodies).toEqual(['a', 'a']);
  expect([...lost].sort()).toEqual(['gone', 'unheard']);
  expect(unanswered.map(({ id }) => id)).toEqual(['kept']);
});

it('does not tell again after a restart, nor send what was lost', async () => {
  const path = file();
  const told: string[] = [];
  statuses.push(503);
  const before = await open(path);
  before.add([posting('a'), { ...posting('gone'), meta: { lost: 'true' } }]);
  before.start(({ id }) => told.push(id));
  await vi.waitFor(() => expect(before.counts()).toMatchObject({ lost: 1, attempts: 1 }), { timeout: 5_000 });
  await before.stop();
  await server.close();

  const after = await open(path);
  after.start(({ id }) => told.push(id));
  await vi.waitFor(() => expect(after.counts()).toMatchObject({ acknowledged: 1, lost: 1 }), { timeout: 5_000 });
  await after.stop();

  expect(told.sort()).toEqual(['a', 'gone']);
});
