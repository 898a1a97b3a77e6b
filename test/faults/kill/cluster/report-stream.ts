import type { GatewaySimulator } from 'nestjs-oursms/testing';
import type { Seeded } from '../../../support/seeded.js';

/** Reports at the gateway beyond which it gets no new ones. */
const MOST_WAITING = 200;
/** Of so many reports, one has a listener that fails for a while. */
const FAILING = 12;
const FAILS_MS = 1_500;

/** Reports that come to be at the gateway. */
export class ReportStream {
  #pushed = 0;
  #isOver = false;

  constructor(
    private readonly gateway: GatewaySimulator,
    private readonly random: Seeded,
  ) {}

  /** Reports that are at the gateway. */
  get waiting(): number {
    return this.#pushed - this.gateway.totals.handedOut;
  }

  push(count: number): void {
    if (this.#isOver || this.waiting > MOST_WAITING) return;
    for (let i = 0; i < count; i++) {
      const failsUntil = this.random.next(FAILING) === 0 ? Date.now() + this.random.next(FAILS_MS) : 0;
      this.gateway.pushReport('demo', { msgId: `m${this.#pushed++}`, status: 'delivered', failsUntil });
    }
  }

  /** No more come. */
  end(): void {
    this.#isOver = true;
  }
}
