import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** What the figures were measured on. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGigabytes: number;
  readonly node: string;
  readonly platform: string;
  /** Runnable processes over the last minute: well above what the bench itself starts means that others were at work. */
  readonly load: number;
}

/** Describes this machine. */
export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 1e8) / 10,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

// Linux counts CPU time in hundredths of a second. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
const TICK_MS = 10;

interface ProcessTime {
  readonly id: number;
  readonly parent: number;
  readonly cpuMs: number;
}

/** CPU milliseconds of this process and all that descend from it, ended ones included; undefined where there is no /proc. */
export function treeCpuMs(): number | undefined {
  const processes = processTimes();
  if (processes === undefined) return undefined;
  const family = new Set([process.pid]);
  // Children have been started after their parents, but ids start over: go round until nobody is added.
  for (let before = 0; before < family.size; ) {
    before = family.size;
    for (const { id, parent } of processes) if (family.has(parent)) family.add(id);
  }
  return processes.filter(({ id }) => family.has(id)).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** CPU milliseconds of one process so far, without its children; undefined where there is no /proc. */
export function processCpuMs(processId: number): number | undefined {
  const fields = statOf(String(processId));
  return fields === undefined ? undefined : fields.slice(11, 13).reduce((sum, field) => sum + Number(field), 0) * TICK_MS;
}

function processTimes(): ProcessTime[] | undefined {
  if (process.platform !== 'linux') return undefined;
  return readdirSync('/proc').flatMap((name) => {
    const fields = /^\d+$/.test(name) ? statOf(name) : undefined;
    if (fields === undefined) return [];
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return [{ id: Number(name), parent: Number(fields[1]), cpuMs: ticks * TICK_MS }];
  });
}

/** The fields of a process's stat from the third on: the second is a name in brackets and may hold blanks. */
function statOf(processId: string): string[] | undefined {
  const stat = readIfThere(`/proc/${processId}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** The highest resident memory of a process so far, in bytes; undefined where there is no /proc. */
export function peakMemory(processId: number): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readIfThere(`/proc/${processId}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
}

/** Forgets this process's highest memory so far, so that an earlier section does not count. https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html */
export function forgetPeakMemory(): void {
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5');
}

/** Reads a file of `/proc`; undefined when its process has ended between being listed and being looked at. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
