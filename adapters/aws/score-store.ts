import { dayIn, daysAfter } from '../../core/calendar.ts';
import type { Client } from '../../core/client.ts';
import type { HubEvent } from '../../core/event.ts';
import { type Arrival, type Scorecard, sumOf } from '../../core/scorecard.ts';
import { serviceName } from '../../core/selection.ts';
import { SCORECARD } from './selection-store.ts';
import type { Table } from './table.ts';

interface DayRow {
  readonly entity: 'scores';
  readonly day: string;
  readonly lanes: string;
}

const DAYS = 'SCORECARD#DAYS';

/** Parcels that reached their customers in a period, or were given up as lost, from the facts of its days. */
export function arrivalsOf(facts: readonly HubEvent[], from: string, to: string, client: Pick<Client, 'timeZone'>): Arrival[] {
  const ended = new Map<string, Arrival>();
  for (const event of facts) {
    if (event.entity !== 'parcel' || event.at < from || event.at >= to) continue;
    const { parcel } = event;
    const isLost = event.type === 'parcel.updated' && parcel.tracking === 'lost';
    if (event.type !== 'parcel.delivered' && !isLost) continue;
    const { orderId, carrierId, warehouse, country, expectedBy, deliveredAt } = parcel;
    const deliveredOn = isLost || deliveredAt === '' ? '' : dayIn(client.timeZone, new Date(deliveredAt));
    ended.set(`${orderId}/${parcel.parcel}`, { carrierId, service: serviceName(parcel), warehouse, country, expectedBy, deliveredOn });
  }
  return [...ended.values()];
}

/**
 * Keeps what a day showed, and adds the days that count up to what services are chosen by.
 * @returns how many lanes are known now
 */
export async function writeScores(table: Table, day: string, scorecard: Scorecard, days: number): Promise<number> {
  await table.putAll([{ PK: DAYS, SK: day, entity: 'scores', day, lanes: JSON.stringify(scorecard) }]);
  const oldest = daysAfter(day, -days);
  const cards: Scorecard[] = [];
  for await (const row of table.query<DayRow>(DAYS, '', 'scores', { ConsistentRead: true })) {
    const card: Scorecard = JSON.parse(row.lanes);
    if (row.day > oldest) cards.push(card);
  }
  const total = sumOf(cards);
  await table.putAll([{ ...SCORECARD, entity: 'scorecard', lanes: JSON.stringify(total) }]);
  return Object.keys(total).length;
}
