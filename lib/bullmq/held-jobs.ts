import type { BullMqDeliveries, TakenDelivery } from './bull-mq-deliveries.js';

/** A job whose lock this process holds. */
export interface HeldJob {
  taken: TakenDelivery;
  /** Whether its outcome is being written. */
  isSettling: boolean;
}

/** Renews the locks of a consumer's jobs, all of them with one command. */
export class HeldJobs {
  readonly #held = new Map<string, HeldJob>();
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly deliveries: BullMqDeliveries) {
    this.#timer = setInterval(() => void this.#renew(), deliveries.leaseMs / 4);
  }

  get all(): HeldJob[] {
    return [...this.#held.values()];
  }

  /** The job of a delivery; undefined when this process does not hold it. */
  of(delivery: string): HeldJob | undefined {
    return this.#held.get(delivery);
  }

  hold(taken: TakenDelivery): HeldJob {
    const held = { taken, isSettling: false };
    this.#held.set(taken.delivery, held);
    return held;
  }

  /** Continues the running try under a new lock: this process lost the former lock, and has taken the delivery again. */
  continueWith(held: HeldJob, taken: TakenDelivery): void {
    held.taken.lease.lose();
    held.taken = taken;
  }

  /** Stops renewing the lock of a job that has ended, or that another process has taken. */
  release(held: HeldJob): void {
    const { delivery, lease } = held.taken;
    lease.lose();
    if (this.#held.get(delivery) === held) this.#held.delete(delivery);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    const taken = this.all.map((held) => held.taken).filter(({ lease }) => !lease.isLost);
    if (taken.length === 0) return;
    const renewals = taken.map(({ delivery, lease }) => ({ delivery, lease, confirm: lease.startRenewal() }));
    try {
      const lost = new Set(await this.deliveries.extend(taken));
      for (const { delivery, lease, confirm } of renewals) {
        if (lost.has(delivery)) lease.lose();
        else confirm();
      }
    } catch {
      // The next renewal tries again, and the leases run out meanwhile.
    }
  }
}
