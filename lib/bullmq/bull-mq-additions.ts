import { randomUUID } from 'node:crypto';
import { Job as BullJob, type IRedisTransaction } from 'bullmq';
import type { ChainableCommander } from 'ioredis';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { NewJob, NoteChange } from '../queue/durable-queue.js';
import type { BullMqAccess } from './bull-mq-access.js';
import { DUE, PLAIN } from './bull-mq-jobs.js';
import { bullJobId } from './redis-keys.js';
import { noteArguments } from './redis-notes.js';

/** How long it is known that a list was added, in case that the answer is lost. */
const KNOWN_MS = 3_600_000;
/** The same for a list that is kept elsewhere until it was added: that process may be started again much later. */
const KNOWN_LONG_MS = 30 * 24 * KNOWN_MS;
/** Jobs of lists without an answer that are remembered. */
const MOST_UNCERTAIN = 10_000;

/** Adds jobs to a queue. */
export class BullMqAdditions<T> {
  /** The jobs that may have been added although no answer came, and the key that says so. */
  readonly #uncertain = new Map<string, string>();

  constructor(private readonly access: BullMqAccess) {}

  /** Adds the jobs that are not there yet, and changes notes, all at once. */
  async add(jobs: readonly NewJob<T>[], notes: readonly NoteChange[]): Promise<void> {
    const { link, keys } = this.access;
    const all = prepared(jobs);
    const known = await this.#addedUnheard(all);
    const fresh = all.filter(({ bullId }) => !known.has(bullId));
    const addition = keys.addition(randomUUID());
    try {
      await link.run(() => this.#write(fresh, notes, addition, KNOWN_MS));
      for (const { bullId } of all) this.#uncertain.delete(bullId);
    } catch (error) {
      if (error instanceof OurSmsStorageError && error.fault === 'unreachable') this.#remember(fresh, addition);
      throw error;
    }
  }

  /** Adds a list once, however often it is tried, also by a later process. @param id Names the list. */
  async addOnce(id: string, jobs: readonly NewJob<T>[], notes: readonly NoteChange[]): Promise<void> {
    const { link, keys } = this.access;
    const addition = keys.addition(id);
    const all = prepared(jobs);
    await link.run(async () => {
      if ((await this.#exists(addition)) === 0) await this.#write(all, notes, addition, KNOWN_LONG_MS);
    });
  }

  /** A list is not tried again. */
  async forgetOnce(id: string): Promise<void> {
    await this.access.link.runLast((redis) => redis.del(this.access.keys.addition(id)));
  }

  #write(
    jobs: readonly PreparedJob[],
    notes: readonly NoteChange[],
    addition: string,
    knownMs: number,
  ): Promise<unknown> {
    const { access } = this;
    const ids = jobs.map(({ bullId }) => bullId);
    return access.transaction((multi, backend) => {
      // Also makes Redis refuse all of it, and not a part, when its memory is full.
      if (jobs.length > 0) plain(multi).set(addition, '1', 'PX', knownMs);
      for (const { bullId, data, options } of jobs) {
        const job = new BullJob(access.queue, 'job', null, options, bullId).asJSON();
        void backend.addJobToTransaction(multi, { ...job, data }, bullId);
      }
      const { noteNames, noteTexts } = access.keys;
      const what = [access.key(''), Date.now(), ids.length, ...ids, ...noteArguments(notes)];
      multi.runCommand('oursms:added', [noteNames, noteTexts, access.added, ...what]);
    });
  }

  /** Which of these jobs were added although no answer came. */
  async #addedUnheard(jobs: readonly PreparedJob[]): Promise<Set<string>> {
    const known = new Set<string>();
    for (const { bullId } of this.#uncertain.size > 0 ? jobs : []) {
      const addition = this.#uncertain.get(bullId);
      if (addition !== undefined && (await this.access.link.run(() => this.#exists(addition))) === 1) known.add(bullId);
    }
    return known;
  }

  async #exists(key: string): Promise<number> {
    return this.access.link.runLast((redis) => redis.exists(key));
  }

  #remember(jobs: readonly PreparedJob[], addition: string): void {
    for (const { bullId } of jobs) this.#uncertain.set(bullId, addition);
    for (const bullId of this.#uncertain.keys()) {
      if (this.#uncertain.size <= MOST_UNCERTAIN) return;
      this.#uncertain.delete(bullId);
    }
  }
}

type PreparedJob = ReturnType<typeof prepared>[number];

/** @throws {TypeError} for what cannot be written as JSON, before anything is sent */
const prepared = (jobs: readonly NewJob<unknown>[]) =>
  jobs.map(({ id, data, delayMs = 0, attempts = 0 }) => {
    const isDelayed = delayMs > 0;
    const options = {
      priority: isDelayed ? DUE : PLAIN,
      ...(isDelayed && { delay: Math.ceil(delayMs) }),
      removeOnComplete: true,
      removeOnFail: false,
      stackTraceLimit: 0,
      // BullMQ keeps what it does not know.
      oursms: attempts,
    };
    return { bullId: bullJobId(id), data: JSON.stringify(data) ?? 'null', options };
  });

/** The transaction as ioredis made it: BullMQ shows less of it. */
const plain = (multi: IRedisTransaction): ChainableCommander => multi as unknown as ChainableCommander;
