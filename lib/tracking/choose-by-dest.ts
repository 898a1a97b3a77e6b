import type { Dlr } from '../dto/dlr.js';
import type { Candidate } from './candidate.js';

/** Largest difference between the clocks of the gateway and of this machine. */
const CLOCKS_DIFFER_MS = 60_000;
/** Largest difference between the dates of two parts of one message. */
const PARTS_APART_MS = 60_000;

/**
 * Chooses the message of a report among the messages to its recipient: the only one that is possible. Returns undefined when none
 * or several are possible: it never guesses.
 *
 * A message is not possible if it was not sent, has another sender, left after the report came or after the date in the report,
 * has other ids at the gateway, or already has a report with another date.
 */
export async function chooseByDest(dlr: Dlr, candidates: readonly Candidate[]): Promise<Candidate | undefined> {
  const possible = candidates.filter((candidate) => isPossible(dlr, candidate));
  if (possible.length <= 1) return onlyOf(possible);
  const { msgDate } = dlr;
  if (msgDate === undefined) return undefined;
  const left: Candidate[] = [];
  for (const candidate of possible) {
    const dates = await candidate.msgDates();
    if (!dates.some((date) => areApart(date, msgDate))) left.push(candidate);
  }
  return onlyOf(left);
}

function onlyOf([first, ...others]: readonly Candidate[]): Candidate | undefined {
  return others.length > 0 || first?.isForgotten === true ? undefined : first;
}

/** Whether a report can belong to a message, by the fields that both have. */
export function isPossible(dlr: Dlr, { at, src, jobId, msgId, parts, isRuledOut }: Candidate): boolean {
  if (isRuledOut || at > Date.parse(dlr.receivedAt) + CLOCKS_DIFFER_MS) return false;
  if (dlr.src !== undefined && src !== undefined && dlr.src.toLowerCase() !== src.toLowerCase()) return false;
  if (dlr.jobId !== undefined && jobId !== undefined && dlr.jobId !== jobId) return false;
  // Parts may have ids of their own, which the answer to the send does not list.
  if (parts === 1 && dlr.msgId !== undefined && msgId !== undefined && dlr.msgId !== msgId) return false;
  const sent = zonedTime(dlr.msgDate);
  return sent === undefined || at <= sent + CLOCKS_DIFFER_MS;
}

/** Reads a date that has a time zone. The zone of other dates is not documented. */
function zonedTime(date: string | undefined): number | undefined {
  if (date === undefined || !/(?:Z|[+-]\d\d:?\d\d)$/i.test(date) || !date.includes(':')) return undefined;
  const time = Date.parse(date);
  return Number.isNaN(time) ? undefined : time;
}

/** Whether two dates of the gateway certainly belong to two messages. */
function areApart(one: string, other: string): boolean {
  return Math.abs(Date.parse(one) - Date.parse(other)) > PARTS_APART_MS;
}
