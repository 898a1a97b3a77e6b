/** Pushes that are known at the most. */
const MOST_KNOWN = 10_000;
/** How long a push is known: another process may have handled it long ago. */
const KNOWN_MS = 600_000;

interface KnownPush {
  written: Promise<void>;
  /** `performance.now()`. */
  since: number;
}

/** The pushes that this process has taken and not handled yet: a repeat of one of them adds nothing. */
export class KnownPushes {
  readonly #pushes = new Map<string, KnownPush>();
  /** The names of the pushes in each job. */
  readonly #jobs = new Map<string, readonly string[]>();

  /** Resolves when the push of this name is durable; undefined when it is not known. */
  written(name: string): Promise<void> | undefined {
    const known = this.#pushes.get(name);
    return known && performance.now() - known.since < KNOWN_MS ? known.written : undefined;
  }

  /** Knows a push from now on, unless its write fails. */
  add(name: string, written: Promise<void>): void {
    this.#pushes.set(name, { written, since: performance.now() });
    forgetOldest(this.#pushes);
  }

  /** Pushes were written as one job. */
  writtenAs(job: string, names: readonly string[]): void {
    this.#jobs.set(job, names);
    forgetOldest(this.#jobs);
  }

  /** Pushes are not in the queue any more, or not at all. */
  forget(names: readonly string[]): void {
    for (const name of names) this.#pushes.delete(name);
  }

  /** The pushes of a job were handled. */
  forgetJob(job: string): void {
    this.forget(this.#jobs.get(job) ?? []);
    this.#jobs.delete(job);
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= MOST_KNOWN) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
