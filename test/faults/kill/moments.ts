import { setTimeout as wait } from 'node:timers/promises';
import type { Seeded } from '../../support/seeded.js';
import type { DownloadsWatch } from './downloads-watch.js';

/** What a moment is chosen by. */
export interface MomentParts {
  watch: DownloadsWatch;
  life: number;
  random: Seeded;
  /** Milliseconds that lives have taken to their first download. */
  startMs: number;
  /** The longest time that the gateway lets an answer wait. */
  latencyMs: number;
  signal: AbortSignal;
}

/** Waits for the moment in which a life is ended. */
export type Moment = (parts: MomentParts) => Promise<unknown>;

/** Whole milliseconds, 0 without a turn of the event loop. */
const pause = async (ms: number): Promise<void> => void (ms > 0 && (await wait(ms)));

/** While it starts: the store is opened, what was interrupted is put back, gaps are announced. */
const starting: Moment = ({ startMs, random }) => wait(random.next(Math.ceil(startMs * 1.2)));

/** In a download: the gateway has deleted, and its answer is on the way. */
export const downloading: Moment = async ({ watch, life, random, latencyMs, signal }) => {
  await watch.nth('began', life, 1 + random.next(4), signal);
  await pause(random.next(latencyMs));
};

/** Around the write of a download: its answer has just left the gateway. */
const keeping: Moment = async ({ watch, life, random, signal }) => {
  await watch.nth('answered', life, 1 + random.next(4), signal);
  await pause(random.next(6));
};

/** When a download has just been written. */
export const kept: Moment = async ({ watch, life, random, signal }) => {
  await watch.nth('answered', life, 1 + random.next(2), signal);
  await wait(15 + random.next(15));
};

/** While reports are handled, settled and offered again. */
const handling: Moment = async ({ watch, life, random, signal }) => {
  await watch.nth('answered', life, 1, signal);
  await wait(random.next(250));
};

/** After some more downloads, and the waits that follow those that failed. */
export const working: Moment = async ({ watch, life, random, signal }) => {
  await watch.nth('began', life, 1, signal);
  await wait(random.next(1_500));
};

/** The moments that are worth an end, in the order of a process's life. */
export const MOMENTS: readonly Moment[] = [starting, downloading, keeping, handling];
