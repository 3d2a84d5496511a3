import { ENV } from '../shell/env.ts';
import { receive } from '../shell/receive.ts';

/** Called by storefronts, through API Gateway: they ask something of us as their fulfilment service. What, they say when they are asked. */
export const handler = receive({ senders: 'storefronts', parameter: 'connectionId', queue: ENV.inboxQueue });
