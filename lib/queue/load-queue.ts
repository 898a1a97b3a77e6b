import { del, put, type JobRecords } from './job-records.js';
import type { StoreChange } from './ordered-store.js';
import { endOf, numberOf, type JobList } from './job-keys.js';
import type { JobState } from './stored-job.js';

/** The counters of a queue, written with every change. */
export interface QueueCounters {
  /** Highest job number so far. */
  last: number;
  waiting: number;
  active: number;
  failed: number;
  /** Time of the {@link SteadyClock} at the last write. */
  at: number;
}

/** The counters of a new queue. */
export const EMPTY_COUNTERS: QueueCounters = { last: 0, waiting: 0, active: 0, failed: 0, at: 0 };

/**
 * Reads the counters of a queue, compares them with the stored jobs, and requeues the delivered jobs that are not in flight.
 *
 * @returns The counters, and the changes that requeue those jobs.
 * @throws {OurSmsStorageError} when jobs are missing
 */
export async function loadQueue(
  records: JobRecords,
  isInFlight: (number: number) => boolean,
): Promise<{ counters: QueueCounters; changes: StoreChange[] }> {
  const { keys, store } = records;
  const meta = await store.get(keys.meta);
  if (meta === undefined) return { counters: await checkUnused(records), changes: [] };
  const counters = records.parse<QueueCounters>(meta);
  await checkCounters(records, counters);
  const list = keys.list('active');
  const active = await store.range({ gt: list, lt: endOf(list), limit: Infinity });
  const interrupted = active.filter(([key]) => !isInFlight(numberOf(key)));
  if (interrupted.length === 0) return { counters, changes: [] };
  const restored = {
    ...counters,
    waiting: counters.waiting + interrupted.length,
    active: counters.active - interrupted.length,
  };
  const moves = interrupted.flatMap(([key, value]) => [
    del(key),
    put(keys.later(0, numberOf(key)), requeuedState(records.parse<JobState>(value))),
  ]);
  return { counters: restored, changes: [...moves, put(keys.meta, restored)] };
}

/** An attempt whose handler had not started does not count. */
const requeuedState = ({ idle, ...state }: JobState): JobState =>
  idle ? { ...state, attempts: state.attempts - 1 } : { ...state, interrupted: true };

/** A queue without counters was never used, so it must not have any other key. */
async function checkUnused(records: JobRecords): Promise<QueueCounters> {
  const { keys, store } = records;
  if ((await store.range({ gt: keys.all, lt: endOf(keys.all), limit: 1 })).length > 0) {
    records.damaged('its counters are missing');
  }
  return EMPTY_COUNTERS;
}

/**
 * LevelDB drops a damaged part of its log without an error: then the keys do not match the counters. Counts all keys, so that
 * damage is found before a job is delivered.
 */
async function checkCounters(records: JobRecords, { last, waiting, active, failed }: QueueCounters): Promise<void> {
  const { keys, store } = records;
  const count = (name: JobList): Promise<number> => store.count(keys.list(name), endOf(keys.list(name)), true);
  // The lists of long values take the longest: their halves are read at the same time.
  const countHalves = async (name: 'data' | 'failed'): Promise<number> => {
    const middle = keys[name](last / 2);
    const [list, end] = [keys.list(name), endOf(keys.list(name))];
    const [first, second] = await Promise.all([store.count(list, `${middle}!`), store.count(middle, end)]);
    return first + second;
  };
  // In parallel: opening a large queue takes only as long as its largest list.
  const [data, failures, ids, actives, ready, later] = await Promise.all([
    countHalves('data'),
    countHalves('failed'),
    count('id'),
    count('active'),
    count('ready'),
    count('later'),
  ]);
  const expected: [name: string, written: number, found: number][] = [
    ['id', waiting + active + failed, ids],
    ['data', waiting + active, data],
    ['active', active, actives],
    ['failed', failed, failures],
    ['waiting', waiting, ready + later],
  ];
  for (const [name, written, there] of expected) {
    if (there !== written) records.damaged(`${written} records (${name}) were written, and ${there} are there`);
  }
}
