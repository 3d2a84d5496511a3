import type { Scorecard } from '../../core/scorecard.ts';
import type { Selection } from '../../core/selection.ts';
import type { Parcel } from '../../core/shipment.ts';
import { type ParcelName, parcelPut } from './parcel-store.ts';
import type { Key, Table } from './table.ts';

function selectionKey({ orderId, parcel }: ParcelName): Key {
  return { PK: `O#${orderId}`, SK: `P#${parcel}#SELECTION` };
}

interface SelectionRow {
  readonly entity: 'selection';
  /** As text: it is read whole, and so costs less than as a map. */
  readonly selection: string;
}

/** Reads how a parcel's service was chosen last. */
export async function readSelection(table: Table, name: ParcelName): Promise<Selection | undefined> {
  const row = await table.get<SelectionRow>(selectionKey(name), 'selection');
  if (row === undefined) return undefined;
  // What only this store writes is what it reads.
  const selection: Selection = JSON.parse(row.selection);
  return selection;
}

/** Keeps how a service was chosen, and gives the parcel to it. @returns false when the parcel changed since it was read */
export async function writeSelection(table: Table, selection: Selection, parcel: Parcel): Promise<boolean> {
  const Item = { ...selectionKey(selection), entity: 'selection', selection: JSON.stringify(selection) };
  const { written } = await table.transact([{ Put: parcelPut(table, parcel) }, { Put: { TableName: table.name, Item } }]);
  return written;
}

/** Where what services are chosen by is kept. */
export const SCORECARD: Key = { PK: 'SCORECARD', SK: 'TOTAL' };

interface ScorecardRow {
  readonly entity: 'scorecard';
  readonly lanes: string;
}

/** Reads what our own parcels show of carriers; empty where nothing was counted yet. */
export async function readScorecard(table: Table): Promise<Scorecard> {
  const row = await table.get<ScorecardRow>(SCORECARD, 'scorecard');
  if (row === undefined) return {};
  const lanes: Scorecard = JSON.parse(row.lanes);
  return lanes;
}
