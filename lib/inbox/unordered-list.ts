/** An item of an {@link UnorderedList}. */
export interface Listed {
  /** Its index in the list; undefined while it is in none. */
  at?: number;
}

/**
 * A list without an order, to which an item is added and from which it is deleted in constant time.
 *
 * Not a Set: when V8 rebuilds the table of a Set, the former table refers to the new one. Once one such table is in the old
 * generation, it and every later one keep the items that were deleted from them until the next full garbage collection.
 */
export class UnorderedList<T extends Listed> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The items of this moment. */
  get all(): T[] {
    return [...this.#items];
  }

  add(item: T): void {
    item.at = this.#items.length;
    this.#items.push(item);
  }

  /** @returns Whether the item was in the list. */
  delete(item: T): boolean {
    const { at } = item;
    if (at === undefined) return false;
    const last = this.#items.pop() as T;
    if (last !== item) {
      this.#items[at] = last;
      last.at = at;
    }
    item.at = undefined;
    return true;
  }

  find(test: (item: T) => boolean): T | undefined {
    return this.#items.find(test);
  }
}
