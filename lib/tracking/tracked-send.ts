import type { SendReceipt } from '../dto/send-receipt.js';
import { countParts } from '../message/split-text.js';
import { maskNumber } from '../message/mask-number.js';
import { newRecordId, type MessageRecord } from './message-record.js';
import { reportedNumber, type NumberHash } from './number-hash.js';

const MINUTE_MS = 60_000;

/** A message that is about to leave. */
export interface MessageToTrack {
  src: string;
  dests: readonly string[];
  body: string;
  delay?: number;
  dlr?: boolean;
}

/** How a tracked send ended. */
export type TrackedOutcome = { kind: 'sent'; receipt: SendReceipt } | { kind: 'notSent' | 'unknown' };

/** Makes the record of a message that is about to leave. `by` is the id of the process that sends it. */
export function recordOf(
  { src, dests, body, delay = 0, dlr = false }: MessageToTrack,
  { reference, traceparent, by, hash }: { reference?: string; traceparent?: string; by: string; hash: NumberHash },
): MessageRecord {
  const at = Date.now();
  return {
    id: newRecordId(at + delay * MINUTE_MS),
    reference,
    traceparent,
    at,
    by,
    src,
    dlr,
    parts: countParts(body),
    hashes: dests.map((dest) => hash.of(dest)),
    dests: dests.map(maskNumber),
    // All fields from the start: a copy that adds fields to an object takes a hundred times as long.
    outcome: undefined,
    jobId: undefined,
    msgIds: undefined,
    rejected: undefined,
  };
}

/** Adds the outcome of its send to a record. @param dests Full numbers of the recipients. */
export function withOutcome(record: MessageRecord, dests: readonly string[], outcome: TrackedOutcome): MessageRecord {
  if (outcome.kind !== 'sent') return { ...record, outcome: outcome.kind };
  const { jobId, accepted, confirmedByTwin, acceptedMsgs, rejectedMsgs } = outcome.receipt;
  const indexOf = indexIn(dests);
  const msgIds = dests.map((): string | null => null);
  for (const { msgId, dest } of acceptedMsgs) {
    // The gateway need not name the recipient of a single message.
    const index = indexOf(dest) ?? (dest === undefined && dests.length === 1 ? 0 : undefined);
    if (index !== undefined && msgId !== undefined) msgIds[index] = msgId;
  }
  const named = rejectedMsgs.map(({ dest }) => indexOf(dest)).filter((index) => index !== undefined);
  const hasTwins = (confirmedByTwin ?? 0) > 0;
  const isRefused = accepted === 0 && !hasTwins;
  const rejected = isRefused ? [...dests.keys()] : named;
  return {
    ...record,
    outcome: 'sent',
    // The first try sent the message: its reports have the id of that try, which is not known.
    jobId: hasTwins ? undefined : jobId,
    msgIds: msgIds.some((id) => id !== null) ? msgIds : undefined,
    rejected: rejected.length > 0 ? rejected : undefined,
  };
}

/** Returns a function that finds the index of a number among recipients. */
function indexIn(dests: readonly string[]): (dest: string | undefined) => number | undefined {
  if (dests.length === 1) return (dest) => (reportedNumber(dest) === dests[0] ? 0 : undefined);
  const indexes = new Map(dests.map((dest, index) => [dest, index]));
  return (dest) => indexes.get(reportedNumber(dest) ?? '');
}
