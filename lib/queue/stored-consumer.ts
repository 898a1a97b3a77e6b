import { Logger } from '@nestjs/common';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { JobHandler, Verdict } from './durable-queue.js';
import type { JobPicker } from './job-picker.js';
import type { ActiveJob, StoredQueue } from './stored-queue.js';

/** When a handler rejects, which it should not. */
const AFTER_A_FAULT_MS = 1_000;
/** A timer cannot wait longer. */
const LONGEST_WAIT_MS = 2_147_483_647;

/** Hands out the jobs of a queue, as many at a time as it may, and settles them. */
export class StoredConsumer<T> {
  readonly #logger = new Logger('OurSmsQueue');
  readonly #tasks = new Set<Promise<void>>();
  #running: Promise<void> | undefined;
  #woken = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly queue: StoredQueue<T>,
    private readonly picker: JobPicker,
    private readonly handler: JobHandler<T>,
    private readonly concurrency: number,
  ) {}

  /** Looks for jobs: there may be new ones, or room for more. */
  wake(): void {
    if (this.#stopped) return;
    this.#woken = true;
    this.#running ??= this.#handOutAll().finally(() => {
      this.#running = undefined;
      if (this.#woken) this.wake();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
    await Promise.all(this.#tasks);
  }

  async #handOutAll(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      while (this.#woken && !this.#stopped) {
        this.#woken = false;
        const room = this.concurrency - this.#tasks.size;
        const jobs = room > 0 ? await this.queue.handOut(room) : [];
        for (const job of jobs) this.#start(job);
        if (jobs.length > 0) this.#woken = true;
      }
      await this.#armTimer();
    } catch (error) {
      // Woken again when the store was opened again; the writer says why it is away.
      this.#woken = false;
      if (!(error instanceof OurSmsStorageError)) this.#logger.error(`The queue failed: ${nameOf(error)}`);
    }
  }

  #start(job: ActiveJob<T>): void {
    const task = this.#handle(job).finally(() => {
      this.#tasks.delete(task);
      this.wake();
    });
    this.#tasks.add(task);
  }

  async #handle(job: ActiveJob<T>): Promise<void> {
    let verdict: Verdict<T>;
    try {
      verdict = await this.handler(job);
    } catch (error) {
      if (!(error instanceof OurSmsStorageError)) this.#logger.error(`The handler of a job failed: ${nameOf(error)}`);
      verdict = { kind: 'again', inMs: AFTER_A_FAULT_MS };
    }
    // A verdict that cannot be written is lost, and the job is handed out again when the store is back.
    await this.queue.settle(job, verdict).catch(() => undefined);
  }

  async #armTimer(): Promise<void> {
    if (this.#stopped || this.#tasks.size >= this.concurrency) return;
    const inMs = await this.picker.nextDueInMs();
    if (inMs === undefined || this.#stopped) return;
    this.#timer = setTimeout(() => this.wake(), Math.min(inMs, LONGEST_WAIT_MS));
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'not an Error');
