import type { OrderDocument } from '../../core/order-document.ts';
import type { Item, Key, Table } from './table.ts';

interface NumberRow {
  readonly entity: 'order-number';
  readonly sourceId: string;
}

function numberKey(connectionId: string, number: string): Key {
  return { PK: `C#${connectionId}`, SK: `NUMBER#${number}` };
}

/** The row by which an order is found by the number that people know it by; it expires with the order's document. */
export function numberRow({ connectionId, number, sourceId }: Pick<OrderDocument, 'connectionId' | 'number' | 'sourceId'>, now: Date, days: number): Key & Item {
  const expiresAt = Math.floor(now.getTime() / 1000) + days * 86_400;
  return { ...numberKey(connectionId, number), entity: 'order-number', sourceId, expiresAt };
}

/** The source id of the order with this number; undefined when there is none. */
export async function readSourceId(table: Table, connectionId: string, number: string): Promise<string | undefined> {
  return (await table.get<NumberRow>(numberKey(connectionId, number), 'order-number'))?.sourceId;
}
