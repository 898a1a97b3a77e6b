import type { Dlr } from '../dto/dlr.js';
import type { Candidate } from './candidate.js';

/** Clocks of the gateway and of this machine may differ by so much. */
const CLOCKS_DIFFER_MS = 60_000;
/** Parts of a message may have dates of their own, so far apart. */
const PARTS_APART_MS = 60_000;

/**
 * The message of a report among those to its recipient: the one that is left when those are taken out which it cannot belong to.
 * Undefined when none or several are left: it is not guessed.
 *
 * It cannot belong to a message that did not leave, has another sender, left after the report came, left after the date of its
 * message, or has other ids at the gateway, or another date in a report that it certainly has.
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

/** Whether a report can belong to a message, as far as the two tell. */
export function isPossible(dlr: Dlr, { at, src, jobId, msgId, parts, isOut }: Candidate): boolean {
  if (isOut || at > Date.parse(dlr.receivedAt) + CLOCKS_DIFFER_MS) return false;
  if (dlr.src !== undefined && src !== undefined && dlr.src.toLowerCase() !== src.toLowerCase()) return false;
  if (dlr.jobId !== undefined && jobId !== undefined && dlr.jobId !== jobId) return false;
  // Parts may have ids of their own, which the answer to the send does not tell.
  if (parts === 1 && dlr.msgId !== undefined && msgId !== undefined && dlr.msgId !== msgId) return false;
  const sent = zonedTime(dlr.msgDate);
  return sent === undefined || at <= sent + CLOCKS_DIFFER_MS;
}

/** A date that says its time zone; the zone of others is not documented. */
function zonedTime(date: string | undefined): number | undefined {
  if (date === undefined || !/(?:Z|[+-]\d\d:?\d\d)$/i.test(date) || !date.includes(':')) return undefined;
  const time = Date.parse(date);
  return Number.isNaN(time) ? undefined : time;
}

/** Whether two dates of the same gateway are certainly those of two messages. */
function areApart(one: string, other: string): boolean {
  const apart = Math.abs(Date.parse(one) - Date.parse(other));
  return apart > PARTS_APART_MS;
}
