import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import type { Json } from '../../core/json.ts';
import { callJson, EmulatorError } from './aws-json.ts';

const KeySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.string() }));
const Index = z.object({ IndexName: z.string(), KeySchema, Projection: z.custom<Json>(() => true) });

/** A table as the template declares it, AWS::DynamoDB::Table or GlobalTable. */
export const TableProperties = z.object({
  KeySchema,
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.string() })),
  GlobalSecondaryIndexes: z.array(Index).default([]),
  LocalSecondaryIndexes: z.array(Index).default([]),
  StreamSpecification: z.object({ StreamViewType: z.string() }).optional(),
  TimeToLiveSpecification: z.object({ AttributeName: z.string().optional(), Enabled: z.boolean() }).optional(),
});
/** A table as the template declares it. */
export type TableProperties = z.infer<typeof TableProperties>;

const Description = z.object({
  Table: z.object({
    KeySchema,
    GlobalSecondaryIndexes: z.array(z.object({ IndexName: z.string(), KeySchema })).default([]),
    LatestStreamArn: z.string().optional(),
  }),
});

/**
 * Creates a table, or takes the one that is there.
 * @returns the emulator's ARN of the table's stream
 * @throws Error when the table that is there has other keys than the template
 */
export async function ensureTable(dynamodb: string, region: string, name: string, table: TableProperties): Promise<string | undefined> {
  const call = (operation: string, body: Json) => callJson(dynamodb, `DynamoDB_20120810.${operation}`, body, { region });
  const existing = await call('DescribeTable', { TableName: name }).catch((error: unknown) => {
    if (error instanceof EmulatorError && error.type === 'ResourceNotFoundException') return undefined;
    throw error;
  });
  if (existing === undefined) await create(call, name, table);
  const { Table } = Description.parse(existing ?? (await call('DescribeTable', { TableName: name })));
  if (keys(Table.KeySchema, Table.GlobalSecondaryIndexes) !== keys(table.KeySchema, table.GlobalSecondaryIndexes)) {
    throw new Error(`Table ${name} in the data folder has other keys or indexes than the template; delete the data folder to begin anew.`);
  }
  return Table.LatestStreamArn;
}

async function create(call: (operation: string, body: Json) => Promise<Json>, name: string, table: TableProperties): Promise<void> {
  await call('CreateTable', {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: table.KeySchema,
    AttributeDefinitions: table.AttributeDefinitions,
    ...(table.GlobalSecondaryIndexes.length > 0 ? { GlobalSecondaryIndexes: table.GlobalSecondaryIndexes } : {}),
    ...(table.LocalSecondaryIndexes.length > 0 ? { LocalSecondaryIndexes: table.LocalSecondaryIndexes } : {}),
    ...(table.StreamSpecification ? { StreamSpecification: { StreamEnabled: true, StreamViewType: table.StreamSpecification.StreamViewType } } : {}),
  });
  const ttl = table.TimeToLiveSpecification;
  if (ttl?.Enabled && ttl.AttributeName !== undefined)
    await call('UpdateTimeToLive', { TableName: name, TimeToLiveSpecification: { AttributeName: ttl.AttributeName, Enabled: true } });
}

function keys(keySchema: z.infer<typeof KeySchema>, indexes: ReadonlyArray<{ readonly IndexName: string; readonly KeySchema: z.infer<typeof KeySchema> }>): string {
  return JSON.stringify([keySchema, indexes.map((index) => [index.IndexName, index.KeySchema]).sort()]);
}

/**
 * Gives the emulator's stream table the index it lacks: without it every write scans the stream, and the emulator slows
 * from 938 updates a second to 159 by 4,000 records.
 */
export function indexStreamRecords(databaseFile: string): void {
  const database = new DatabaseSync(databaseFile, { timeout: 5_000 });
  try {
    const known = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_stream_records'").get();
    if (known) database.exec('CREATE INDEX IF NOT EXISTS stream_records_in_order ON _stream_records (table_name, CAST(sequence_number AS INTEGER))');
  } finally {
    database.close();
  }
}
