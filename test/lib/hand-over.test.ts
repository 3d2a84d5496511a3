import { rmSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { clientFiles, loadClient } from '../../adapters/client.ts';
import { Foundation } from '../../lib/foundation.ts';
import { HandOver } from '../../lib/hand-over.ts';
import { makeApp, rootWithStubs } from './synthesized.ts';

const [file = ''] = clientFiles();
const loaded = await loadClient(file);
const carriers = [...loaded.client.carriers.slice(0, 1).map((carrier) => ({ ...carrier, collects: '23:58', closesAfterMinutes: 10 })), ...loaded.client.carriers.slice(1)];
const client = { ...loaded.client, carriers };

/** The resources of a type in a stack of nothing but hand-overs. */
const resources = synthesize();

function synthesize() {
  const root = rootWithStubs();
  const stack = new Stack(makeApp(root), 'hand-over');
  new HandOver(stack, 'HandOver', new Foundation(stack, 'Foundation', { client, edge: loaded.edge, capabilities: loaded.capabilities, retention: {} }));
  const template = Template.fromStack(stack);
  rmSync(root, { recursive: true });
  return <Properties>(type: string, schema: z.ZodType<Properties>) =>
    Object.values(template.findResources(type)).map((resource) => z.object({ Properties: schema }).parse(resource).Properties);
}

const Schedule = z.object({
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string(),
  Target: z.object({ Input: z.string().transform((text) => z.object({ warehouse: z.string(), carriers: z.string() }).parse(JSON.parse(text))) }),
});

test('the day of every carrier ends in every warehouse once, by its clocks, and never on the next day', () => {
  const ends = resources('AWS::Scheduler::Schedule', Schedule);
  const [late] = carriers;

  for (const { id, timeZone = client.timeZone, cutOff } of client.warehouses) {
    const mine = ends.filter(({ Target }) => Target.Input.warehouse === id);
    expect(mine.flatMap(({ Target }) => Target.Input.carriers.split(' ')).sort()).toEqual(carriers.map((carrier) => carrier.id).sort());
    expect(new Set(mine.map(({ ScheduleExpressionTimezone }) => ScheduleExpressionTimezone))).toEqual(new Set([timeZone]));
    const timeOf = (carrierId: string) => mine.find(({ Target }) => Target.Input.carriers.split(' ').includes(carrierId))?.ScheduleExpression;
    expect(timeOf(late?.id ?? '')).toBe('cron(59 23 * * ? *)');
    const [hour = 0, minute = 0] = cutOff.split(':').map(Number);
    for (const carrier of carriers.slice(1).filter(({ collects }) => collects === undefined)) expect(timeOf(carrier.id)).toBe(`cron(${minute + 5} ${hour} * * ? *)`);
  }
});

test('a person is woken by each thing that closing days and pickups notice', () => {
  const alarms = resources('AWS::CloudWatch::Alarm', z.object({ MetricName: z.string(), AlarmDescription: z.string() }));
  const noticed = ['manifestRefused', 'manifestUnknown', 'manifestFormLost', 'pickupRefused', 'pickupUnknown', 'pickupKept'];

  expect(noticed.filter((metric) => !alarms.some(({ MetricName }) => MetricName === metric))).toEqual([]);
});
