import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { JobOutcome } from './durable-queue.js';
import { nameOf } from './name-of.js';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15 * 60_000;

/** Faults in a row after which a job is kept as failed, unless `ConsumeOptions.faults` says otherwise. */
export const MOST_FAULTS = 10;

/** An outcome, and how many faults in a row led to it. */
export type FaultOutcome<T> = JobOutcome<T> & { faults?: number };

/**
 * The outcome of a job whose handler rejected, or gave an outcome that cannot be stored: it is redelivered after a wait that
 * doubles, and kept as failed in the end. A store that is away is no fault of the job.
 *
 * @param faults Faults in a row, this one included.
 */
export function outcomeOfFault(error: unknown, faults: number, most: number): FaultOutcome<never> {
  if (error instanceof OurSmsStorageError) return { kind: 'again', inMs: FIRST_WAIT_MS, uncounted: true };
  if (faults >= most) {
    return {
      kind: 'failed',
      reason: `its handler failed ${faults} times in a row, the last time with ${nameOf(error)}`,
    };
  }
  return { kind: 'again', inMs: Math.min(FIRST_WAIT_MS * 2 ** (faults - 1), LONGEST_WAIT_MS), faults };
}

/** The line of the log about it. */
export function describeFault(error: unknown, id: string, outcome: FaultOutcome<never>): string {
  const then = outcome.kind === 'again' ? `it is retried in ${outcome.inMs} ms` : 'it is kept as failed';
  return `The handler of job ${id} failed with ${nameOf(error)}: ${then}`;
}
