import type { PublishCommand } from '@aws-sdk/client-sns';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Table } from '../../../adapters/aws/table.ts';
import { loadNotifier, type Sns } from '../../../adapters/notifier.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import type { HubEvent } from '../../../core/event.ts';
import { notifyCustomer } from '../../../functions/notification/notify-customer.ts';
import { useEmulator } from '../../emulator.ts';
import { itemsOf } from '../../invariants.ts';
import { lifeline, tieTable } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';
import { accept, elsewhere, eventOf, hubOn, idOf, orderOf, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
useLogLines();
const LEASE_SECONDS = 61;

/** SNS that remembers what was published, and fails as often as it is told. */
class FakeSns implements Sns {
  readonly published: PublishCommand['input'][] = [];
  readonly failures: Error[] = [];

  async send({ input }: PublishCommand): Promise<void> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.published.push(input);
  }
}

async function hubWithOrder(id = '1'): Promise<{ hub: TestHub; event: HubEvent }> {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 1_000 });
  await accept(hub, { id });
  return { hub, event: eventOf('order.accepted', await orderOf(hub, id)) };
}

async function tell(hub: TestHub, event: HubEvent, sns: Sns, ways: readonly ('topic' | 'sms')[] = ['topic'], line = lifeline()): Promise<'done' | 'crashed'> {
  const table: Table = emulator.reopen(hub.table);
  tieTable(table, line);
  const tied: Sns = { send: (command) => line.through('Publish', () => sns.send(command)) };
  const notifiers = () => Promise.all(ways.map((way) => loadNotifier(way, tied)));
  return await line.run(() => notifyCustomer(event, { ...elsewhere(hub, table), topicArn: 'arn:customers', notifiers }));
}

