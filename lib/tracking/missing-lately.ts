const MINUTE_MS = 60_000;
/** Minutes for which a missing message is counted. */
const COUNTED_MINUTES = 60;

/** Messages that were found missing in each minute of the last hour. A minute is counted since 1970. */
type Counts = [minute: number, messages: number][];

/**
 * Adds messages that are found missing now to the counts of the last hour. One note has all counts, so they cost one read.
 *
 * @param text Text of the note; undefined when there is none yet.
 * @returns The new text of the note.
 */
export function withMissing(text: string | undefined, messages: number): string {
  const minute = thisMinute();
  const counts = new Map(countsIn(text));
  counts.set(minute, (counts.get(minute) ?? 0) + messages);
  return JSON.stringify([...counts]);
}

/** Counts the messages that were found missing within the last hour, to the minute. @param text Text of the note. */
export function missingIn(text: string | undefined): number {
  return countsIn(text).reduce((sum, [, messages]) => sum + messages, 0);
}

/** Reads the counts of the last hour. Drops a minute that is far in the future, too: the clock was set back. */
function countsIn(text: string | undefined): Counts {
  const now = thisMinute();
  const all = text === undefined ? [] : (JSON.parse(text) as Counts);
  return all.filter(([minute]) => Math.abs(now - minute) <= COUNTED_MINUTES);
}

const thisMinute = (): number => Math.floor(Date.now() / MINUTE_MS);
