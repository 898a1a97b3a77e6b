import type { DlrStatus } from './dlr.js';

/** How far each status is from the fate of a message. Nothing is more certain than a phone that confirmed. */
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
 * Whether a status tells more than the one that is known of the same message. Reports come repeated and out of order, so
 * keep the new one only when this is true: a late `sent` does not overwrite `delivered`.
 *
 * `unknown` gives way to all others, `sent` to those that are final, and every other one to `delivered`, which stays.
 *
 * @param known The status that is kept; undefined for none.
 * @param next The status of the report that has come.
 */
export function monotonic(known: DlrStatus | undefined, next: DlrStatus): boolean {
  return known === undefined || RANK[next] > RANK[known];
}

/** Whether a status is the fate of a message: no later one is expected. */
export const isFinalStatus = (status: DlrStatus): boolean => RANK[status] >= 2;
