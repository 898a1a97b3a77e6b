/**
 * Why an account is not `up`.
 *
 * Down: `storeNotWritable`, `storeNotReadable`, `storeTimeout` (it does not answer in time), `pollOverdue`, `credentialsRefused`.
 *
 * Degraded: `gatewayAway`, `creditsLow`, `creditsUnknown`, `reportsWaiting`, `reportsFailed`, `reportsUnreadable`,
 * `reportsMayBeLost`, `messagesMissing`, `paused`.
 */
export type HealthReason =
  | 'storeNotWritable'
  | 'storeNotReadable'
  | 'storeTimeout'
  | 'pollOverdue'
  | 'credentialsRefused'
  | 'gatewayAway'
  | 'creditsLow'
  | 'creditsUnknown'
  | 'reportsWaiting'
  | 'reportsFailed'
  | 'reportsUnreadable'
  | 'reportsMayBeLost'
  | 'messagesMissing'
  | 'paused';

/** Fields of the answer besides its `status`: words and numbers of this module alone. */
export interface HealthData extends Record<string, unknown> {
  /** Empty when the account is `up`. */
  reasons: HealthReason[];
  /** Only under Terminus 11, which has no status `degraded`: the status is `up` then. */
  degraded?: true;
  /** Delivery reports of the account, if it polls or has a webhook, and its store can be read. */
  reports?: {
    /** Read, and not handled yet; downloads that were not read yet are not among them. */
    waiting: number;
    /** Given up after `dlr.maxAttempts`, and kept. */
    failed: number;
    /** Downloads and pushes that could not be read, and are kept. */
    unreadable: number;
    /** Downloads whose reports may be lost, since the store was made. */
    gaps: number;
    /** Age of the oldest that is not handled yet, in milliseconds; absent when there is none. */
    oldestMs?: number;
    /** Milliseconds since the last poll went well; absent without `dlr.poll`. */
    sinceGoodPollMs?: number;
  };
  /** Tracked messages of the account, with `tracking`, once its store was needed and can be read. */
  messages?: {
    /** Found missing within the last hour, to the minute: no final report came within `tracking.missingAfterMs`. */
    missing: number;
  };
  /** The balance, with the option `showCredits`; absent when it could not be read. */
  credits?: number;
}
