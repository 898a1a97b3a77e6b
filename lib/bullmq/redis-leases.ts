import { randomUUID } from 'node:crypto';
import type { Lease } from '../queue/durable-queue.js';
import { LeaseTime } from './lease-time.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';

interface HeldLease {
  key: string;
  token: string;
  time: LeaseTime;
  timer: NodeJS.Timeout;
}

/** Exclusive locks of an engine. One process holds each lock at a time. */
export class RedisLeases {
  readonly #held = new Set<HeldLease>();

  constructor(
    private readonly link: RedisLink,
    private readonly keys: RedisKeys,
    private readonly leaseMs: number,
  ) {}

  /** @returns undefined while another holder has the lock */
  async take(name: string): Promise<Lease | undefined> {
    const key = this.keys.lease(name);
    const token = randomUUID();
    const time = new LeaseTime(this.leaseMs);
    const confirm = time.startRenewal();
    if ((await this.link.run((redis) => redis.set(key, token, 'PX', this.leaseMs, 'NX'))) === null) return undefined;
    confirm();
    const lease: HeldLease = { key, token, time, timer: setInterval(() => void this.#renew(lease), this.leaseMs / 4) };
    this.#held.add(lease);
    return { isValid: () => !this.link.isClosed && time.isHeld, release: () => this.#release(lease) };
  }

  /** Releases all locks of this process. */
  async close(): Promise<void> {
    await Promise.all([...this.#held].map((lease) => this.#release(lease)));
  }

  async #renew(lease: HeldLease): Promise<void> {
    const confirm = lease.time.startRenewal();
    try {
      const answer = await this.link.script<number>('oursms:lease', lease.key, lease.token, this.leaseMs);
      if (answer === 1) return confirm();
      lease.time.lose();
      this.#drop(lease);
    } catch {
      // The next renewal tries again, and the lease runs out meanwhile.
    }
  }

  async #release(lease: HeldLease): Promise<void> {
    if (!this.#held.has(lease)) return;
    this.#drop(lease);
    lease.time.lose();
    // Without an answer, the lease runs out by itself.
    await this.link.scriptUnchecked('oursms:lease', lease.key, lease.token, 0).catch(() => undefined);
  }

  #drop(lease: HeldLease): void {
    clearInterval(lease.timer);
    this.#held.delete(lease);
  }
}
