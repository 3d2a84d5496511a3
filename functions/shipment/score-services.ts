import { Bucket, readFacts } from '../../adapters/aws/object-store.ts';
import { arrivalsOf, writeScores } from '../../adapters/aws/score-store.ts';
import { dayOf } from '../../core/day.ts';
import { scorecardOf } from '../../core/scorecard.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { log } from '../shell/log.ts';
import { Due, schedule } from '../shell/schedule.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the scheduler every night: counts how many parcels of yesterday reached their customers when their carriers had said. */
export const handler = schedule({ due: Due, services: openScorer, run: scoreServices });

type Scorer = Pick<Hub, 'table' | 'client'> & { readonly facts: Bucket };

function openScorer(): Scorer {
  return { ...openHub(), facts: new Bucket(readEnv(ENV.factsBucket)[ENV.factsBucket]) };
}

/** A repeat counts the same day anew and replaces it. */
export async function scoreServices({ scheduledAt }: Due, { table, client, facts }: Scorer): Promise<void> {
  const { day, from, to } = dayOf(scheduledAt, client.timeZone);
  const arrivals = arrivalsOf(await Array.fromAsync(readFacts(facts, from, to)), from, to, client);
  const lanes = await writeScores(table, day, scorecardOf(arrivals), client.shipping.scorecard.days);
  log('info', 'services scored', { day, parcels: arrivals.length, lanes });
}
