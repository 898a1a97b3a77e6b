/** Largest number of pushes, and of jobs, that are remembered. */
const MAX_KNOWN = 10_000;
/** A push is forgotten after this time: another process may have handled it. */
const KNOWN_MS = 600_000;

interface KnownPush {
  written: Promise<void>;
  /** `performance.now()`. */
  since: number;
}

/** Remembers the pushes that this process has accepted and not handled yet, so that a repeat is not stored again. */
export class KnownPushes {
  readonly #pushes = new Map<string, KnownPush>();
  /** Names of the pushes in each job, by its id. */
  readonly #jobs = new Map<string, readonly string[]>();

  /** Promise of the write of a push; undefined when the push is not known. */
  written(name: string): Promise<void> | undefined {
    const known = this.#pushes.get(name);
    return known && performance.now() - known.since < KNOWN_MS ? known.written : undefined;
  }

  /** Remembers a push. If its write fails, call {@link forget}. */
  add(name: string, written: Promise<void>): void {
    this.#pushes.set(name, { written, since: performance.now() });
    forgetOldest(this.#pushes);
  }

  /** Remembers which pushes a job holds. */
  writtenAs(job: string, names: readonly string[]): void {
    this.#jobs.set(job, names);
    forgetOldest(this.#jobs);
  }

  /** Forgets pushes that were handled, or could not be written. */
  forget(names: readonly string[]): void {
    for (const name of names) this.#pushes.delete(name);
  }

  /** Forgets the pushes of a handled job. */
  forgetJob(job: string): void {
    this.forget(this.#jobs.get(job) ?? []);
    this.#jobs.delete(job);
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= MAX_KNOWN) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
