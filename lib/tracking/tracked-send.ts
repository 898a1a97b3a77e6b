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

/** The record of a message that is about to leave. @param by The process that sends it. */
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
    // With all fields from the start: a copy of an object that gets more of them takes a hundred times as long.
    outcome: undefined,
    jobId: undefined,
    msgIds: undefined,
    rejected: undefined,
  };
}

/** The record of a message whose send has ended. @param dests Its recipients, in full. */
export function withOutcome(record: MessageRecord, dests: readonly string[], outcome: TrackedOutcome): MessageRecord {
  if (outcome.kind !== 'sent') return { ...record, outcome: outcome.kind };
  const { jobId, accepted, confirmedByTwin, acceptedMsgs, rejectedMsgs } = outcome.receipt;
  const indexOf = placesIn(dests);
  const msgIds = dests.map((): string | null => null);
  for (const { msgId, dest } of acceptedMsgs) {
    // A single message need not be named.
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
    // Reports of a message that the first try sent have the id of that one, which is not known.
    jobId: hasTwins ? undefined : jobId,
    msgIds: msgIds.some((id) => id !== null) ? msgIds : undefined,
    rejected: rejected.length > 0 ? rejected : undefined,
  };
}

/** Finds the place of a number among recipients. */
function placesIn(dests: readonly string[]): (dest: string | undefined) => number | undefined {
  if (dests.length === 1) return (dest) => (reportedNumber(dest) === dests[0] ? 0 : undefined);
  const places = new Map(dests.map((dest, index) => [dest, index]));
  return (dest) => places.get(reportedNumber(dest) ?? '');
}
