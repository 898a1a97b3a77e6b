import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { JobOutcome } from './durable-queue.js';
import { nameOf } from './name-of.js';

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 15 * 60_000;

/** Default of `ConsumeOptions.faults`. */
export const MOST_FAULTS = 10;

/** An outcome, and the number of consecutive faults that led to it. */
export type FaultOutcome<T> = JobOutcome<T> & { faults?: number };

/**
 * The outcome of a job whose handler rejected, or returned an outcome that cannot be stored: the job is redelivered with
 * exponential backoff, and dead-lettered after too many faults. An `OurSmsStorageError` is not a fault of the job.
 *
 * @param faults Consecutive faults, this one included.
 * @param most Consecutive faults after which the job is dead-lettered.
 */
export function outcomeOfFault(error: unknown, faults: number, most: number): FaultOutcome<never> {
  if (error instanceof OurSmsStorageError) return { kind: 'again', inMs: FIRST_WAIT_MS, uncounted: true };
  if (faults >= most) {
    return {
      kind: 'failed',
      reason: `its handler failed ${faults} times in a row, the last time with ${nameOf(error)}`,
    };
  }
  return { kind: 'again', inMs: Math.min(FIRST_WAIT_MS * 2 ** (faults - 1), MAX_WAIT_MS), faults };
}

/** Log line about a fault and its outcome. */
export function describeFault(error: unknown, id: string, outcome: FaultOutcome<never>): string {
  const then = outcome.kind === 'again' ? `it is retried in ${outcome.inMs} ms` : 'it is kept as failed';
  return `The handler of job ${id} failed with ${nameOf(error)}: ${then}`;
}
