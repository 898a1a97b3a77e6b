import type { Dlr } from '../dto/dlr.js';
import { isFinalStatus } from '../dto/monotonic.js';
import type { TracedDlr } from './traced-dlr.js';
import type { DlrPage } from '../gateway/dlr-page.js';

/** Data of the job of a page: a download or push, stored before it is parsed. */
export interface StoredPage extends DlrPage {
  /** Set for pushes that were written together: the length of each in `text`, where line feeds separate them, and its time. */
  bodies?: { length: number; receivedAt: string }[];
  /** Whether its process ended while it was in one job with other pushes: its reports are delivered one by one. */
  isSuspect?: boolean;
  /** When the download started, or the push came: ISO 8601, UTC. */
  at: string;
  /** Number of reports that the download asked for; 0 for a push. */
  asked: number;
  /** Why the answer did not arrive completely; unset when it did. */
  broken?: string;
  /** Ids of the reports that are handled, or became jobs of their own. */
  handled?: string[];
  /** Whether the gap of its lost reports was announced. */
  gapTold?: boolean;
}

/** Data of the job of a report whose listener failed. */
export interface StoredDlr {
  /** Without `via` and `isFinal` when an earlier version stored it. */
  dlr: Omit<TracedDlr, 'via' | 'isFinal'> & Partial<Pick<Dlr, 'via' | 'isFinal'>>;
  /** Last error of its listener. */
  reason: string;
  /** Number of delivery attempts; set when the report is given up. */
  attempts?: number;
  /** Whether the process of its page ended: the report may be the cause, so it is delivered alone. */
  isSuspect?: boolean;
}

/** The report of a job. A report that an earlier version stored without `via` counts as polled. */
export const reportOf = ({ dlr }: StoredDlr): TracedDlr => ({
  ...dlr,
  via: dlr.via ?? 'poll',
  isFinal: dlr.isFinal ?? isFinalStatus(dlr.status),
});
