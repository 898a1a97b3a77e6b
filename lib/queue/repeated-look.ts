/** Options of {@link RepeatedLook}. */
interface RepeatedLookOptions {
  /** Looks once. */
  look: () => Promise<void>;
  /** Milliseconds to the next look, asked at the start and at the end of each look. Infinity: there is none. */
  everyMs: () => number;
  /** Called when a look fails, but for those that fail after another. */
  onFailure?: (error: unknown) => void;
}

/** Looks again and again, from its start until it is stopped. */
export class RepeatedLook {
  #isOn = false;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isFailing = false;

  constructor(private readonly options: RepeatedLookOptions) {}

  /** @param firstInMs Milliseconds until the first look. */
  start(firstInMs = this.options.everyMs()): void {
    this.#isOn = true;
    if (this.#timer !== undefined || this.#looking !== undefined || firstInMs === Infinity) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#looking = this.#lookOnce().finally(() => {
        this.#looking = undefined;
        if (this.#isOn) this.start();
      });
    }, firstInMs);
  }

  /** Looks no more, but for a look that is under way. */
  stop(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves when no look is under way. */
  async ended(): Promise<void> {
    await this.#looking;
  }

  async #lookOnce(): Promise<void> {
    try {
      await this.options.look();
      this.#isFailing = false;
    } catch (error) {
      if (this.#isOn && !this.#isFailing) this.options.onFailure?.(error);
      this.#isFailing = true;
    }
  }
}
