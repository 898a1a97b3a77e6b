import type { DlrStatus } from './dlr.js';

/** Rank of each status. The confirmation of a phone is the most certain. */
const RANK: Readonly<Record<DlrStatus, number>> = {
  unknown: 0,
  sent: 1,
  undelivered: 2,
  failed: 2,
  deleted: 2,
  expired: 2,
  delivered: 3,
};

/**
 * Whether a new status replaces the known one of the same message. Reports arrive repeated and out of order: store the new
 * status only if this is true, so that a late `sent` does not overwrite `delivered`.
 *
 * Every other status replaces `unknown`, a final one replaces `sent`, and `delivered` replaces all others. No status
 * replaces `delivered`.
 *
 * @param known The stored status; undefined for none.
 * @param next The status of the new report.
 */
export function monotonic(known: DlrStatus | undefined, next: DlrStatus): boolean {
  return known === undefined || RANK[next] > RANK[known];
}

/** Whether a status is final: no later one is expected. */
export const isFinalStatus = (status: DlrStatus): boolean => RANK[status] >= 2;
