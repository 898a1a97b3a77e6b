import type { BullMqDeliveries, TakenDelivery } from './bull-mq-deliveries.js';
import type { LeaseTime } from './lease-time.js';

/** A job that this process works on. */
export interface HeldJob {
  taken: TakenDelivery;
  time: LeaseTime;
  /** There is an outcome, and it is on its way to Redis. */
  isSettling: boolean;
}

/** Keeps the locks of the jobs that this process works on, all of a consumer at once. */
export class HeldJobs {
  readonly #held = new Map<string, HeldJob>();
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly deliveries: BullMqDeliveries) {
    this.#timer = setInterval(() => void this.#renew(), deliveries.leaseMs / 4);
  }

  get all(): HeldJob[] {
    return [...this.#held.values()];
  }

  /** The job of a delivery, when this process works on it. */
  of(delivery: string): HeldJob | undefined {
    return this.#held.get(delivery);
  }

  hold(taken: TakenDelivery): HeldJob {
    const held = { taken, time: taken.time, isSettling: false };
    this.#held.set(taken.delivery, held);
    return held;
  }

  /** Its lock was lost, and this process has taken the delivery again: the running try continues under the new lock. */
  continueWith(held: HeldJob, taken: TakenDelivery): void {
    held.time.lose();
    held.taken = taken;
    held.time = taken.time;
  }

  /** It is done with, or belongs to someone else. */
  release(held: HeldJob): void {
    held.time.lose();
    if (this.#held.get(held.taken.delivery) === held) this.#held.delete(held.taken.delivery);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Keeps the locks of all that are not lost yet. */
  async #renew(): Promise<void> {
    const held = this.all.filter(({ time }) => !time.isLost);
    if (held.length === 0) return;
    const renewals = held.map(({ taken, time }) => ({ delivery: taken.delivery, time, renewed: time.asking() }));
    try {
      const lost = new Set(await this.deliveries.extend(held.map(({ taken }) => taken)));
      for (const { delivery, time, renewed } of renewals) {
        if (lost.has(delivery)) time.lose();
        else renewed();
      }
    } catch {
      // Tried again; meanwhile their time runs out.
    }
  }
}
