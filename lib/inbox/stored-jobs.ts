import type { Dlr } from '../dto/dlr.js';
import { isFinalStatus } from '../dto/monotonic.js';
import type { TracedDlr } from './traced-dlr.js';
import type { DlrPage } from '../gateway/dlr-page.js';

/** A download or a push as it is kept, before anything has read it. */
export interface StoredPage extends DlrPage {
  /** Of pushes that were written together: how many characters of `text` each has, a line end apart, and when it came. */
  bodies?: { length: number; receivedAt: string }[];
  /** Whether it was with listeners when the process ended, together with other pushes: its reports are delivered one by one. */
  isSuspect?: boolean;
  /** When the download began, or the push came: ISO 8601, UTC. */
  at: string;
  /** How many reports were asked for; 0 for a push. */
  asked: number;
  /** Why the answer did not arrive as a whole; unset when it did. */
  broken?: string;
  /** The ids of its reports that need no handling any more. */
  handled?: string[];
  /** Whether the reports that may be missing in it were announced. */
  gapTold?: boolean;
}

/** A report whose listener failed, as it is kept. */
export interface StoredDlr {
  /** Without `via` and `isFinal` when an earlier version has kept it. */
  dlr: Omit<TracedDlr, 'via' | 'isFinal'> & Partial<Pick<Dlr, 'via' | 'isFinal'>>;
  /** Last error of its listener. */
  reason: string;
  /** How often it was offered; known once it is given up. */
  attempts?: number;
  /** Whether its page was with listeners when the process ended: it may be what ended it, and is delivered alone. */
  isSuspect?: boolean;
}

/** The report of a kept one. An earlier version kept no `via`: such a report counts as polled. */
export const reportOf = ({ dlr }: StoredDlr): TracedDlr => ({
  ...dlr,
  via: dlr.via ?? 'poll',
  isFinal: dlr.isFinal ?? isFinalStatus(dlr.status),
});
