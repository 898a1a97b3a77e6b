/** The API that a request came by: that of the document, or the JSON API. */
export type SimulatorApi = 'api-a' | 'json';

/**
 * The three calls of the API document (1. Send Message, 2. Download Dlrs, 3. Get Credits Balance), and two that the JSON API has
 * besides: who am I, and the approved senders.
 */
export type SimulatorCall = 'send' | 'dlrs' | 'credits' | 'me' | 'senders';

/** A request as the engine takes it: no socket, nothing decoded. */
export interface SimulatorRequest {
  /** The HTTP method, in capitals. */
  method: string;
  /** The path without the query, such as `/api-a/msgs`. */
  path: string;
  /** The query without its `?`, still percent-encoded. Empty when there is none. */
  query: string;
  /** The `Content-Type` header, when there is one. */
  contentType?: string;
  /** The `Authorization` header, when there is one. */
  authorization?: string;
  /** The body, nothing decoded, a character for each byte (latin1). Empty when there is none. */
  body: string;
}

/** An answer as the engine gives it. */
export interface SimulatorResponse {
  status: number;
  headers: Record<string, string>;
  /** JSON. */
  body: string;
  /** Why the request was refused: the description in the body. Undefined for an answer of 200. */
  reason?: string;
}

/** One request that came in. Nothing is hidden in it: it is a test's own data and belongs in no log. */
export interface RequestRecord {
  /** When it was answered, by the simulator's clock, in milliseconds since 1970. */
  at: number;
  method: string;
  /** The path without the query. */
  path: string;
  /** The API that the path belongs to; undefined for another path. */
  api?: SimulatorApi;
  /** The API call that the path names; undefined for another path. */
  call?: SimulatorCall;
  /** The parameters as decoded, those of api-a with the credentials. Of a repeated one, the last. Fields of JSON as text. */
  params: Record<string, string>;
  /** The `Authorization` header. */
  authorization?: string;
  /** The HTTP status put on the wire. Undefined when a fault gave none (a hang, a reset). */
  status?: number;
  /** Whether the gateway did what was asked, whatever the client got to see of it. */
  processed: boolean;
  /** Why it was refused, without any value of a parameter. */
  reason?: string;
  /** The fault that was played on this request, by its kind. */
  fault?: string;
}

/**
 * Where a message is: `held` (in the queue), `sent` (left the queue), `expired` (`validity` ran out before it was sent),
 * `cancelled` (longer than `maxParts`).
 */
export type MessageState = 'held' | 'sent' | 'expired' | 'cancelled';

/** Fate of a message that was sent. */
export type SentStatus = 'delivered' | 'undelivered' | 'failed' | 'sent';

/** The final status of a message, as it stands in its report. */
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
  /** Parts that the text needs. */
  readonly parts: number;
  /** 0 (chosen by the gateway) to 4. */
  readonly priority: number;
  /** `transactional`, `promotional`, or empty. */
  readonly msgClass: string;
  /** Whether a report was asked for. */
  readonly dlr: boolean;
  readonly state: MessageState;
  /** The final status; undefined while it is held. */
  readonly status?: ReportStatus;
  /** When the gateway took it, in milliseconds since 1970. */
  readonly acceptedAt: number;
  /** When it was sent, expired or was cancelled, in milliseconds since 1970. Undefined while it is held. */
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

/** A push of reports to a webhook. Of one with the fault `garbage`, also the body before. */
export interface PushRecord {
  /** When it ended, by the simulator's clock, in milliseconds since 1970. */
  at: number;
  /** The account whose reports they are. */
  username: string;
  reports: readonly SimulatorReport[];
  /** 1 for the first try; more for repeats, also of a push that was taken. */
  attempt: number;
  /** The HTTP status of the answer. Undefined when none came. */
  status?: number;
  /** The fault that was played on it, by its kind. */
  fault?: string;
}

/** Totals since the start, counted even when no records are kept. */
export interface SimulatorTotals {
  /** Requests that came in whole, those with a fault included. */
  requests: number;
  /** Messages taken, those cancelled for `maxParts` included. */
  accepted: number;
  /** Recipients refused one by one (not routable). */
  rejected: number;
  /** Recipients counted as duplicates: repeated in their request, or suppressed by `prevDups`. */
  duplicates: number;
  /** Messages that left the queue. */
  sent: number;
  /** Messages that reached a phone. */
  delivered: number;
  /** Messages whose `validity` ran out. */
  expired: number;
  /** Messages longer than their `maxParts`. */
  cancelled: number;
  /** Reports handed out, and deleted by that. */
  handedOut: number;
  /** Pushes of reports, repeats included. */
  pushes: number;
}
