import type { SendReceipt } from '../dto/send-receipt.js';
import type { WireMessage } from '../gateway/call.js';

/** How a tracked send ended. */
export type TrackedOutcome = { kind: 'sent'; receipt: SendReceipt } | { kind: 'notSent' | 'unknown' };

/** What is kept with a message besides what it is. */
export interface KeptWithMessage {
  reference?: string;
  /** Context of the span of its send. */
  traceparent?: string;
}

/** Keeps a record of each message before it leaves, so that no report can be earlier than its record. */
export interface SendTracker {
  /** Whether messages are tracked. */
  readonly isOn: boolean;
  /**
   * Keeps the record of a message that is about to leave. Undefined for one that is not tracked.
   *
   * @throws {OurSmsStorageError} when it cannot be kept
   */
  begin(message: WireMessage, kept: KeptWithMessage): Promise<TrackedSend | undefined>;
}

/** A tracked message on its way. */
export interface TrackedSend {
  /** Its send has ended. What this tells is kept by a write that is not waited for. */
  ended(outcome: TrackedOutcome): void;
}
