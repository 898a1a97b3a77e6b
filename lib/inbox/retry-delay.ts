const LONGEST_MS = 15 * 60_000;

/** The wait before a report is offered again: twice as long with each attempt, up to a quarter of an hour, with jitter. */
export function retryDelayMs(firstMs: number, attempt: number): number {
  const wait = Math.min(firstMs * 2 ** Math.min(attempt - 1, 30), Math.max(LONGEST_MS, firstMs));
  return Math.round(wait / 2 + (Math.random() * wait) / 2);
}
