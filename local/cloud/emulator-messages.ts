import * as z from 'zod';

const Attributes = z.record(z.string(), z.string());

/** Queues, topics, subscriptions and buckets to have; what exists stays with its content. */
export const Messaging = z.object({
  queues: z.array(z.object({ name: z.string(), attributes: Attributes })),
  topics: z.array(z.object({ name: z.string(), attributes: Attributes })),
  subscriptions: z.array(z.object({ topic: z.string(), queue: z.string(), attributes: Attributes })),
  buckets: z.array(z.string()),
});
/** Queues, topics, subscriptions and buckets to have. */
export type Messaging = z.infer<typeof Messaging>;

/** What the runner tells the emulator process. */
export const EmulatorRequest = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('start'),
    dataFolder: z.string(),
    region: z.string(),
    outboxFile: z.string(),
    /** Path of the DynamoDB emulator's binary; null when DynamoDB is elsewhere. */
    dynamoBinary: z.string().nullable(),
  }),
  z.object({ kind: z.literal('configure'), messaging: Messaging }),
]);
/** What the runner tells the emulator process. */
export type EmulatorRequest = z.infer<typeof EmulatorRequest>;

/** What the emulator process answers. */
export const EmulatorReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('started'), messaging: z.string(), sns: z.string(), dynamodb: z.string().nullable(), dynamoProcessId: z.number().nullable() }),
  z.object({ kind: z.literal('configured') }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
]);
/** What the emulator process answers. */
export type EmulatorReply = z.infer<typeof EmulatorReply>;
