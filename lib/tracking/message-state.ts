import type { DlrStatus } from '../dto/dlr.js';
import { isFinalStatus, monotonic } from '../dto/monotonic.js';
import type { MessageState } from './message.types.js';

/** State of a message apart from its reports. */
export type SentState = 'pending' | 'sent' | 'rejected' | 'notSent' | 'unknown' | 'missing';

/** A status of one part of a message. */
interface PartStatus {
  /** Identifies the part, where its reports do. */
  msgId?: string;
  status: DlrStatus;
}

/**
 * Decides the state of a message by its reports. `monotonic` decides which status of a part wins. The first part that failed fails
 * the message; if none failed, one delivered part makes it `delivered`.
 *
 * @param reports In the order of their arrival.
 * @param otherwise The state without reports.
 */
export function stateOf(reports: readonly PartStatus[], otherwise: SentState): MessageState {
  const parts = new Map<string | undefined, DlrStatus>();
  for (const { msgId, status } of reports) if (monotonic(parts.get(msgId), status)) parts.set(msgId, status);
  for (const { msgId, status } of reports) if (isFailure(status) && parts.get(msgId) === status) return status;
  let best: DlrStatus | undefined;
  for (const part of parts.values()) if (monotonic(best, part)) best = part;
  // Any report proves that the message was sent, but only a final one ends `missing`.
  if (best === undefined || (otherwise === 'missing' && !isFinalStatus(best))) return otherwise;
  return best === 'unknown' ? 'sent' : best;
}

const isFailure = (status: DlrStatus): status is Exclude<DlrStatus, 'unknown' | 'sent' | 'delivered'> =>
  isFinalStatus(status) && status !== 'delivered';

/** Whether no further report is expected. */
export function isFinalState(state: MessageState, expectsReports: boolean): boolean {
  if (state === 'sent') return !expectsReports;
  return state !== 'pending' && state !== 'unknown' && state !== 'missing';
}
