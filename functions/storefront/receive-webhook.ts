import { ENV } from '../shell/env.ts';
import { receive } from '../shell/receive.ts';

/** Called by storefronts, through API Gateway: an order came in or changed. */
export const handler = receive({ senders: 'storefronts', parameter: 'connectionId', queue: ENV.inboxQueue });
