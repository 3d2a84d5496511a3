import { readdirSync } from 'node:fs';
import { readIfThere } from '../machine.ts';

/** A process that runs. */
interface Running {
  readonly id: number;
  readonly parent: number;
}

/** A process and all that descend from it, itself first; empty when it has ended. Linux tells: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
export function familyOf(root: number): Running[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (runningOf(Number(name)) ?? []) : []));
  const children = Map.groupBy(all, ({ parent }) => parent);
  const withDescendants = (one: Running): Running[] => [one, ...(children.get(one.id) ?? []).flatMap(withDescendants)];
  return all.filter(({ id }) => id === root).flatMap(withDescendants);
}

function runningOf(id: number): Running | undefined {
  const status = readIfThere(`/proc/${id}/status`);
  // What has ended and was not yet taken note of holds no memory.
  if (status === undefined || /^State:\s+Z/m.test(status)) return undefined;
  return { id, parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0) };
}

/** Resident memory of a process now, in megabytes; undefined when it has ended. */
export function residentMegabytes(id: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readIfThere(`/proc/${id}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1_024;
}

/** The Lambda function that a process runs, by the name that Lambda has for it; undefined when it runs none. */
export function functionOf(id: number): string | undefined {
  return /(?:^|\0)AWS_LAMBDA_FUNCTION_NAME=([^\0]*)/.exec(readIfThere(`/proc/${id}/environ`) ?? '')?.[1];
}
