import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { oneLine } from '../errors/one-line.js';
import type { LockPatience, NewJob, NoteChange } from '../queue/durable-queue.js';
import { nameOf } from '../queue/name-of.js';
import { StoredEngine } from '../queue/stored-engine.js';

const RETRY_MS = 1_000;
/** Digits of the time in a key: with leading zeros, keys sort by time. */
const DIGITS = 15;

/** A batch of jobs that is not in Redis yet. */
export interface SpooledJobs {
  id: string;
  queue: string;
  jobs: readonly NewJob<unknown>[];
  notes: readonly NoteChange[];
}

/** The destination of a spool. */
export interface SpoolTarget {
  /** Adds a batch. A repeated call with the same `id` adds nothing. */
  deliver(spooled: SpooledJobs): Promise<void>;
  /** Forgets that a batch was added: it is not delivered again. */
  forget(spooled: SpooledJobs): Promise<void>;
  /** Resolves when another try may succeed, or after `ms`. */
  changed(ms: number): Promise<void>;
}

interface Entry {
  /** Its key. Keys sort in the order of arrival. */
  name: string;
  spooled: SpooledJobs;
  /** Whether Redis has it. */
  isDelivered?: boolean;
  /** Called after each try, successful or not. */
  onTried: () => void;
}

/** Stores jobs in a directory of this process until Redis has them. */
export class Spool {
  readonly #logger = new Logger('OurSmsSpool');
  readonly #entries: Entry[] = [];
  #lastAt = 0;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #hasWarned = false;

  private constructor(
    private readonly local: StoredEngine,
    private readonly path: string,
    private readonly target: SpoolTarget,
  ) {}

  /**
   * Opens a spool, and delivers the jobs that an earlier process left in it.
   *
   * @throws {OurSmsStorageError} when the directory cannot be used
   */
  static async open(directory: string, target: SpoolTarget, patience?: LockPatience): Promise<Spool> {
    const spool = new Spool(await StoredEngine.inDirectory(directory, 'spool', patience), directory, target);
    await spool.#load();
    return spool;
  }

  /** Adds jobs. Resolves when the disk or Redis has them. @throws {OurSmsStorageError} when neither accepts them */
  async add(queue: string, jobs: readonly NewJob<unknown>[], notes: readonly NoteChange[]): Promise<void> {
    const spooled: SpooledJobs = { id: randomUUID(), queue, jobs, notes };
    const text = JSON.stringify(spooled);
    const name = this.#nextName();
    try {
      await this.local.note(name, text);
    } catch (error) {
      if (this.#isClosed) throw error;
      return this.target.deliver(spooled);
    }
    await new Promise<void>((onTried) => {
      this.#entries.push({ name, spooled, onTried });
      this.#start();
    });
  }

  /** Number of jobs of a queue that are not in Redis yet. */
  count(queue: string): number {
    const own = this.#entries.filter(({ spooled, isDelivered }) => spooled.queue === queue && !isDelivered);
    return own.reduce((sum, { spooled }) => sum + spooled.jobs.length, 0);
  }

  /** The latest change of a note that is not in Redis yet; undefined when there is none. */
  noteChange(name: string): NoteChange | undefined {
    return this.#entries.flatMap(({ spooled }) => spooled.notes).findLast((change) => change.name === name);
  }

  checkRoom(bytes: number): Promise<void> {
    return this.local.checkRoom(bytes);
  }

  checkWritable(): Promise<void> {
    return this.local.checkWritable();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
    await this.local.close();
  }

  async #load(): Promise<void> {
    for await (const { name, text } of this.local.notes('')) {
      this.#entries.push({ name, spooled: JSON.parse(text) as SpooledJobs, onTried: () => undefined });
      // The clock may have been set back since.
      this.#lastAt = Number(name.slice(0, DIGITS));
    }
    this.#start();
  }

  #start(): void {
    this.#running ??= this.#deliverAll().finally(() => {
      this.#running = undefined;
      if (this.#entries.length > 0 && !this.#isClosed) this.#start();
    });
  }

  async #deliverAll(): Promise<void> {
    for (let entry = this.#entries[0]; entry && !this.#isClosed; entry = this.#entries[0]) {
      try {
        await this.#deliver(entry);
      } catch (error) {
        this.#warn(error);
        for (const { onTried } of this.#entries) onTried();
        if (!this.#hasClosed()) await this.target.changed(RETRY_MS);
      }
    }
    for (const { onTried } of this.#entries) onTried();
    if (this.#entries.length === 0 && this.#hasWarned) {
      this.#logger.log(`All downloads kept in ${oneLine(this.path)} are in Redis now.`);
      this.#hasWarned = false;
    }
  }

  /** Deletes a batch here before Redis forgets it: after a crash in between, Redis still knows that it has the batch. */
  async #deliver(entry: Entry): Promise<void> {
    const { name, spooled, onTried } = entry;
    await this.target.deliver(spooled);
    entry.isDelivered = true;
    await this.local.forget(name);
    this.#entries.shift();
    onTried();
    await this.target.forget(spooled).catch(() => undefined);
  }

  #warn(error: unknown): void {
    if (this.#hasWarned || this.#isClosed) return;
    this.#hasWarned = true;
    const why = error instanceof OurSmsStorageError ? error.message : nameOf(error);
    this.#logger.warn(
      `Downloads of delivery reports are kept in ${oneLine(this.path)} until Redis accepts them: ${why}`,
    );
  }

  #nextName(): string {
    this.#lastAt = Math.max(Date.now(), this.#lastAt + 1);
    return `${String(this.#lastAt).padStart(DIGITS, '0')}-${randomUUID()}`;
  }

  /** A method: TypeScript would not see that the field changes during an await. */
  #hasClosed(): boolean {
    return this.#isClosed;
  }
}
