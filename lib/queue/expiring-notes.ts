/** Fewer texts than this are not worth a search for expired ones. */
const FEW = 64;

/** Texts in the memory of this process that expire. */
export class ExpiringNotes {
  /** `until` is a time of the monotonic clock. */
  readonly #kept = new Map<string, { text: string; until: number }>();
  /** Number of texts at which expired ones are deleted. */
  #sweepAt = FEW;

  /** Number of texts in memory, with expired ones that are not deleted yet. */
  get size(): number {
    return this.#kept.size;
  }

  set(name: string, text: string, ttlMs: number): void {
    const now = performance.now();
    this.#kept.set(name, { text, until: now + ttlMs });
    if (this.#kept.size >= this.#sweepAt) this.#sweep(now);
  }

  get(name: string): string | undefined {
    const kept = this.#kept.get(name);
    return kept && kept.until > performance.now() ? kept.text : undefined;
  }

  /** Deletes the expired texts. Not at each addition: the time for one would grow with their number. */
  #sweep(now: number): void {
    for (const [name, { until }] of this.#kept) if (until <= now) this.#kept.delete(name);
    this.#sweepAt = Math.max(FEW, 2 * this.#kept.size);
  }
}
