/** Options of {@link RepeatedLook}. */
interface RepeatedLookOptions {
  /** Looks once. */
  look: () => Promise<void>;
  /** Milliseconds until the next look, called at the start and after each look. Infinity: no next look. */
  everyMs: () => number;
  /** Called when a look fails, unless the look before it failed too. */
  onFailure?: (error: unknown) => void;
}

/** Looks repeatedly until it is stopped; looks never overlap. */
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

  /** Starts no more looks. A running look continues. */
  stop(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves once no look is running. */
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
