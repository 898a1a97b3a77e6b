import type { DlrStatus } from '../dto/dlr.js';
import { isFinalStatus, monotonic } from '../dto/monotonic.js';
import type { MessageState } from './message.types.js';

/** What is known of a message besides its reports. */
export type SentState = 'pending' | 'sent' | 'rejected' | 'notSent' | 'unknown' | 'missing';

/**
 * The state of a message by all of its reports, in whatever order they came. Within a part the later status wins, as
 * `monotonic` has it; a part that failed fails the message, otherwise the first part that was delivered delivers it.
 *
 * @param parts The statuses of each part that the reports told apart.
 */
export function stateOf(parts: Iterable<readonly DlrStatus[]>, otherwise: SentState): MessageState {
  let best: DlrStatus | undefined;
  for (const statuses of parts) {
    const part = statuses.reduce<DlrStatus | undefined>(
      (known, next) => (monotonic(known, next) ? next : known),
      undefined,
    );
    if (part === undefined) continue;
    if (isFinalStatus(part) && part !== 'delivered') return part;
    if (monotonic(best, part)) best = part;
  }
  // A report proves that it was sent; one that is not final does not end that it is missing.
  if (best === undefined || (otherwise === 'missing' && !isFinalStatus(best))) return otherwise;
  return best === 'unknown' ? 'sent' : best;
}

/** Whether no report can change a state any more, except one that beats our own `missing`. */
export function isFinalState(state: MessageState, expectsReports: boolean): boolean {
  if (state === 'sent') return !expectsReports;
  return (
    state === 'rejected' || state === 'notSent' || (state !== 'pending' && state !== 'unknown' && state !== 'missing')
  );
}
