import { Unavailable } from '../core/error.ts';
import type { Http } from './http.ts';

/** A way out that tells what became of the requests that were sent by it. */
export interface WatchedHttp {
  readonly http: Http;
  /** Whether one of them left, or may have left. */
  sent(): boolean;
  /** Whether the last one was kept back by our own keeping to the carrier's rate, or because it is down: it did not leave. */
  turnedBack(): boolean;
}

/** Watches a way out. */
export function watched(http: Http): WatchedHttp {
  let [sent, turnedBack] = [false, false];
  return {
    async http(request) {
      try {
        turnedBack = false;
        const response = await http(request);
        sent = true;
        return response;
      } catch (error) {
        turnedBack = error instanceof Unavailable && !error.code.startsWith('http.');
        sent ||= error instanceof Unavailable && !turnedBack;
        throw error;
      }
    },
    sent: () => sent,
    turnedBack: () => turnedBack,
  };
}
