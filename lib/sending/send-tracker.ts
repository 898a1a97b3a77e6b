import type { SendReceipt } from '../dto/send-receipt.js';
import type { WireMessage } from '../gateway/call.js';

/** Outcome of a tracked send. */
export type TrackedOutcome = { kind: 'sent'; receipt: SendReceipt } | { kind: 'notSent' | 'unknown' };

/** Stores a record of each message before it leaves, so that no report can arrive before the record. */
export interface SendTracker {
  /** Whether messages are tracked. */
  readonly isOn: boolean;
  /**
   * Stores the record of a message that is about to leave. Resolves to undefined when the message is not tracked.
   *
   * @param context `traceparent`: context of the span of the send.
   * @throws {OurSmsStorageError} when the record cannot be stored
   */
  begin(message: WireMessage, context: { reference?: string; traceparent?: string }): Promise<TrackedSend | undefined>;
}

/** A tracked message in flight. */
export interface TrackedSend {
  /** Stores the outcome of the send, by a write that the caller does not wait for. */
  ended(outcome: TrackedOutcome): void;
}
