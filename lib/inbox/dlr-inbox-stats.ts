import type { Dlr } from '../dto/dlr.js';

/** Result of a poll. */
export interface DlrPoll {
  /** When it started: ISO 8601, UTC. */
  at: string;
  /** `skipped`: no request was sent to the gateway. */
  result: 'downloaded' | 'skipped' | 'failed';
  /** Number of reports, when `downloaded`. */
  reports?: number;
  /** Reason, when `skipped` or `failed`. */
  why?: string;
}

/** Contents of an account's inbox. */
export interface DlrInboxStats {
  account: string;
  /** Reports that were read and wait for delivery or redelivery. */
  waiting: number;
  /** Reports that are with their listeners. */
  handling: number;
  /** Reports that were given up after `dlr.maxAttempts`, and stay in the store. */
  failed: number;
  /**
   * Downloads and pushes that are not completely handled yet; pushes that came at the same time count as one. Until a download or
   * push is read, `waiting` does not include its reports.
   */
  pages: number;
  /** Downloads and pushes that could not be read, and stay in the store. */
  unreadable: number;
  /** Gaps since the store was created: downloads whose reports may be lost. */
  gaps: number;
  /** Age of the oldest report or download that is not handled yet, in milliseconds; undefined when there is none. */
  oldestMs?: number;
  /** Whether the inbox is paused. */
  paused: boolean;
  /** Result of the last poll; undefined before the first. */
  lastPoll?: DlrPoll;
}

/** A report that was given up, and stays in the store. */
export interface FailedDlr {
  /** The report's `Dlr.id`. */
  id: string;
  dlr: Dlr;
  /** Number of delivery attempts. */
  attempts: number;
  /** Last error of its listener. */
  reason: string;
  /** ISO 8601, UTC. */
  failedAt: string;
}
