import { setTimeout as sleep } from 'node:timers/promises';

/** Waits before the next of several attempts, longer each time. */
export type BackOff = (attempt: number, firstMs: number) => Promise<void>;

/**
 * Waits before something is tried again, with full jitter, longer each time. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 * @param attempt 1 before the second try
 * @param firstMs milliseconds that the first wait takes on average
 */
export const backOff: BackOff = async (attempt, firstMs) => await sleep(Math.random() * firstMs * 2 ** attempt);
