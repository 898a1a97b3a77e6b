import type { NewJob } from '../queue/durable-queue.js';
import type { RedisLink } from './redis-link.js';

/** Jobs that are remembered. */
const MOST = 10_000;

/** Remembers jobs that may be in Redis although the answer to their addition was lost. */
export class UncertainAdditions {
  /** The key that exists in Redis if the addition succeeded, by the id of the job. */
  readonly #keys = new Map<string, string>();

  constructor(private readonly link: RedisLink) {}

  /** The ids of these jobs that Redis has from an addition without an answer. @throws {OurSmsStorageError} */
  async found(jobs: readonly NewJob<unknown>[]): Promise<Set<string>> {
    const found = new Set<string>();
    for (const { id } of this.#keys.size > 0 ? jobs : []) {
      const key = this.#keys.get(id);
      if (key !== undefined && (await this.link.run((redis) => redis.exists(key))) === 1) found.add(id);
    }
    return found;
  }

  remember(jobs: readonly { id: string }[], key: string): void {
    for (const { id } of jobs) this.#keys.set(id, key);
    for (const id of this.#keys.keys()) {
      if (this.#keys.size <= MOST) return;
      this.#keys.delete(id);
    }
  }

  forget(jobs: readonly NewJob<unknown>[]): void {
    for (const { id } of jobs) this.#keys.delete(id);
  }
}
