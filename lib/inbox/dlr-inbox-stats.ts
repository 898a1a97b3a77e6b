import type { Dlr } from '../dto/dlr.js';

/** Result of a poll. */
export interface DlrPoll {
  /** When it began: ISO 8601, UTC. */
  at: string;
  /** `skipped`: nothing was asked of the gateway. */
  result: 'downloaded' | 'skipped' | 'failed';
  /** How many reports it brought, when it was `downloaded`. */
  reports?: number;
  /** Why it was skipped, or failed. */
  why?: string;
}

/** Contents of an account's inbox. */
export interface DlrInboxStats {
  account: string;
  /** Reports that were read and have no listener yet; those to be offered again among them. */
  waiting: number;
  /** Reports that are with their listeners. */
  handling: number;
  /** Reports that were given up after `dlr.maxAttempts`, and are kept. */
  failed: number;
  /**
   * Downloads and pushes that are not handled through yet; pushes that came at the same time count as one. The reports of those that
   * were not read yet are not in `waiting`.
   */
  pages: number;
  /** Downloads and pushes that could not be read, and are kept. */
  unreadable: number;
  /** Gaps since the store was made: downloads whose reports may be lost. */
  gaps: number;
  /** The age of the oldest report or download that is not handled yet, in milliseconds; undefined when there is none. */
  oldestMs?: number;
  /** Whether the inbox is paused. */
  paused: boolean;
  /** The last poll; undefined before the first. */
  lastPoll?: DlrPoll;
}

/** A report that was given up, and is kept. */
export interface FailedDlr {
  /** The report's `Dlr.id`. */
  id: string;
  dlr: Dlr;
  /** How often it was offered. */
  attempts: number;
  /** Last error of its listener. */
  reason: string;
  /** ISO 8601, UTC. */
  failedAt: string;
}
