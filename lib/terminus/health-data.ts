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
  /** All that is wrong, the worst first. Empty when the account is `up`. */
  reasons: HealthReason[];
  /** Only under Terminus 11, which has no status `degraded`: the status is `up` then. */
  degraded?: true;
  /** Delivery reports of the account, if it polls or has a webhook, and its store can be read. */
  reports?: {
    /** Reports that are read but not handled yet. Downloads that are not read yet do not count. */
    waiting: number;
    /** Reports that failed `dlr.maxAttempts` times, and are retained. */
    failed: number;
    /** Downloads and pushes that could not be read, and are retained. */
    unreadable: number;
    /** Downloads since the store was made whose reports may be lost. */
    gaps: number;
    /** Age of the oldest unhandled report in milliseconds; absent when there is none. */
    oldestMs?: number;
    /** Milliseconds since the last successful poll; absent without `dlr.poll`. */
    sinceGoodPollMs?: number;
  };
  /** Tracked messages of the account, with `tracking`, once its store was needed and can be read. */
  messages?: {
    /** Messages found missing within the last hour, to the minute: without a final report for `tracking.missingAfterMs`. */
    missing: number;
  };
  /** The balance, with the option `showCredits`; absent when it could not be read. */
  credits?: number;
}
