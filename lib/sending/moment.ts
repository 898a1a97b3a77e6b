import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** If two clocks differ by more, one of them was set or stopped. */
const MAX_SKEW_MS = 60_000;

/** A moment in milliseconds by each available clock. */
export interface Moment {
  /** Since 1970, by the clock of the machine, which can be set. */
  wall: number;
  /** The boot that `up` counts from. */
  boot?: string;
  /** Since that boot, suspension included, by a clock that cannot be set. */
  up?: number;
  /** Since 1970, by the clock of the server that keeps the store. */
  store?: number;
  /** Since 1970, by the clock of the gateway. */
  gateway?: number;
}

const BOOT = readBootId();
/** Stands for the boot where boots have no id: `up` then counts from the start of this process. */
const PROCESS = randomUUID();

/** This moment, by the clocks of this machine. */
export function localMoment(): Moment {
  if (BOOT === undefined) return { wall: Date.now(), boot: PROCESS, up: performance.now() };
  return { wall: Date.now(), boot: BOOT, up: os.uptime() * 1_000 };
}

/**
 * Milliseconds that passed between two moments at the most; undefined when the clocks do not prove it. At least two clocks
 * must be in both moments, and all of these clocks must agree.
 */
export function elapsedMs(from: Moment, to: Moment): number | undefined {
  const isSameBoot = from.boot !== undefined && from.boot === to.boot;
  const store = difference(from.store, to.store);
  const wall = to.wall - from.wall;
  // The clocks of two machines may differ; the clock of their store is the same for both.
  const isComparable = isSameBoot || store === undefined || Math.abs(wall - store) <= MAX_SKEW_MS;
  const passed = [
    isComparable ? wall : undefined,
    isSameBoot ? difference(from.up, to.up) : undefined,
    store,
    difference(from.gateway, to.gateway),
  ].filter((ms) => ms !== undefined);
  const longest = Math.max(...passed);
  const doAgree = longest - Math.min(...passed) <= MAX_SKEW_MS && longest >= -MAX_SKEW_MS;
  if (passed.length < 2 || !doAgree) return undefined;
  return Math.max(0, longest) + (isSameBoot ? 0 : MAX_SKEW_MS);
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
