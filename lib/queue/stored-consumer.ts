import { setImmediate as nextTurn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { JobHandler, JobOutcome } from './durable-queue.js';
import type { ActiveJob, ActiveJobs } from './active-jobs.js';
import { describeFault, MOST_FAULTS, outcomeOfFault } from './faulty-handler.js';
import { nameOf } from './name-of.js';

/** Delay after an unexpected error. */
const RETRY_AFTER_FAULT_MS = 1_000;
/** Longest delay of a Node.js timer. */
const MAX_WAIT_MS = 2_147_483_647;

/** Delivers the jobs of a queue to a handler, at most `concurrency` at the same time, and settles them. */
export class StoredConsumer<T> {
  readonly #logger = new Logger('OurSmsQueue');
  /** One promise for each delivered job without a durable outcome. */
  readonly #tasks = new Set<Promise<void>>();
  /** Number of delivered jobs whose handlers have not returned an outcome. */
  #handling = 0;
  #running: Promise<void> | undefined;
  #woken = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly jobs: ActiveJobs<T>,
    private readonly handler: JobHandler<T>,
    private readonly concurrency: number,
    private readonly idleAtFirst = false,
    private readonly maxFaults = MOST_FAULTS,
  ) {}

  /** Call when there may be new jobs or free slots. */
  wake(): void {
    if (this.#stopped) return;
    this.#woken = true;
    this.#running ??= this.#deliverAll().finally(() => {
      this.#running = undefined;
      if (this.#woken) this.wake();
    });
  }

  /** Number of jobs that can be delivered now by the write that adds them. Always 0 with `idleAtFirst`: delivery needs no write then. */
  get slotsForAdded(): number {
    return this.#stopped || this.#running || this.idleAtFirst ? 0 : this.#freeSlots;
  }

  /**
   * A returned outcome frees a slot before it is durable, so that one write can settle a job and mark the next one. At most
   * twice `concurrency` jobs have no durable outcome, since the store may not be available.
   */
  get #freeSlots(): number {
    return Math.min(this.concurrency - this.#handling, 2 * this.concurrency - this.#tasks.size);
  }

  /**
   * Delivers jobs that are being added. They occupy slots at once, and their handlers start when the jobs are durable.
   *
   * @param jobs A function that reads the job, for each job.
   */
  deliverAdded(jobs: readonly (() => ActiveJob<T>)[], added: Promise<void>): void {
    this.#handling += jobs.length;
    for (const job of jobs) {
      this.#track(
        added.then(nextTurn).then(
          () => this.#handle(job()),
          () => void (this.#handling -= 1),
        ),
      );
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
    await Promise.all(this.#tasks);
  }

  async #deliverAll(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      while (this.#woken && !this.#stopped) {
        this.#woken = false;
        const slots = this.#freeSlots;
        // Outcomes whose write is delayed occupy the slots.
        if (slots <= 0 && this.#handling < this.concurrency) this.jobs.flush();
        const jobs = slots > 0 ? await this.jobs.next(slots, this.idleAtFirst) : [];
        this.#handling += jobs.length;
        for (const job of jobs) this.#track(this.#handle(job));
        if (jobs.length > 0) this.#woken = true;
      }
      if (this.#freeSlots > 0) this.#wakeIn(await this.jobs.nextDueInMs());
    } catch (error) {
      this.#woken = false;
      // Recovery of the store wakes the consumer; the writer has logged the error.
      if (error instanceof OurSmsStorageError) return;
      this.#logger.error(
        `The jobs of a queue could not be delivered (${nameOf(error)}): retry in ${RETRY_AFTER_FAULT_MS} ms`,
      );
      this.#wakeIn(RETRY_AFTER_FAULT_MS);
    }
  }

  #track(handling: Promise<void>): void {
    const task = handling.finally(() => {
      this.#tasks.delete(task);
      this.wake();
    });
    this.#tasks.add(task);
  }

  async #handle(job: ActiveJob<T>): Promise<void> {
    const isStopping = (): boolean => this.#stopped;
    try {
      const outcome = await this.#outcomeOf(job);
      await this.jobs.settle(job, outcome, isStopping, !this.#stopped);
    } catch (error) {
      const outcome = outcomeOfFault(error, job.faults + 1, this.maxFaults);
      if (!(error instanceof OurSmsStorageError)) this.#logger.error(describeFault(error, job.id, outcome));
      await this.jobs.settle(job, outcome, isStopping);
    }
  }

  async #outcomeOf(job: ActiveJob<T>): Promise<JobOutcome<T>> {
    try {
      // Stopped before the handler was called: the job is requeued unchanged.
      return this.#stopped ? { kind: 'again', inMs: 0, uncounted: true } : await this.handler(job);
    } finally {
      this.#handling -= 1;
      this.wake();
    }
  }

  #wakeIn(ms: number | undefined): void {
    clearTimeout(this.#timer);
    if (ms === undefined || this.#stopped) return;
    this.#timer = setTimeout(() => this.wake(), Math.min(ms, MAX_WAIT_MS));
  }
}
