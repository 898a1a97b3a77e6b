import type { CampaignTracking } from '../campaign-tracking.js';
import type { CampaignLedger } from '../store/campaign-ledger.js';
import type { CampaignKey } from '../store/campaign-record.js';
import { EMIT_EVERY_MS } from './progress-meter.js';

/** Minimum time between two recounts, as a multiple of the duration of a recount. */
const FACTOR = 20;

/** Counts the results of a campaign again, over all processes: seldom enough to cost little. */
export class Recounts {
  /** `performance.now()`. */
  #dueAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;

  /** @param onCounted Called after each count. */
  constructor(
    private readonly ledger: CampaignLedger,
    private readonly onCounted: () => void,
  ) {}

  /** Whether the last count is long enough ago. */
  get isDue(): boolean {
    return performance.now() >= this.#dueAt;
  }

  async count(): Promise<void> {
    const startedAt = performance.now();
    await this.ledger.count();
    const now = performance.now();
    this.#dueAt = now + (now - startedAt) * FACTOR;
    this.onCounted();
  }

  /** Counts when this process receives reports of the campaign. Only tracked campaigns have reports. */
  follow(tracking: CampaignTracking | undefined, key: CampaignKey): void {
    if (!this.ledger.isTracked) return;
    this.#unsubscribe = tracking?.follow(key, () => {
      this.#timer ??= setTimeout(
        () => {
          this.#timer = undefined;
          // The next report tries again when the store is unavailable.
          this.count().catch(() => undefined);
        },
        Math.max(EMIT_EVERY_MS, this.#dueAt - performance.now()),
      );
    });
  }

  /** Ends {@link follow}. */
  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
