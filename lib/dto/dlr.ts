/** The statuses that are known. What the gateway sends besides them is `unknown`, its own word is in `rawStatus`. */
export const DLR_STATUSES = ['delivered', 'undelivered', 'failed', 'sent', 'deleted', 'expired'] as const;

/** Final or interim status of a message. `expired`: not sent within its `validity`. */
export type DlrStatus = (typeof DLR_STATUSES)[number] | 'unknown';

/**
 * A delivery report. Only what the gateway sent is set.
 *
 * @see OurSMS HTTP API, "2. Download Dlrs"
 */
export interface Dlr {
  /** Ours and stable: the same report has the same id when it is delivered again. Use it to handle a report once. */
  id: string;
  /** The gateway's id of the message, as in the receipt of the send. */
  msgId?: string;
  /** The gateway's id of the request that the message was sent with. */
  jobId?: string;
  /** Status of the message. */
  status: DlrStatus;
  /** Whether the status is the fate of the message: no later one is expected. */
  isFinal: boolean;
  /** The status in the gateway's own words. */
  rawStatus?: string;
  /** The sender of the message. */
  src?: string;
  /** The recipient of the message. */
  dest?: string;
  /** When the message was sent, as the gateway writes it; its time zone is not documented. */
  msgDate?: string;
  /** When the status was reached, as the gateway writes it; its time zone is not documented. */
  statusDate?: string;
  /** When it was downloaded, or pushed: ISO 8601, UTC. */
  receivedAt: string;
  /**
   * `poll`: it was downloaded, also by `downloadDlrs()`, or kept by a version that did not note the way. `push`: the gateway pushed
   * it. The same report may come both ways.
   */
  via: 'poll' | 'push';
  /** The account that it was downloaded with, or pushed to; `default` for the unnamed one. */
  account: string;
  /** The `reference` of the send, where `tracking` is set and the message was found. */
  reference?: string;
  /** The id of the campaign, where `tracking` is set and the message was found in one. */
  campaign?: string;
  /**
   * How the message was found: by the gateway's id of it, by the id of its request and the recipient, or by the recipient alone,
   * where one message only can be meant. Undefined: none was found, or more than one; or `tracking` is not set.
   */
  matched?: 'msgId' | 'job' | 'dest';
  /** When the message that was found was about to leave: ISO 8601, UTC. */
  sentAt?: string;
  /** The report as the gateway sent it. What it nests deeper than 20 levels is JSON, as text. */
  raw: unknown;
}
