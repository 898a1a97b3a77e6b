/**
 * A bounded map of the newest entries: it has at least the newest `most`, and up to twice as many.
 *
 * It drops the older half at once. Dropping the oldest entry for each new one is slow: a `Map` searches for its first entry
 * through all deleted ones.
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

  /** Sets a value as the newest. */
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
