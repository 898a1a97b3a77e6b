import type { DlrStatus } from '../dto/dlr.js';

/**
 * Where a tracked message is. `pending`: it has not left, or its answer has not come. `sent`: the gateway accepted it. `rejected`:
 * the gateway refused it. `notSent`: it certainly did not leave. `unknown`: it may have been sent. `missing`: it was accepted, and
 * no final report came within `missingAfterMs`. All others are the status of its delivery reports.
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
  /** Where it is. */
  state: MessageState;
  /** Whether no further report is expected. One that comes all the same may change it: `undelivered` into `delivered`, for example. */
  isFinal: boolean;
  /** When it was about to leave: ISO 8601, UTC. */
  sentAt: string;
  /** The gateway's id of the request, once it is known. */
  jobId?: string;
  /** The gateway's id of the message, once it is known. */
  msgId?: string;
  /** Parts that its text takes. */
  partsExpected: number;
  /** Parts that a report told apart. A gateway that reports a message as a whole gives 1. */
  partsSeen: number;
  /** Its delivery reports, one of each status and part. */
  reports: SeenReport[];
}

/** All that was sent under one reference. */
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

/** The event of messages of unknown outcome that a delivery report proved to be sent; its payload is {@link MessagesConfirmed}. */
export const OURSMS_MESSAGE_CONFIRMED = 'oursms.message.confirmed';

/** The event of messages without a final report; its payload is {@link MessagesMissing}. */
export const OURSMS_MESSAGE_MISSING = 'oursms.message.missing';

/** Messages whose outcome was unknown, and that were sent: their delivery reports have come. */
export interface MessagesConfirmed {
  account: string;
  messages: MessageNotice[];
}

/** Accepted messages that have no final report `missingAfterMs` after they left. Announced once, many together. */
export interface MessagesMissing {
  account: string;
  messages: MessageNotice[];
}

/** Numbers of an account's tracking. */
export interface TrackingStats {
  account: string;
  /** Records that are kept, one for each send. */
  records: number;
  /** Records that were removed before `keepForMs` because there were more than `maxRecords`. */
  dropped: number;
  /** Delivery reports since this process started, by how they were matched. */
  matched: { msgId: number; job: number; dest: number };
  /** Delivery reports since this process started that no message was found for, or more than one. */
  unmatched: number;
}

/** How long {@link Messages.settled} waits. */
export interface SettledOptions {
  /** Milliseconds to wait at the most. Default: 60,000. */
  timeoutMs?: number;
  /** Ends the waiting. */
  signal?: AbortSignal;
}
