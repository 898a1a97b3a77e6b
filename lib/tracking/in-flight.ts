/** Requests of this process by key, from their start until their answer is stored. */
export class InFlight {
  readonly #open = new Map<string, { answered: Promise<void>; end: () => void }>();

  begin(key: string): void {
    this.end(key);
    let end = (): void => undefined;
    const answered = new Promise<void>((resolve) => (end = resolve));
    this.#open.set(key, { answered, end });
  }

  /** Call it when the answer is stored, or when there is none. */
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

  /** A copy of all requests that are in flight now. */
  now(): ReadonlyMap<string, Promise<void>> {
    return new Map([...this.#open].map(([key, { answered }]) => [key, answered]));
  }
}
