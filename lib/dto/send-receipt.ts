/** One message of a receipt. A field that the gateway did not send is `undefined`. */
export interface ReceiptRow {
  /** The gateway's id of the message; its delivery report has the same id. */
  msgId?: string;
  /** The recipient. */
  dest?: string;
  /** The gateway's reason for a rejection: shortened, without secrets, numbers and the text. */
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
  /** Number of recipients that the gateway counted. */
  total?: number;
  /** Number of messages that the gateway accepted. */
  accepted?: number;
  /** Number of messages that the gateway rejected. */
  rejected?: number;
  /** Number of messages that the gateway refused as duplicates (`prevDups`). */
  duplicates?: number;
  /** Cost of the request in credits. It can be a fraction. */
  cost?: number;
  /** The accepted messages, when the gateway lists them. */
  acceptedMsgs: ReceiptRow[];
  /** The rejected messages, when the gateway lists them. */
  rejectedMsgs: ReceiptRow[];
  /** Number of given recipients that were left out because they repeat another one. */
  skipped: number;
  /** Minutes that quiet hours added to `delay`; absent when the message was not held. */
  heldMinutes?: number;
  /** Number of tries; absent when the first one succeeded. */
  attempts?: number;
  /**
   * Number of messages that an earlier try of unknown outcome had sent: the gateway refused the guarded repeat as a duplicate.
   * They count as sent. Absent when no try had an unknown outcome, or the gateway sent no count.
   */
  confirmedByTwin?: number;
  /** The whole answer as the gateway sent it. */
  raw: unknown;
}
