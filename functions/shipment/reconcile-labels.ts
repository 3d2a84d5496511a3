import { writeReconciliation } from '../../adapters/aws/reconciliation-store.ts';
import type { CarrierReaching } from '../../adapters/carrier-reach.ts';
import { reconcile } from '../../adapters/reconcile.ts';
import { Unavailable } from '../../core/error.ts';
import { count, errorFields, log } from '../shell/log.ts';
import { Due, schedule } from '../shell/schedule.ts';
import { openCarriers, openHub } from '../shell/services.ts';

/** Called by the scheduler every night: compares the labels that carriers sold with ours, and voids those that nobody needs. */
export const handler = schedule({ due: Due, services: () => openCarriers(openHub()), run: reconcileLabels });

/** How far back each night looks: a label may show a day late, and a night may fail. */
const LOOK_BACK_MS = 3 * 86_400_000;

/** One carrier that cannot be compared keeps no other from it. @throws Unavailable `shipment.reconciliation-incomplete` */
export async function reconcileLabels({ scheduledAt }: Due, reaching: CarrierReaching): Promise<void> {
  const since = new Date(scheduledAt.getTime() - LOOK_BACK_MS).toISOString();
  const failed: string[] = [];
  for (const { id } of reaching.client.carriers) {
    await reconcileOne(id, since, reaching).catch((error: unknown) => {
      failed.push(id);
      log('error', 'labels not reconciled', { carrierId: id, ...errorFields(error) });
    });
  }
  if (failed.length > 0) throw new Unavailable('shipment.reconciliation-incomplete', `The labels of ${failed.join(', ')} could not be compared; they are tried again.`);
}

async function reconcileOne(id: string, since: string, reaching: CarrierReaching): Promise<void> {
  const { differences, compared, foreign, lookedUp, orphansVoided, ...rest } = await reconcile(id, since, reaching);
  await writeReconciliation(reaching.table, { ...rest, differences, compared, foreign, lookedUp, orphansVoided });
  const left =
    differences.filter(({ kind }) => kind === 'cost' || kind === 'voided-there' || kind === 'kept-there').length +
    differences.filter(({ kind }) => kind === 'orphan').length -
    orphansVoided;
  if (left > 0) count('labelsDiffer', reaching.now(), { carrierId: id }, left);
  log(left > 0 ? 'warn' : 'info', 'labels reconciled', { carrierId: id, compared, foreign, lookedUp, orphansVoided, differences: differences.length });
}
