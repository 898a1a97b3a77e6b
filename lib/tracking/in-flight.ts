/** Requests of this process that have no answer yet, or whose answer is being kept, by a key. */
export class InFlight {
  readonly #open = new Map<string, { answered: Promise<void>; end: () => void }>();

  begin(key: string): void {
    this.end(key);
    let end = (): void => undefined;
    const answered = new Promise<void>((resolve) => (end = resolve));
    this.#open.set(key, { answered, end });
  }

  /** What its answer said is kept, or there is none. */
  end(key: string): void {
    this.#open.get(key)?.end();
    this.#open.delete(key);
  }

  has(key: string): boolean {
    return this.#open.has(key);
  }

  /** Resolves when the request has ended; undefined when it is not in flight. */
  of(key: string): Promise<void> | undefined {
    return this.#open.get(key)?.answered;
  }

  /** All of them, as they are now. */
  now(): ReadonlyMap<string, Promise<void>> {
    return new Map([...this.#open].map(([key, { answered }]) => [key, answered]));
  }
}
