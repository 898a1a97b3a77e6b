import { UnorderedList, type Listed } from './unordered-list.js';

interface Running extends Listed {
  /** When it has run for too long (`performance.now()`). */
  endsAt: number;
  reject: (error: Error) => void;
}

/** Limits the time of promises. One timer serves all of them, since nearly all settle long before it fires. */
export class Deadline {
  readonly #running = new UnorderedList<Running>();
  #timer: NodeJS.Timeout | undefined;

  /** @param timeoutMs Milliseconds that each promise may take. */
  constructor(private readonly timeoutMs: number) {}

  /** Resolves as the promise does; rejects after the timeout, and then ignores the later result. */
  within<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const running: Running = { endsAt: performance.now() + this.timeoutMs, reject, at: undefined };
      this.#running.add(running);
      if (this.#timer === undefined) this.#wakeIn(this.timeoutMs);
      promise.then(
        (value) => {
          this.#running.delete(running);
          resolve(value);
        },
        (error: Error) => {
          this.#running.delete(running);
          reject(error);
        },
      );
    });
  }

  #wakeIn(ms: number): void {
    // The timer must not keep the process alive.
    this.#timer = setTimeout(() => this.#rejectLate(), ms).unref();
  }

  #rejectLate(): void {
    this.#timer = undefined;
    const now = performance.now();
    let next = Infinity;
    for (const running of this.#running.all) {
      if (running.endsAt > now) next = Math.min(next, running.endsAt);
      else {
        this.#running.delete(running);
        running.reject(new Error(`it did not finish within ${this.timeoutMs} ms`));
      }
    }
    if (next < Infinity) this.#wakeIn(Math.ceil(next - now));
  }
}
