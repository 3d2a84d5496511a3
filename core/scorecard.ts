/** A service between a warehouse and a country. */
export interface Lane {
  readonly carrierId: string;
  /** Such as `USPS Priority`. */
  readonly service: string;
  readonly warehouse: string;
  readonly country: string;
}

/** How many parcels reached their customers, and how many of them later than their carrier had said. */
export interface OnTime {
  readonly parcels: number;
  readonly late: number;
}

/** What our own parcels show of carriers, by lane. */
export type Scorecard = Readonly<Record<string, OnTime>>;

/** The key of a lane in a scorecard. */
export function laneKey({ carrierId, service, warehouse, country }: Lane): string {
  return `${carrierId}|${service}|${warehouse}|${country}`;
}

/** What is known of a lane. */
export function onTimeOn(scorecard: Scorecard, lane: Lane): OnTime | undefined {
  return scorecard[laneKey(lane)];
}

/** A parcel that reached its customer, or never will. */
export interface Arrival extends Lane {
  /** Day by which its carrier had said it would be there: `2026-11-25`. */
  readonly expectedBy: string;
  /** Day on which it was; empty for one that was lost. */
  readonly deliveredOn: string;
}

/** The scorecard of a set of arrivals; those whose carrier named no day count for nothing. */
export function scorecardOf(arrivals: Iterable<Arrival>): Scorecard {
  const lanes: Record<string, OnTime> = {};
  for (const arrival of arrivals) {
    if (arrival.expectedBy === '') continue;
    const key = laneKey(arrival);
    const { parcels, late } = lanes[key] ?? { parcels: 0, late: 0 };
    const isLate = arrival.deliveredOn === '' || arrival.deliveredOn > arrival.expectedBy;
    lanes[key] = { parcels: parcels + 1, late: late + (isLate ? 1 : 0) };
  }
  return lanes;
}

/** Scorecards of several days as one. */
export function sumOf(cards: readonly Scorecard[]): Scorecard {
  const sum: Record<string, OnTime> = {};
  for (const card of cards)
    for (const [lane, { parcels, late }] of Object.entries(card)) {
      const before = sum[lane] ?? { parcels: 0, late: 0 };
      sum[lane] = { parcels: before.parcels + parcels, late: before.late + late };
    }
  return sum;
}
