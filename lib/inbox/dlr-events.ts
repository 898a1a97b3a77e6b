import type { Dlr } from '../dto/dlr.js';

/** The event of a delivery report; its payload is a {@link Dlr}. */
export const OURSMS_DLR = 'oursms.dlr';

/** The event of a report whose listener failed `dlr.maxAttempts` times; its payload is a {@link DlrFailure}. */
export const OURSMS_DLR_FAILED = 'oursms.dlr.failed';

/** The event of a download that could not be read; its payload is an {@link UnreadableDlrs}. */
export const OURSMS_DLR_UNREADABLE = 'oursms.dlr.unreadable';

/** A report that no longer will be offered to its listeners. */
export interface DlrFailure {
  dlr: Dlr;
  /** How often it was offered. */
  attempts: number;
}

/** A download that could not be read. The gateway has deleted what it holds: keep it. */
export interface UnreadableDlrs {
  account: string;
  /** ISO 8601, UTC. */
  receivedAt: string;
  /** Why it cannot be read. */
  why: string;
  /** What came, untouched. It may hold phone numbers. */
  raw: string;
}