describe('a customer', () => {
  test('is told once, with what SNS subscribers filter by', async () => {
    const { hub, event } = await hubWithOrder();
    const sns = new FakeSns();

    await tell(hub, event, sns);
    await tell(hub, event, sns);

    expect(sns.published).toEqual([
      {
        TopicArn: 'arn:customers',
        Subject: expect.stringContaining('#1'),
        Message: expect.stringContaining('erika@example.com'),
        MessageAttributes: {
          connectionId: { DataType: 'String', StringValue: 'wholesale' },
          noticeId: { DataType: 'String', StringValue: 'wholesale:1#accepted' },
          kind: { DataType: 'String', StringValue: 'accepted' },
        },
      },
    ]);
  });

  test('is told by text message too where the client says so, and each way once', async () => {
    const { hub, event } = await hubWithOrder();
    const sns = new FakeSns();

    await tell(hub, event, sns, ['topic', 'sms']);
    await tell(hub, event, sns, ['topic', 'sms']);

    expect(sns.published.map(({ TopicArn, PhoneNumber }) => TopicArn ?? PhoneNumber)).toEqual(['arn:customers', '+493415550100']);
  });

  test('is told by the way that failed alone when it is tried again', async () => {
    const { hub, event } = await hubWithOrder();
    const sns = new FakeSns();
    const failing: Sns = {
      send: async (command) => {
        if (command.input.PhoneNumber !== undefined) throw Object.assign(new Error('slow down'), { name: 'ThrottledException' });
        await sns.send(command);
      },
    };

    await expect(tell(hub, event, failing, ['topic', 'sms'])).rejects.toMatchObject({ name: 'Unavailable' });
    await tell(hub, event, sns, ['topic', 'sms']);

    expect(sns.published.map(({ TopicArn, PhoneNumber }) => TopicArn ?? PhoneNumber)).toEqual(['arn:customers', '+493415550100']);
  });

  test('is told nothing of what does not concern them', async () => {
    const { hub } = await hubWithOrder();
    const sns = new FakeSns();
    const before = await itemsOf(hub.table);

    await tell(hub, eventOf('order.authorised', await orderOf(hub, '1')), sns);

    expect(sns.published).toEqual([]);
    expect(await itemsOf(hub.table)).toEqual(before);
  });

  test('of a failed telling is told at once when it is tried again', async () => {
    const { hub, event } = await hubWithOrder();
    const sns = new FakeSns();
    sns.failures.push(Object.assign(new Error('down'), { name: 'InternalErrorException' }), Object.assign(new Error('no'), { name: 'InvalidParameterException' }));

    await expect(tell(hub, event, sns)).rejects.toBeInstanceOf(Unavailable);
    await expect(tell(hub, event, sns)).rejects.toBeInstanceOf(Rejected);
    await tell(hub, event, sns);

    expect(sns.published).toHaveLength(1);
  });

  test('is told once by two workers, however their calls fall between each other', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 1_000 });
    let orders = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 0, max: 1 }), async (scheduler, failures) => {
        orders += 1;
        const id = `o${orders}`;
        await accept(hub, { id });
        const event = eventOf('order.accepted', await orderOf(hub, id));
        const sns = new FakeSns();
        for (let failure = 0; failure < failures; failure++) sns.failures.push(Object.assign(new Error('down'), { name: 'InternalErrorException' }));

        const outcomes = await scheduler.waitFor(Promise.allSettled([1, 2].map(() => tell(hub, event, sns, ['topic'], lifeline(undefined, scheduler)))));

        for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Unavailable);
        await tell(hub, event, sns);
        expect(sns.published).toHaveLength(1);
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  test('is told once after a worker died at any of its calls, twice only if it died between the telling and the note', async () => {
    const { hub, event: first } = await hubWithOrder('undisturbed');
    const line = lifeline();
    await tell(hub, first, new FakeSns(), ['topic'], line);
    const told = line.calls.indexOf('Publish') + 1;

    for (const when of ['before', 'after'] as const) {
      for (let call = 1; call <= line.calls.length; call++) {
        const id = `${when}-${call}`;
        await accept(hub, { id });
        const event = eventOf('order.accepted', await orderOf(hub, id));
        const sns = new FakeSns();

        expect(await tell(hub, event, sns, ['topic'], lifeline({ call, when }))).toBe('crashed');
        hub.pass(LEASE_SECONDS);
        await tell(hub, event, sns);

        const betweenTellingAndNote = (call === told && when === 'after') || (call === told + 1 && when === 'before');
        expect(
          sns.published.map(({ MessageAttributes }) => MessageAttributes?.noticeId?.StringValue),
          `${id} of ${line.calls.join(', ')}`,
        ).toEqual(Array(betweenTellingAndNote ? 2 : 1).fill(`${idOf(id)}#accepted`));
      }
    }
  }, 60_000);

  test('whose claim was taken over while it was slow does not lose the claim of the one who took it', async () => {
    const { hub, event } = await hubWithOrder();
    const sns = new FakeSns();
    const slow: Sns = {
      send: async () => {
        // The lease lapses; another worker takes over and is still telling when this one gives up.
        hub.pass(LEASE_SECONDS);
        await new Promise<void>((reached, failed) => {
          const stuck: Sns = { send: () => new Promise(() => reached()) };
          tell(hub, event, stuck).then(() => failed(new Error('it was not told')), failed);
        });
        throw Object.assign(new Error('down'), { name: 'InternalErrorException' });
      },
    };

    await expect(tell(hub, event, slow)).rejects.toBeInstanceOf(Unavailable);

    await expect(tell(hub, event, sns)).rejects.toMatchObject({ code: 'notice.busy' });
    expect(sns.published).toEqual([]);
  });

  test('whose personal data was erased is told nothing, and somebody looks', async () => {
    const { hub, event } = await hubWithOrder();
    const sns = new FakeSns();
    if (event.entity !== 'order') throw new Error('no order');
    const unknown: HubEvent = { ...event, order: { ...event.order, orderId: 'wholesale:gone' } };

    await expect(tell(hub, unknown, sns)).rejects.toMatchObject({ name: 'Rejected', code: 'order.not-found' });
    expect(sns.published).toEqual([]);
  });
});
