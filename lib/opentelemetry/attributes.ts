import type { Attributes } from '@opentelemetry/api';
import type { TelemetryAccount } from '../telemetry/telemetry.js';

/** @see OpenTelemetry, "Semantic conventions for messaging spans": `messaging.operation.name`, and its type of the same name */
type OperationName = 'send' | 'receive' | 'process';

/** Values of `oursms.outcome` of a send. `withdrawn`: it was given up before it left. */
export const SEND_OUTCOMES = ['sent', 'notSent', 'unknown', 'withdrawn'] as const;

/** Outcome of a send. */
export type SendOutcome = (typeof SEND_OUTCOMES)[number];

/** Names of attributes. The conventions for messaging are in development, so their names may change. */
export const ATTRIBUTES = {
  account: 'oursms.account',
  accepted: 'oursms.accepted',
  batchCount: 'messaging.batch.message_count',
  destination: 'messaging.destination.name',
  duplicates: 'oursms.duplicates',
  errorType: 'error.type',
  httpStatus: 'http.response.status_code',
  jobId: 'oursms.job.id',
  messageId: 'messaging.message.id',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  origin: 'oursms.origin',
  outcome: 'oursms.outcome',
  rejected: 'oursms.rejected',
  reportSource: 'oursms.report.source',
  reportStatus: 'oursms.report.status',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  system: 'messaging.system',
  tries: 'oursms.tries',
  tryNumber: 'oursms.try',
} as const;

/** Value of `messaging.destination.name`: the gateway has one queue of messages and one of reports for each account. */
const DESTINATIONS: Readonly<Record<OperationName, string>> = { send: 'sms', receive: 'dlrs', process: 'dlrs' };

/** Name of the spans of an operation. */
export const spanName = (operation: OperationName): string => `${operation} ${DESTINATIONS[operation]}`;

/** Attributes of every span and metric of an operation. */
export const attributesOf = (operation: OperationName, { name, host, port }: TelemetryAccount): Attributes => ({
  [ATTRIBUTES.system]: 'oursms',
  [ATTRIBUTES.operationName]: operation,
  [ATTRIBUTES.operationType]: operation,
  [ATTRIBUTES.destination]: DESTINATIONS[operation],
  [ATTRIBUTES.serverAddress]: host,
  [ATTRIBUTES.serverPort]: port,
  [ATTRIBUTES.account]: name,
});
