import { fillStuck, type Swept, sweep } from '../../adapters/aws/sweep.ts';
import { log } from '../shell/log.ts';
import { Due, schedule } from '../shell/schedule.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the scheduler, every quarter of an hour: notices what stands still, and wakes orders whose stock is there. */
export const handler = schedule({ due: Due, services: openHub, run: sweepClocks });

/** Leaves two minutes of the function's five to the orders that are woken. */
const PATIENCE_MS = 180_000;

export async function sweepClocks({ scheduledAt }: Due, hub: Pick<Hub, 'table' | 'client' | 'now' | 'newId'>): Promise<void> {
  const swept = await sweep(hub, { at: scheduledAt, patience: PATIENCE_MS, progress: (soFar) => report('sweeping clocks', soFar) });
  report('clocks swept', swept);
  const tried = await fillStuck(hub, swept.lacking);
  if (tried > 0) log('info', 'waiting orders tried again', { tried });
}

function report(message: string, { read, late, lacking, complete }: Swept): void {
  log('info', message, { read, late, lacking: lacking.length, complete });
}
