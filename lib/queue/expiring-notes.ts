/** Texts in the memory of this process, each with an end. */
export class ExpiringNotes {
  /** Their ends are measured by a clock that is never set. */
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
