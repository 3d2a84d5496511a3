import type { Client } from './client.ts';
import { type Act, isBeyondPacking, noteLate, ORDER_LISTS, type Order, type Saved } from './order.ts';
import { noteParcelLate, PARCEL_LISTS, type Parcel } from './shipment.ts';

/** A stage of an order or parcel whose length the client's policy limits. */
export type Stage = keyof Client['policies']['clocks'];

/** A work list: what waits in it has a running clock. */
export type WorkList = (typeof ORDER_LISTS)[number] | (typeof PARCEL_LISTS)[number];

/** Every work list, with the stage that what waits there is on its way to, and what it waits for in words. */
export const CLOCKS: Readonly<Record<WorkList, { readonly stage: Stage; readonly waits: string }>> = {
  held: { stage: 'held', waits: 'for its holds to be released' },
  backordered: { stage: 'backordered', waits: 'for stock' },
  authorise: { stage: 'authorised', waits: 'to be authorised' },
  pack: { stage: 'packed', waits: 'to be packed' },
  label: { stage: 'labelled', waits: 'for its label' },
  'hand-over': { stage: 'handedOver', waits: 'to be handed over to the carrier' },
  scan: { stage: 'scanned', waits: "for the carrier's first scan" },
  deliver: { stage: 'delivered', waits: 'to be delivered' },
};

/** Work lists in the order in which an order passes through them. */
export const WORK_LISTS: readonly WorkList[] = [...ORDER_LISTS, ...PARCEL_LISTS];

/** The running clock of an order or parcel. */
export interface Clock {
  readonly stage: Stage;
  /** What it waits for, to stand after `waits`. */
  readonly waits: string;
  /** UTC instant at which it began to run. */
  readonly since: string;
  /** UTC instant from which on the item is late. */
  readonly dueAt: string;
  /** Hours between the two. */
  readonly hours: number;
}

/** The running clock of an order or parcel. @returns undefined where it waits for nothing, or for a customer to send something back */
export function clockOf(item: Order | Parcel, client: Pick<Client, 'policies'>): Clock | undefined {
  const list = WORK_LISTS.find((name) => item.work?.startsWith(`${name}#`));
  if (list === undefined || (list === 'hand-over' && item.entity === 'parcel' && item.returns !== undefined)) return undefined;
  return clockFrom(item.entity === 'order' ? beganAt(item, list) : item.since, CLOCKS[list], client);
}

function clockFrom(since: string, { stage, waits }: Pick<Clock, 'stage' | 'waits'>, { policies }: Pick<Client, 'policies'>): Clock {
  const hours = policies.clocks[stage];
  return { stage, waits, since, hours, dueAt: new Date(Date.parse(since) + hours * HOUR_MS).toISOString() };
}

const HOUR_MS = 3_600_000;

/** An order that is held once it is packed keeps its status: its clock runs from the hold on. */
function beganAt({ status, since, holds }: Order, list: WorkList): string {
  if (list !== 'held' || status === 'held') return since;
  const [first = since] = holds.map(({ at }) => at).sort();
  return first > since ? first : since;
}

/** All clocks that run for an order or parcel. One on its way must be scanned again, and what hinders its delivery be settled. */
function clocksOf(item: Order | Parcel, client: Pick<Client, 'policies'>): Clock[] {
  const clock = clockOf(item, client);
  if (clock === undefined) return [];
  const onItsWay = item.entity === 'parcel' && clock.stage === 'delivered' ? whereOf(item) : undefined;
  return onItsWay === undefined ? [clock] : [clock, clockFrom(onItsWay.since, onItsWay, client)];
}

/** What is awaited of a parcel on its way. One that lies at a pick-up point waits for its customer, and no scan tells of that. */
function whereOf({ tracking, since }: Parcel): Pick<Clock, 'stage' | 'waits' | 'since'> | undefined {
  if (tracking.status === 'available_for_pickup') return undefined;
  if (tracking.status === 'delivery_exception') return { stage: 'exception', waits: 'for its delivery exception to be settled', since: tracking.at };
  return { stage: 'moving', waits: 'for its next scan', since: tracking.lastScanAt ?? since };
}

/** The last instant at which something may have begun to wait in a list and be late by now. Promises are broken whenever an order began to wait. */
export function lateBefore(list: WorkList, { policies }: Pick<Client, 'policies'>, now: Date): Date {
  const isOrders = ORDER_LISTS.some((name) => name === list);
  const { stage } = CLOCKS[list];
  const { clocks } = policies;
  // The clocks of a parcel on its way began when it was scanned first, or later.
  const hours = stage === 'delivered' ? Math.min(clocks.delivered, clocks.moving, clocks.exception) : clocks[stage];
  return isOrders ? now : new Date(now.getTime() - hours * HOUR_MS);
}

/** What of an order or parcel is late and not noted yet. */
interface Lateness {
  /** Stages that are noted then: `backordered+promise`. */
  readonly stage: string;
  readonly reason: string;
}

/** Whether the cut-off that an order was promised to make is past, and it is not packed. */
export function isPromiseBroken(order: Order, now: Date): boolean {
  return order.shipBy !== '' && order.shipBy < now.toISOString() && order.ending === undefined && !isBeyondPacking(order);
}

function latenessOf(item: Order | Parcel, client: Pick<Client, 'policies'>, now: Date): Lateness | undefined {
  const clocks = clocksOf(item, client);
  const stages: { stage: Stage | 'promise'; reason: string }[] = clocks
    .filter(({ dueAt }) => dueAt < now.toISOString())
    .map(({ stage, waits, since, hours }) => ({ stage, reason: `waits ${waits} since ${since}, for more than ${hours === 1 ? 'an hour' : `${hours} hours`}` }));
  if (item.entity === 'order' && isPromiseBroken(item, now)) stages.push({ stage: 'promise', reason: `was to ship by ${item.shipBy} and is not packed` });
  const noted = item.late?.stage.split('+') ?? [];
  const news = stages.filter(({ stage }) => !noted.includes(stage));
  if (news.length === 0) return undefined;
  return { stage: [...noted, ...news.map(({ stage }) => stage)].join('+'), reason: news.map(({ reason }) => reason).join('; ') };
}

/**
 * Notes that an order is late: its clock ran out, or its promise is broken. Each is noted once while its status lasts.
 * @param at the instant that its clocks are read at
 * @returns undefined when it is not late, or that is noted
 */
export function lateOrder(order: Order, client: Pick<Client, 'policies'>, at: Date, act: Act): Saved | undefined {
  const late = latenessOf(order, client, at);
  return late && noteLate(order, late.stage, late.reason, act);
}

/** Notes that a parcel is late, once for each stage. @returns undefined when it is not late, or that is noted */
export function lateParcel(parcel: Parcel, client: Pick<Client, 'policies'>, at: Date, act: Act): Parcel | undefined {
  const late = latenessOf(parcel, client, at);
  return late && noteParcelLate(parcel, late.stage, late.reason, act);
}
