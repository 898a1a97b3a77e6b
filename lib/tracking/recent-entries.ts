/**
 * A map of the newest entries, with a bound: it holds at least `most` of them, and up to twice as many.
 *
 * The older half goes at once: a `Map` that loses its oldest entry for each new one is searched from its start each time,
 * through all that was deleted.
 */
export class RecentEntries<V> {
  #newer = new Map<string, V>();
  #older = new Map<string, V>();

  constructor(private readonly most: number) {}

  get(key: string): V | undefined {
    return this.#newer.get(key) ?? this.#older.get(key);
  }

  has(key: string): boolean {
    return this.#newer.has(key) || this.#older.has(key);
  }

  /** Keeps a value as the newest. */
  set(key: string, value: V): void {
    this.#newer.set(key, value);
    if (this.#newer.size < this.most) return;
    this.#older = this.#newer;
    this.#newer = new Map();
  }

  delete(key: string): void {
    this.#newer.delete(key);
    this.#older.delete(key);
  }
}
