import { ENV } from '../shell/env.ts';
import { receive } from '../shell/receive.ts';

/** Called by carriers, through API Gateway: a parcel was scanned. */
export const handler = receive({ senders: 'carriers', parameter: 'carrierId', queue: ENV.updatesQueue });
