/** Texts in the memory of this process that expire. */
export class ExpiringNotes {
  /** `until` is a time of the monotonic clock. */
  readonly #kept = new Map<string, { text: string; until: number }>();

  set(name: string, text: string, ttlMs: number): void {
    const now = performance.now();
    for (const [other, { until }] of this.#kept) if (until <= now) this.#kept.delete(other);
    this.#kept.set(name, { text, until: now + ttlMs });
  }

  get(name: string): string | undefined {
    const kept = this.#kept.get(name);
    return kept && kept.until > performance.now() ? kept.text : undefined;
  }
}
