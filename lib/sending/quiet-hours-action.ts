/** Handling of a promotional message in quiet hours. */
export type QuietHoursAction = 'warn' | 'refuse' | 'hold';
