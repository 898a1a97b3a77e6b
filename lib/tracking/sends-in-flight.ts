/** The tracked sends of this process whose answer has not come, or is being kept. */
export class SendsInFlight {
  readonly #open = new Map<string, { answered: Promise<void>; end: () => void }>();
  readonly #noting = new Set<Promise<unknown>>();

  begin(id: string): void {
    let end = (): void => undefined;
    const answered = new Promise<void>((resolve) => (end = resolve));
    this.#open.set(id, { answered, end });
  }

  /** Its answer has come. @param noting Settles when what it said is kept. */
  end(id: string, noting: Promise<unknown>): void {
    const noted = noting.finally(() => {
      this.#noting.delete(noted);
      this.#open.get(id)?.end();
      this.#open.delete(id);
    });
    // Where it cannot be kept, the outcome counts as unknown.
    noted.catch(() => undefined);
    this.#noting.add(noted);
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Resolves when the send has its answer; undefined when it is not in flight here. */
  of(id: string): Promise<void> | undefined {
    return this.#open.get(id)?.answered;
  }

  /** Resolves when all answers that have come are kept, or cannot be. */
  async noted(): Promise<void> {
    if (this.#noting.size > 0) await Promise.allSettled(this.#noting);
  }
}
