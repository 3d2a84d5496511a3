import { processCpuMs } from './machine.ts';
import type { Setting } from './setting.ts';

/** CPU milliseconds so far by who spent them. */
export type CpuTimes = ReadonlyMap<string, number>;

/** CPU milliseconds so far of everything that runs for a setting. */
export function cpuOf({ cloud }: Setting): CpuTimes {
  const { emulators, dynamodb } = cloud.processIds;
  const functions = Object.entries(cloud.metrics()).map(([name, { cpuMs }]) => [name, cpuMs] as const);
  return new Map([
    ['this process: gateway and mappings', processCpuMs(process.pid) ?? 0],
    ['SQS, SNS and S3 emulator', processCpuMs(emulators) ?? 0],
    ['DynamoDB emulator', dynamodb === undefined ? 0 : (processCpuMs(dynamodb) ?? 0)],
    ...functions,
  ]);
}

/** What was spent between two readings. */
export function since(before: CpuTimes, after: CpuTimes): CpuTimes {
  return new Map([...after].map(([name, ms]) => [name, ms - (before.get(name) ?? 0)]));
}
