import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** Clocks that differ by more were set, or stopped for a while. */
export const CLOCKS_APART_MS = 60_000;

/** A moment by each clock that was at hand, in milliseconds. */
export interface Moment {
  /** Since 1970, by the clock of the machine, which can be set. */
  wall: number;
  /** The boot that `up` counts from. */
  boot?: string;
  /** Since that boot, sleep included, by a clock that cannot be set. */
  up?: number;
  /** Since 1970, by the clock of the server that keeps the store. */
  store?: number;
  /** Since 1970, by the clock of the gateway. */
  gateway?: number;
}

const BOOT = readBootId();
/** Where no boot has an id, what the process counts is known to the process alone. */
const PROCESS = randomUUID();

/** This moment, by the clocks of this machine. */
export function localMoment(): Moment {
  if (BOOT === undefined) return { wall: Date.now(), boot: PROCESS, up: performance.now() };
  return { wall: Date.now(), boot: BOOT, up: os.uptime() * 1_000 };
}

/**
 * How many milliseconds have passed between two moments, at the most; undefined when that is not known. At least two
 * clocks must have told both moments, and all that have must agree.
 */
export function elapsedMs(from: Moment, to: Moment): number | undefined {
  const isSameBoot = from.boot !== undefined && from.boot === to.boot;
  const store = difference(from.store, to.store);
  const wall = to.wall - from.wall;
  // The clocks of two machines may differ: that of their store is one for both.
  const isComparable = isSameBoot || store === undefined || Math.abs(wall - store) <= CLOCKS_APART_MS;
  const told = [
    isComparable ? wall : undefined,
    isSameBoot ? difference(from.up, to.up) : undefined,
    store,
    difference(from.gateway, to.gateway),
  ].filter((ms) => ms !== undefined);
  const longest = Math.max(...told);
  const doAgree = longest - Math.min(...told) <= CLOCKS_APART_MS && longest >= -CLOCKS_APART_MS;
  if (told.length < 2 || !doAgree) return undefined;
  return Math.max(0, longest) + (isSameBoot ? 0 : CLOCKS_APART_MS);
}

const difference = (from?: number, to?: number): number | undefined =>
  from === undefined || to === undefined ? undefined : to - from;

/** Linux only. */
function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
