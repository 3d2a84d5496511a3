import { readBreaker } from '../../adapters/aws/call-store.ts';
import { readSubscription } from '../../adapters/aws/subscription-store.ts';
import type { Table } from '../../adapters/aws/table.ts';
import type { LoadedClient } from '../../adapters/client.ts';
import { columns, type Output, time } from '../terminal.ts';

/** Lists the carrier connections of a client: whether each posts to us, and whether it is left alone because it does not answer. */
export async function listCarriers(
  table: Table,
  { client, capabilities }: Pick<LoadedClient, 'client' | 'capabilities'>,
  now: Date,
): Promise<Output & { readonly json: readonly unknown[] }> {
  const seen = await Promise.all(
    client.carriers.map(async ({ id, kind }) => {
      const [subscription, breaker] = await Promise.all([readSubscription(table, id), readBreaker(table, id)]);
      const downUntil = breaker.openUntil > now.getTime() ? new Date(breaker.openUntil).toISOString() : undefined;
      return { id, kind, subscribes: capabilities[id]?.includes('subscribe') === true, subscription, downUntil };
    }),
  );
  const rows = seen.map(({ id, kind, subscribes, subscription, downUntil }) => [
    id,
    kind,
    subscription?.state ?? (subscribes ? 'not yet' : '-'),
    subscription === undefined ? '-' : time(subscription.checkedAt),
    subscription?.until ? time(subscription.until) : '-',
    downUntil === undefined ? 'yes' : `not asked until ${time(downUntil)}`,
  ]);
  const remarks = seen.flatMap(({ id, subscription }) => {
    const { problem } = subscription ?? {};
    return problem === undefined ? [] : [`${id}: since ${time(problem.since)}: ${problem.message} (${problem.code})`];
  });
  const text = ['carrier connections', columns([['connection', 'kind', 'subscription', 'checked', 'until', 'answers'], ...rows]), ...remarks].join('\n');
  return { json: seen.map(({ id, subscribes: _, ...rest }) => ({ connectionId: id, ...rest })), text };
}
