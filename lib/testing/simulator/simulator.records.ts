/** The API of a request: `api-a` is that of the document. */
export type SimulatorApi = 'api-a' | 'json';

/**
 * The three calls of the API document (1. Send Message, 2. Download Dlrs, 3. Get Credits Balance), and two more of the JSON API:
 * the user, and the approved senders.
 */
export type SimulatorCall = 'send' | 'dlrs' | 'credits' | 'me' | 'senders';

/** A request to the engine, not decoded. */
export interface SimulatorRequest {
  /** The HTTP method, in capitals. */
  method: string;
  /** The path without the query, such as `/api-a/msgs`. */
  path: string;
  /** The query without its `?`, still percent-encoded. Empty when there is none. */
  query: string;
  /** The `Content-Type` header. */
  contentType?: string;
  /** The `Authorization` header. */
  authorization?: string;
  /** The body, not decoded, one character for each byte (latin1). Empty when there is none. */
  body: string;
}

/** An answer of the engine. */
export interface SimulatorResponse {
  status: number;
  headers: Record<string, string>;
  /** JSON. */
  body: string;
  /** Why the request was refused: the description in the body. Undefined for an answer of 200. */
  reason?: string;
}

/** One received request. It contains credentials, texts and numbers in the clear: do not log it. */
export interface RequestRecord {
  /** Time of the answer by the simulator's clock, in milliseconds since 1970. */
  at: number;
  method: string;
  /** The path without the query. */
  path: string;
  /** The API that the path belongs to; undefined for another path. */
  api?: SimulatorApi;
  /** The API call that the path names; undefined for another path. */
  call?: SimulatorCall;
  /** The decoded parameters, in api-a with the credentials; the last value of a repeated one. Fields of JSON are text. */
  params: Record<string, string>;
  /** The `Authorization` header. */
  authorization?: string;
  /** The HTTP status of the answer. Undefined when a fault prevented an answer (a hang, a reset). */
  status?: number;
  /** Whether the gateway executed the request, whatever answer the client got. */
  processed: boolean;
  /** Reason of the refusal, without values of parameters. */
  reason?: string;
  /** Kind of the fault that was injected into this request. */
  fault?: string;
}

/**
 * State of a message: `held` (in the queue), `sent` (left the queue), `expired` (`validity` ran out before it was sent),
 * `cancelled` (longer than `maxParts`).
 */
export type MessageState = 'held' | 'sent' | 'expired' | 'cancelled';

/** Final status of a sent message. */
export type SentStatus = 'delivered' | 'undelivered' | 'failed' | 'sent';

/** The final status in the report of a message. */
export type ReportStatus = SentStatus | 'expired' | 'deleted';

/** One accepted message to one recipient. */
export interface MessageRecord {
  readonly msgId: string;
  readonly jobId: string;
  /** The account that sent it. */
  readonly username: string;
  readonly src: string;
  readonly dest: string;
  readonly body: string;
  /** Number of parts of the text. */
  readonly parts: number;
  /** 0 (the gateway chooses) to 4. */
  readonly priority: number;
  /** `transactional`, `promotional`, or empty. */
  readonly msgClass: string;
  /** Whether the sender requested a report. */
  readonly dlr: boolean;
  readonly state: MessageState;
  /** The final status; undefined while it is held. */
  readonly status?: ReportStatus;
  /** Time of acceptance, in milliseconds since 1970. */
  readonly acceptedAt: number;
  /** Time when it was sent, expired or cancelled, in milliseconds since 1970. Undefined while it is held. */
  readonly endedAt?: number;
}

/**
 * A row of the answer to "2. Download Dlrs". The document shows none: these are the fields that integrations have seen.
 * Dates are written `2026-01-31T12:00:00`, in UTC.
 */
export interface SimulatorReport {
  msgId?: string;
  jobId?: string;
  status?: string;
  src?: string;
  dest?: string;
  msgDate?: string;
  statusDate?: string;
  [field: string]: unknown;
}

/** One push of reports to a webhook. With the fault `garbage`, the body that precedes the reports has its own record. */
export interface PushRecord {
  /** Time of its end by the simulator's clock, in milliseconds since 1970. */
  at: number;
  /** The account of the reports. */
  username: string;
  reports: readonly SimulatorReport[];
  /** 1 for the first try; more for repeats, also of an accepted push. */
  attempt: number;
  /** The HTTP status of the answer. Undefined when there was no answer. */
  status?: number;
  /** Kind of the fault that was injected into this push. */
  fault?: string;
}

/** Totals since the start, also counted when `record` is off. */
export interface SimulatorTotals {
  /** Requests that were received whole, including those with a fault. */
  requests: number;
  /** Accepted messages, including those cancelled for `maxParts`. */
  accepted: number;
  /** Recipients that were rejected (not routable). */
  rejected: number;
  /** Duplicate recipients: repeated in their request, or suppressed by `prevDups`. */
  duplicates: number;
  /** Messages that were sent. */
  sent: number;
  /** Messages that reached a phone. */
  delivered: number;
  /** Messages whose `validity` ran out. */
  expired: number;
  /** Messages longer than their `maxParts`. */
  cancelled: number;
  /** Reports that were downloaded, and so deleted. */
  handedOut: number;
  /** Pushes of reports, including repeats. */
  pushes: number;
}
