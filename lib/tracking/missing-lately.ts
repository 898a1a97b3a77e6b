const MINUTE_MS = 60_000;
/** Minutes for which a message that was found missing is counted. */
const COUNTED_MINUTES = 60;

/** Messages that were found missing in each minute of the last hour: minutes since 1970, and how many. */
type Counts = [minute: number, messages: number][];

/**
 * Adds messages that are found missing now to the count of the last hour. One note has that count, so that it costs one read.
 *
 * @param text The count as it is kept; undefined when there is none yet.
 * @returns The count as it is to be kept.
 */
export function withMissing(text: string | undefined, messages: number): string {
  const minute = thisMinute();
  const counts = new Map(countsIn(text));
  counts.set(minute, (counts.get(minute) ?? 0) + messages);
  return JSON.stringify([...counts]);
}

/** How many messages were found missing within the last hour, to the minute. @param text The count as it is kept. */
export function missingIn(text: string | undefined): number {
  return countsIn(text).reduce((sum, [, messages]) => sum + messages, 0);
}

/** The counts of the last hour. A minute that is far ahead is out of it, too: the clock has been set back since. */
function countsIn(text: string | undefined): Counts {
  const now = thisMinute();
  const all = text === undefined ? [] : (JSON.parse(text) as Counts);
  return all.filter(([minute]) => Math.abs(now - minute) <= COUNTED_MINUTES);
}

const thisMinute = (): number => Math.floor(Date.now() / MINUTE_MS);
