/** The hours of the day, by the clock of Riyadh, in which promotional messages should not go out. */
export interface QuietHours {
  /** When they begin, as `HH:MM`; this minute is quiet. */
  from: string;
  /** When they end, as `HH:MM`; at this minute messages may go. Earlier than `from` means on the next day. */
  to: string;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Asia/Riyadh is UTC+3 all year: there is no summer time. @see IANA time zone database, `asia` */
const RIYADH_OFFSET_MS = 3 * 60 * MINUTE_MS;

/** Whether a text is a time of day from `00:00` to `23:59`. */
export function isTimeOfDay(text: unknown): text is string {
  return typeof text === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(text);
}

/**
 * How long quiet hours still last at a moment: whole minutes, rounded up, or 0 when the moment is not in them.
 *
 * @throws {RangeError} when `from` or `to` is not a time of day, or both are the same
 */
export function quietMinutesLeft({ from, to }: QuietHours, at: Date): number {
  if (!isTimeOfDay(from) || !isTimeOfDay(to) || from === to) {
    throw new RangeError('quiet hours need from and to as HH:MM, 00:00 to 23:59, and not the same');
  }
  const untilEnd = untilTime(to, at);
  // Quiet hours last while their end comes before their next beginning.
  return untilTime(from, at) > untilEnd || untilTime(from, at) === 0 ? Math.ceil(untilEnd / MINUTE_MS) : 0;
}

/** Milliseconds from a moment to the next time that the clock of Riyadh shows this; 0 when it shows it now. */
function untilTime(time: string, at: Date): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const sinceMidnight = positiveRemainder(at.getTime() + RIYADH_OFFSET_MS, DAY_MS);
  return positiveRemainder((hour * 60 + minute) * MINUTE_MS - sinceMidnight, DAY_MS);
}

const positiveRemainder = (value: number, by: number): number => ((value % by) + by) % by;
