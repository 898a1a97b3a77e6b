import { EventEmitter, once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { Seeded } from '../../../support/seeded.js';
import type { DownloadsWatch } from '../downloads-watch.js';
import { SPOOLED_WITHIN_MS } from './reports-account.js';

/** What trouble can be made with. Instances are named by their places. */
export interface TroubleHands {
  readonly leaseMs: number;
  /** Kills the instance of a place, and lets another begin there. */
  kill(place: number): Promise<void>;
  /** Kills all at once, and lets others begin. */
  killAll(): Promise<void>;
  /** Lets the instance of a place stand still. */
  freeze(place: number, ms: number): Promise<void>;
  /** Lets all do without Redis for a while: ended by a signal and started again, or standing still. */
  withoutRedis(how: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP', ms: number, meanwhile?: () => Promise<void>): Promise<void>;
}

/** What a moment is chosen by. */
export interface ClusterMomentParts {
  watch: DownloadsWatch;
  /** Emits `request` when the gateway has got one to send. */
  sends: EventEmitter<{ request: [] }>;
  random: Seeded;
  /** The longest time that the gateway usually lets an answer wait. */
  latencyMs: number;
  signal: AbortSignal;
}

/** Waits for a moment. Resolves to the life that it is about, when it is about one. */
export type ClusterMoment = (parts: ClusterMomentParts) => Promise<number | undefined>;

/** Makes trouble, and ends it. `place`: whom it is for, where it is for one. */
export type Trouble = (hands: TroubleHands, place: number, random: Seeded) => Promise<void>;

/** A trouble, and when it is made. */
export type TroubleAtMoment = readonly [ClusterMoment, Trouble];

/** Whole milliseconds, 0 without a turn of the event loop. */
const pause = async (ms: number): Promise<void> => void (ms > 0 && (await wait(ms)));

/** The gateway has deleted reports, and its answer has not left it yet. */
export const deleted: ClusterMoment = async ({ watch, signal }) => {
  for (;;) {
    const { life, reports } = await watch.next('began', signal);
    if (reports.length > 0) return life;
  }
};

/** In a download: the gateway has deleted, and its answer is on the way. */
export const downloading: ClusterMoment = async ({ watch, random, latencyMs, signal }) => {
  const { life } = await watch.next('began', signal);
  await pause(random.next(latencyMs));
  return life;
};

/** Around the write of a download: its answer has just left the gateway. */
export const keeping: ClusterMoment = async ({ watch, random, signal }) => {
  const { life } = await watch.next('answered', signal);
  await pause(random.next(6));
  return life;
};

/** When a download has just been written, and is handled. */
export const kept: ClusterMoment = async ({ watch, random, signal }) => {
  const { life } = await watch.next('answered', signal);
  await wait(10 + random.next(40));
  return life;
};

/** A request of a campaign is at the gateway, and has no answer yet. */
export const sent: ClusterMoment = async ({ sends, signal }) => {
  await once(sends, 'request', { signal });
  return undefined;
};

/** With requests of a campaign on the wire. */
export const sending: ClusterMoment = async ({ sends, random, latencyMs, signal }) => {
  for (let left = 1 + random.next(6); left > 0; left--) await once(sends, 'request', { signal });
  await pause(random.next(latencyMs));
  return undefined;
};

/** Any time: while one starts, the lease goes to another, campaigns are read. */
export const whenever: ClusterMoment = async ({ random, signal }) => {
  await wait(random.next(1_500), undefined, { signal });
  return undefined;
};

/** The moments that are worth trouble. */
export const CLUSTER_MOMENTS: readonly ClusterMoment[] = [downloading, keeping, kept, sending, sending, whenever];

/** Longer than a lease. */
const long = (leaseMs: number, random: Seeded): number => Math.round(leaseMs * 1.2 + random.next(leaseMs));
/** Anything from nothing to longer than a lease. */
const some = (leaseMs: number, random: Seeded): number => random.next(Math.round(leaseMs * 1.5));

export const kill: Trouble = (hands, place) => hands.kill(place);

/** As when the power fails: whatever is on its way belongs to one of them. */
export const killAll: Trouble = (hands) => hands.killAll();

/** The first of all goes, and then who has taken over. */
export const killTwo: Trouble = async (hands, place, random) => {
  await hands.kill(place);
  await wait(some(hands.leaseMs, random));
  await hands.kill((place + 1) % 3);
};

export const freeze: Trouble = (hands, place, random) => hands.freeze(place, long(hands.leaseMs, random));

export const freezeTwo: Trouble = async (hands, place, random) => {
  await Promise.all([
    hands.freeze(place, long(hands.leaseMs, random)),
    hands.freeze((place + 1) % 3, long(hands.leaseMs, random)),
  ]);
};

/** It never wakes up again. */
export const freezeAndKill: Trouble = async (hands, place, random) => {
  await Promise.all([
    hands.freeze(place, 2 * hands.leaseMs),
    wait(some(hands.leaseMs, random)).then(() => hands.kill(place)),
  ]);
};

export const killRedis: Trouble = (hands, _place, random) => hands.withoutRedis('SIGKILL', some(hands.leaseMs, random));
export const endRedis: Trouble = (hands, _place, random) => hands.withoutRedis('SIGTERM', some(hands.leaseMs, random));
export const freezeRedis: Trouble = (hands, _place, random) =>
  hands.withoutRedis('SIGSTOP', some(hands.leaseMs, random));

/** What Redis does not take is with one process alone, which goes. */
export const killWithoutRedis: Trouble = (hands, place, random) =>
  hands.withoutRedis('SIGKILL', some(hands.leaseMs, random), async () => {
    await wait(random.next(200));
    await hands.kill(place);
  });

/** What its directory got instead of Redis was there long before it goes, and comes from there alone. */
export const killWithSpool: Trouble = (hands, place) =>
  hands.withoutRedis('SIGKILL', 0, async () => {
    await wait(SPOOLED_WITHIN_MS + 500);
    await hands.kill(place);
  });

/** The troubles, the usual ones more often. */
export const TROUBLES: readonly Trouble[] = [
  ...[kill, kill, kill, kill, killTwo, killAll],
  ...[freeze, freeze, freeze, freezeTwo, freezeAndKill],
  ...[killRedis, endRedis, freezeRedis, killWithoutRedis, killWithSpool],
];

/**
 * With these, a run has met what it is about: a request that nobody knows the end of, and a download that Redis did not get.
 * None of them can come too late: they are made before the gateway answers.
 */
export const FIRST_TROUBLES: readonly TroubleAtMoment[] = [
  [sent, killAll],
  [deleted, killWithSpool],
  [deleted, kill],
];
