/** Known statuses of a message. Any other status of the gateway becomes `unknown`; `rawStatus` has the original. */
export const DLR_STATUSES = ['delivered', 'undelivered', 'failed', 'sent', 'deleted', 'expired'] as const;

/** Final or interim status of a message. `expired`: not sent within its `validity`. */
export type DlrStatus = (typeof DLR_STATUSES)[number] | 'unknown';

/**
 * A delivery report. Only what the gateway sent is set.
 *
 * @see OurSMS HTTP API, "2. Download Dlrs"
 */
export interface Dlr {
  /** Stable id of the report, made by this module. A redelivered report has the same id: use it to handle a report once. */
  id: string;
  /** The gateway's id of the message, as in the receipt of the send. */
  msgId?: string;
  /** The gateway's id of the request that the message was sent with. */
  jobId?: string;
  /** Status of the message. */
  status: DlrStatus;
  /** Whether the status is final: no later one is expected. */
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
  /** When the report was downloaded or pushed: ISO 8601, UTC. */
  receivedAt: string;
  /**
   * `poll`: the report was downloaded, also by `downloadDlrs()`, or stored by a version that did not record the source.
   * `push`: the gateway pushed it. The same report may come both ways.
   */
  via: 'poll' | 'push';
  /** The account that received the report; `default` for the unnamed one. */
  account: string;
  /** The `reference` of the send, where `tracking` is set and the message was found. */
  reference?: string;
  /** The id of the campaign, where `tracking` is set and the message was found in one. */
  campaign?: string;
  /**
   * How the message was found: by the gateway's id of the message (`msgId`), by the id of the request and the recipient
   * (`job`), or by the recipient alone, if only one message fits (`dest`). Undefined: no message or more than one fits, or
   * `tracking` is not set.
   */
  matched?: 'msgId' | 'job' | 'dest';
  /** When the matched message was about to leave: ISO 8601, UTC. */
  sentAt?: string;
  /** The report as the gateway sent it. Values that are nested deeper than 20 levels are JSON text. */
  raw: unknown;
}
