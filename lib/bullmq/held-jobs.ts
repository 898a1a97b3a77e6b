import { LeaseTime } from './lease-time.js';
import type { BullMqJobs, TakenJob } from './bull-mq-jobs.js';

/** A job that this process works on. */
export interface HeldJob<T> {
  taken: TakenJob<T>;
  time: LeaseTime;
  /** There is an outcome, and it is on its way to Redis. */
  isSettling: boolean;
}

/** Keeps the locks of the jobs that this process works on, all of a consumer at once. */
export class HeldJobs<T> {
  readonly #held = new Map<string, HeldJob<T>>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly jobs: BullMqJobs<T>,
    private readonly leaseMs: number,
  ) {
    this.#timer = setInterval(() => void this.renew(), leaseMs / 4);
  }

  get all(): HeldJob<T>[] {
    return [...this.#held.values()];
  }

  hold(taken: TakenJob<T>): HeldJob<T> {
    const held = { taken, time: new LeaseTime(this.leaseMs), isSettling: false };
    this.#held.set(taken.token, held);
    return held;
  }

  /** It is done with, or belongs to someone else. */
  release({ taken, time }: HeldJob<T>): void {
    time.lose();
    this.#held.delete(taken.token);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Keeps the locks of all that are not lost yet. */
  async renew(): Promise<void> {
    const held = this.all.filter(({ time }) => !time.isLost);
    if (held.length === 0) return;
    const renewals = held.map(({ taken, time }) => ({ token: taken.token, time, renewed: time.asking() }));
    try {
      const lost = new Set(await this.jobs.renew(held.map(({ taken }) => taken)));
      for (const { token, time, renewed } of renewals) {
        if (lost.has(token)) time.lose();
        else renewed();
      }
    } catch {
      // Tried again; meanwhile their time runs out.
    }
  }
}
