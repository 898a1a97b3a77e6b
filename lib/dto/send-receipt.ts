/** One message inside a receipt, as far as the gateway tells. */
export interface ReceiptRow {
  /** The gateway's id of the message; its delivery report carries the same. */
  msgId?: string;
  /** The recipient. */
  dest?: string;
  /** Why it was rejected, in the gateway's words: shortened, with secrets, numbers and the text taken out. */
  reason?: string;
  /** The row as the gateway sent it. */
  raw: unknown;
}

/**
 * The gateway's answer to a send. A counter that the gateway did not send is `undefined`, never 0.
 *
 * A receipt is not a delivery, and not even an acceptance: look at `accepted` and `rejected`.
 *
 * @see OurSMS HTTP API, "1. Send Message", "Result"
 */
export interface SendReceipt {
  /** The `reference` of the send. */
  reference?: string;
  /** The gateway's id of the request. */
  jobId?: string;
  /** How many recipients the gateway counted. */
  total?: number;
  /** How many messages it accepted. */
  accepted?: number;
  /** How many it rejected. */
  rejected?: number;
  /** How many it refused as duplicates (`prevDups`). */
  duplicates?: number;
  /** Cost of the request in credits. It can be a fraction. */
  cost?: number;
  /** The accepted messages, when the gateway lists them. */
  acceptedMsgs: ReceiptRow[];
  /** The rejected messages, when the gateway lists them. */
  rejectedMsgs: ReceiptRow[];
  /** How many of the given recipients were left out because they repeat another one. */
  skipped: number;
  /** Minutes that were added to `delay` to keep out of quiet hours; absent when the message was not held. */
  heldMinutes?: number;
  /** How many tries it took; absent when the first one did it. */
  attempts?: number;
  /**
   * How many messages an earlier try had sent whose answer did not come: the gateway refused the guarded repeat as their
   * duplicate. They count as sent. Absent when no try was in doubt, or the gateway did not count them.
   */
  confirmedByTwin?: number;
  /** The whole answer as the gateway sent it. */
  raw: unknown;
}
