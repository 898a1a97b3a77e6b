import type { MessageRecord } from './message-record.js';
import { isFinalState, stateOf, type SentState } from './message-state.js';
import type { TrackedRecipient } from './message.types.js';
import type { KeptReport } from './tracking-store.js';

/**
 * What is known of each recipient of a record.
 *
 * @param sent The state of its send, by the index of the recipient.
 */
export function describeRecipients(
  record: MessageRecord,
  reports: readonly KeptReport[],
  sent: (index: number) => SentState,
): TrackedRecipient[] {
  const { dests, at, jobId, msgIds, parts, dlr } = record;
  const byRecipient = new Map<number, KeptReport[]>();
  for (const report of reports) byRecipient.set(report.index, [...(byRecipient.get(report.index) ?? []), report]);
  return dests.map((dest, index) => {
    const seen = byRecipient.get(index) ?? [];
    const state = stateOf(seen, sent(index));
    return {
      dest,
      state,
      isFinal: isFinalState(state, dlr),
      sentAt: new Date(at).toISOString(),
      jobId,
      msgId: msgIds?.[index] ?? undefined,
      partsExpected: parts,
      partsSeen: new Set(seen.map((report) => report.msgId)).size,
      reports: seen.map(({ status, msgId, statusDate, receivedAt }) => ({ status, msgId, statusDate, receivedAt })),
    };
  });
}
