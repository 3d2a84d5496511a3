// A process that proves one job after the other, as it is told to by `proof.ts`.
import { carryOut, Job, openWorkshop } from './jobs.ts';

const workshop = await openWorkshop();
process.on('message', (message) => void prove(message));
process.send?.({ ready: true });

async function prove(message: unknown): Promise<void> {
  try {
    process.send?.({ done: await carryOut(Job.parse(message), workshop) });
  } catch (cause) {
    process.send?.({ failed: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) });
  }
}
