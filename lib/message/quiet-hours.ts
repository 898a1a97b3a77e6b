/** Hours of the day, in Riyadh time, in which promotional messages should not be sent. */
export interface QuietHours {
  /** Start as `HH:MM`, inclusive. */
  from: string;
  /** End as `HH:MM`, exclusive. Earlier than `from` means on the next day. */
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
 * Minutes until quiet hours end, rounded up; 0 when `at` is not in quiet hours.
 *
 * @throws {RangeError} when `from` or `to` is not a time of day, or both are equal
 */
export function quietMinutesLeft({ from, to }: QuietHours, at: Date): number {
  if (!isTimeOfDay(from) || !isTimeOfDay(to) || from === to) {
    throw new RangeError('quiet hours need from and to as HH:MM, 00:00 to 23:59, and not the same');
  }
  const untilEnd = untilTime(to, at);
  // Inside quiet hours, the next end comes before the next start.
  return untilTime(from, at) > untilEnd || untilTime(from, at) === 0 ? Math.ceil(untilEnd / MINUTE_MS) : 0;
}

/** Milliseconds from `at` until it is next `time` in Riyadh; 0 when it is `time` now. */
function untilTime(time: string, at: Date): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const sinceMidnight = positiveRemainder(at.getTime() + RIYADH_OFFSET_MS, DAY_MS);
  return positiveRemainder((hour * 60 + minute) * MINUTE_MS - sinceMidnight, DAY_MS);
}

const positiveRemainder = (value: number, by: number): number => ((value % by) + by) % by;
