import { Logger } from '@nestjs/common';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { JobHandler, JobOutcome } from './durable-queue.js';
import type { ActiveJob, ActiveJobs } from './active-jobs.js';
import { describeFault, MOST_FAULTS, outcomeOfFault } from './faulty-handler.js';
import { nameOf } from './name-of.js';

/** When the queue cannot be read for an unknown reason. */
const AFTER_A_FAULT_MS = 1_000;
/** A timer cannot wait longer. */
const LONGEST_WAIT_MS = 2_147_483_647;

/** Delivers the jobs of a queue, as many at a time as it may, and settles them. */
export class StoredConsumer<T> {
  readonly #logger = new Logger('OurSmsQueue');
  /** Jobs that are delivered, until their outcomes are durable. */
  readonly #tasks = new Set<Promise<void>>();
  /** Those of them whose handlers have not given an outcome. */
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
    private readonly mostFaults = MOST_FAULTS,
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

  /** How many jobs can be delivered now by the write that adds them. Where delivery takes no write, there is no need to. */
  get room(): number {
    return this.#stopped || this.#running || this.idleAtFirst ? 0 : this.#room;
  }

  /**
   * A job makes room with its outcome, so that the next one can begin by the write that settles it. As many as are handled may wait
   * for that write: no more, since the store may be away.
   */
  get #room(): number {
    return Math.min(this.concurrency - this.#handling, 2 * this.concurrency - this.#tasks.size);
  }

  /**
   * Takes jobs that are being added as delivered. They count as running at once, and begin when they are durable.
   *
   * @param jobs Reads each of them.
   */
  take(jobs: readonly (() => ActiveJob<T>)[], added: Promise<void>): void {
    this.#handling += jobs.length;
    for (const job of jobs) {
      this.#keep(
        added.then(
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

  async #handOutAll(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      while (this.#woken && !this.#stopped) {
        this.#woken = false;
        const room = this.#room;
        // Outcomes that wait for a write take the room.
        if (room <= 0 && this.#handling < this.concurrency) this.jobs.hasten();
        const jobs = room > 0 ? await this.jobs.next(room, this.idleAtFirst) : [];
        this.#handling += jobs.length;
        for (const job of jobs) this.#keep(this.#handle(job));
        if (jobs.length > 0) this.#woken = true;
      }
      if (this.#room > 0) this.#wakeIn(await this.jobs.nextDueInMs());
    } catch (error) {
      this.#woken = false;
      // Woken again when the store was opened again; the writer says why it is away.
      if (error instanceof OurSmsStorageError) return;
      this.#logger.error(`The queue failed: ${nameOf(error)}`);
      this.#wakeIn(AFTER_A_FAULT_MS);
    }
  }

  #keep(handling: Promise<void>): void {
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
      const outcome = outcomeOfFault(error, job.faults + 1, this.mostFaults);
      if (!(error instanceof OurSmsStorageError)) this.#logger.error(describeFault(error, job.id, outcome));
      await this.jobs.settle(job, outcome, isStopping);
    }
  }

  async #outcomeOf(job: ActiveJob<T>): Promise<JobOutcome<T>> {
    try {
      // Stopped before it was delivered: it goes back as it was.
      return this.#stopped ? { kind: 'again', inMs: 0, uncounted: true } : await this.handler(job);
    } finally {
      this.#handling -= 1;
      this.wake();
    }
  }

  #wakeIn(ms: number | undefined): void {
    clearTimeout(this.#timer);
    if (ms === undefined || this.#stopped) return;
    this.#timer = setTimeout(() => this.wake(), Math.min(ms, LONGEST_WAIT_MS));
  }
}
