import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Posted, type PostingOrder, type StorefrontTask, StorefrontWord, type Tally } from './storefront-messages.ts';

const PROCESS = fileURLToPath(new URL('./storefront-process.ts', import.meta.url));

/** A storefront in a process of its own. */
export interface Storefront {
  /** Posts orders, and waits until each is acknowledged or given up; one such job at a time. `onTick` hears every second how far it is. */
  post(job: Omit<PostingOrder, 'kind'>, onTick?: (tally: Tally) => void): Promise<Posted>;
  /** Posts no new orders of the present job; what was begun is ended. */
  enough(): void;
  close(): Promise<void>;
}

/** Starts the storefront. */
export function openStorefront(): Storefront {
  const child = fork(PROCESS, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const tell = (task: StorefrontTask) => child.send(task);
  return {
    post: (job, onTick) =>
      new Promise((resolve, reject) => {
        const ended = () => reject(new Error('The storefront ended before it had posted everything.'));
        const heard = (message: unknown) => {
          const word = StorefrontWord.parse(message);
          if (word.kind === 'tick') return onTick?.(word.tally);
          child.off('message', heard);
          child.off('exit', ended);
          resolve(word);
        };
        child.on('message', heard);
        child.once('exit', ended);
        tell({ kind: 'post', ...job });
      }),
    enough: () => void tell({ kind: 'enough' }),
    close: async () => {
      child.kill();
      await exited;
    },
  };
}
