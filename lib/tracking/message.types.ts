import type { DlrStatus } from '../dto/dlr.js';

/**
 * State of a tracked message. `pending`: it has not left, or its answer has not come. `sent`: the gateway accepted it. `rejected`:
 * the gateway rejected it. `notSent`: it certainly did not leave. `unknown`: it may have been sent. `missing`: it was accepted, and
 * no final report came within `missingAfterMs`. All other states are the status of its delivery reports.
 */
export type MessageState =
  'pending' | 'sent' | 'rejected' | 'notSent' | 'unknown' | 'missing' | Exclude<DlrStatus, 'unknown'>;

/** A delivery report that was matched with a message. */
export interface SeenReport {
  /** Status of the report. */
  status: DlrStatus;
  /** The gateway's id of the message, where the report has one. */
  msgId?: string;
  /** When the status was reached, as the gateway writes it. */
  statusDate?: string;
  /** When the report was downloaded, or pushed: ISO 8601, UTC. */
  receivedAt: string;
}

/** A tracked message to one recipient. */
export interface TrackedRecipient {
  /** The recipient, masked: the record has no full number. */
  dest: string;
  /** State of the message. */
  state: MessageState;
  /** Whether no further report is expected. A late report may still change the state: `undelivered` to `delivered`, for example. */
  isFinal: boolean;
  /** When it was about to leave: ISO 8601, UTC. */
  sentAt: string;
  /** The gateway's id of the request, once it is known. */
  jobId?: string;
  /** The gateway's id of the message, once it is known. */
  msgId?: string;
  /** Number of parts of the text. */
  partsExpected: number;
  /** Parts that have reports of their own; 1 where the gateway reports a message as a whole. */
  partsSeen: number;
  /** Its delivery reports, one of each status and part, in the order of their arrival. */
  reports: SeenReport[];
}

/** All messages that were sent under one reference. */
export interface TrackedMessage {
  reference: string;
  /** Whether each recipient has a final state. */
  isFinal: boolean;
  /** In the order of sending. */
  recipients: TrackedRecipient[];
}

/** A message that an event is about. */
export interface MessageNotice {
  /** The reference of its send. */
  reference?: string;
  /** The id of its campaign. */
  campaign?: string;
  /** The recipient, masked. */
  dest: string;
  /** When it was about to leave: ISO 8601, UTC. */
  sentAt: string;
}

/** Event: a delivery report proves that messages of unknown outcome were sent. Its payload is {@link MessagesConfirmed}. */
export const OURSMS_MESSAGE_CONFIRMED = 'oursms.message.confirmed';

/** Event: messages have no final report. Its payload is {@link MessagesMissing}. */
export const OURSMS_MESSAGE_MISSING = 'oursms.message.missing';

/** Messages whose outcome was unknown. Their delivery reports have come, so they were sent. */
export interface MessagesConfirmed {
  account: string;
  messages: MessageNotice[];
}

/** Accepted messages that have no final report `missingAfterMs` after they left. One event announces many, each once. */
export interface MessagesMissing {
  account: string;
  messages: MessageNotice[];
}

/** Statistics of an account's tracking. */
export interface TrackingStats {
  account: string;
  /** Records in the store, one for each send. */
  records: number;
  /** Records that were removed before `keepForMs` because there were more than `maxRecords`. */
  dropped: number;
  /** Delivery reports since this process started, by how they were matched. */
  matched: { msgId: number; job: number; dest: number };
  /** Delivery reports since this process started that matched no message, or for which several were possible. */
  unmatched: number;
}

/** How long {@link Messages.settled} waits. */
export interface SettledOptions {
  /** Longest wait in milliseconds. Default: 60,000. */
  timeoutMs?: number;
  /** Ends the wait when it is aborted. */
  signal?: AbortSignal;
}
