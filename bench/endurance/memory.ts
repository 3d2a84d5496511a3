import { familyOf, functionOf, residentMegabytes } from './processes.ts';
import { type Sample, type Slope, slopeOf } from './slope.ts';
import type { Stack } from './stack.ts';

const SAMPLE_MS = 5_000;

/** One process of the stack, from when it was first seen. */
export interface Life {
  /** What it is: a role in the stack, or a function's path. */
  readonly role: string;
  readonly processId: number;
  readonly samples: readonly Sample[];
}

/** Notes the resident memory of every process of the stack. */
export interface MemoryLog {
  lives(): readonly Life[];
  stop(): void;
}

/** Looks at every process of the stack every five seconds. */
export function watchMemory(stack: Stack): MemoryLog {
  const began = new Map<number, number>();
  const lives = new Map<number, Life & { samples: Sample[] }>();
  const look = () => {
    const now = performance.now();
    for (const { processId, role } of processesOf(stack)) {
      const megabytes = residentMegabytes(processId);
      if (megabytes === undefined) continue;
      const life = lives.get(processId) ?? { role, processId, samples: [] };
      const first = began.get(processId) ?? now;
      began.set(processId, first);
      lives.set(processId, life);
      life.samples.push({ seconds: (now - first) / 1_000, megabytes });
    }
  };
  const timer = setInterval(look, SAMPLE_MS);
  return { lives: () => [...lives.values()], stop: () => clearInterval(timer) };
}

/** Every process of the stack that runs now, with what it is. */
export function processesOf({ processId: stackId, ready }: Stack): { readonly processId: number; readonly role: string }[] {
  const known = new Map([
    [stackId, 'gateway, pollers, vendors'],
    [ready.emulators, 'SQS, SNS and S3 emulator'],
    ...(ready.dynamodbProcess === null ? [] : [[ready.dynamodbProcess, 'DynamoDB emulator'] as const]),
  ]);
  return familyOf(stackId).map(({ id }) => {
    const name = functionOf(id);
    return { processId: id, role: known.get(id) ?? (name === undefined ? 'unknown' : (ready.functions[name] ?? name)) };
  });
}

/** A process's life with the line through it; the line is missing where it was too short. */
export interface FittedLife extends Life {
  readonly slope: Slope | undefined;
}

/** Fits a line to every life after its warm-up. */
export function fitted(lives: readonly Life[], warmUpSeconds: number): FittedLife[] {
  return lives.map((life) => ({ ...life, slope: slopeOf(life.samples, warmUpSeconds) }));
}
