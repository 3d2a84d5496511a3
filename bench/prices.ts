/** What one unit of something costs. */
export interface Price {
  /** The service as a bill names it. */
  readonly service: string;
  /** One of it, such as `request`. */
  readonly unit: string;
  /** USD for a million units: so, as it happens, USD per million orders for one unit an order. */
  readonly usdPerMillion: number;
  readonly source: string;
}

/** When the prices below were looked up. */
export const PRICED_ON = '2026-11-22';

const price = (service: string, unit: string, usdPerMillion: number, source: string): Price => ({ service, unit, usdPerMillion, source });

/** List prices in us-east-1, first tier, without the free tiers. */
export const PRICES = {
  apiRequest: price('API Gateway', 'HTTP API request', 1, 'https://aws.amazon.com/api-gateway/pricing/'),
  invocation: price('Lambda', 'invocation', 0.2, 'https://aws.amazon.com/lambda/pricing/'),
  // arm64; https://aws.amazon.com/lambda/pricing/ gives USD 0.0000133334 a GB-second.
  gigabyteSecond: price('Lambda', 'GB-second', 13.3334, 'https://aws.amazon.com/lambda/pricing/'),
  // A request is charged for each 64 KB of payload.
  queueRequest: price('SQS', 'request', 0.4, 'https://aws.amazon.com/sqs/pricing/'),
  // Deliveries to SQS are free, and so is filtering by attributes.
  publish: price('SNS', 'publish request', 0.5, 'https://aws.amazon.com/sns/pricing/'),
  writeUnit: price('DynamoDB', 'write request unit', 0.625, 'https://aws.amazon.com/dynamodb/pricing/on-demand/'),
  readUnit: price('DynamoDB', 'read request unit', 0.125, 'https://aws.amazon.com/dynamodb/pricing/on-demand/'),
  objectWrite: price('S3', 'PUT or LIST', 5, 'https://aws.amazon.com/s3/pricing/'),
  objectRead: price('S3', 'GET', 0.4, 'https://aws.amazon.com/s3/pricing/'),
  secretRead: price('Secrets Manager', 'call', 5, 'https://aws.amazon.com/secrets-manager/pricing/'),
  // USD 0.50 a GB taken in.
  logKilobyte: price('CloudWatch Logs', 'KB', 0.5, 'https://aws.amazon.com/cloudwatch/pricing/'),
  trace: price('X-Ray', 'trace', 5, 'https://aws.amazon.com/xray/pricing/'),
} as const satisfies Record<string, Price>;

/** Something that is charged for. */
export type Charged = keyof typeof PRICES;
