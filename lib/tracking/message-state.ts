import type { DlrStatus } from '../dto/dlr.js';
import { isFinalStatus, monotonic } from '../dto/monotonic.js';
import type { MessageState } from './message.types.js';

/** What is known of a message besides its reports. */
export type SentState = 'pending' | 'sent' | 'rejected' | 'notSent' | 'unknown' | 'missing';

/** A status of one part of a message. */
interface PartStatus {
  /** Tells the parts apart, where the reports do. */
  msgId?: string;
  status: DlrStatus;
}

/**
 * The state of a message by all of its reports. Within a part the later status wins, as `monotonic` has it; a part that failed
 * fails the message, the one that failed first, otherwise the first part that was delivered delivers it.
 *
 * @param reports In the order in which they came.
 */
export function stateOf(reports: readonly PartStatus[], otherwise: SentState): MessageState {
  const parts = new Map<string | undefined, DlrStatus>();
  for (const { msgId, status } of reports) if (monotonic(parts.get(msgId), status)) parts.set(msgId, status);
  for (const { msgId, status } of reports) if (isFailure(status) && parts.get(msgId) === status) return status;
  let best: DlrStatus | undefined;
  for (const part of parts.values()) if (monotonic(best, part)) best = part;
  // A report proves that it was sent; one that is not final does not end that it is missing.
  if (best === undefined || (otherwise === 'missing' && !isFinalStatus(best))) return otherwise;
  return best === 'unknown' ? 'sent' : best;
}

const isFailure = (status: DlrStatus): status is Exclude<DlrStatus, 'unknown' | 'sent' | 'delivered'> =>
  isFinalStatus(status) && status !== 'delivered';

/** Whether no report can change a state any more, except one that beats our own `missing`. */
export function isFinalState(state: MessageState, expectsReports: boolean): boolean {
  if (state === 'sent') return !expectsReports;
  return (
    state === 'rejected' || state === 'notSent' || (state !== 'pending' && state !== 'unknown' && state !== 'missing')
  );
}
