import { setImmediate as turn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { ConsumeOptions, JobHandler } from '../queue/durable-queue.js';
import { describeFault, MOST_FAULTS, outcomeOfFault, type FaultOutcome } from '../queue/faulty-handler.js';
import { nameOf } from '../queue/name-of.js';
import type { BullMqDeliveries, TakenDelivery } from './bull-mq-deliveries.js';
import type { DeliveryDispatcher } from './delivery-dispatcher.js';
import { HeldJobs, type HeldJob } from './held-jobs.js';
import type { JobRecords, StartedJob } from './job-records.js';
import type { RedisLink } from './redis-link.js';

/** Wait before the next try while Redis is unavailable. */
const RETRY_MS = 250;

/** Runs the jobs that a consumer has taken: passes each to its handler, and writes its outcome. */
export class JobRuns<T> {
  readonly #logger = new Logger('OurSmsQueue');
  readonly #held: HeldJobs;
  readonly #runs = new Map<HeldJob, Promise<void>>();
  readonly #settling = new Set<Promise<void>>();
  /** Writes of outcomes that Redis has not answered yet. */
  readonly #writing = new Set<Promise<unknown>>();
  #isStopped = false;
  #isAbandoned = false;

  /** @param onSlotFreed Called when {@link freeSlots} may have grown. */
  constructor(
    private readonly link: RedisLink,
    private readonly records: JobRecords<T>,
    private readonly deliveries: BullMqDeliveries,
    private readonly dispatcher: DeliveryDispatcher,
    private readonly handler: JobHandler<T>,
    private readonly options: ConsumeOptions,
    private readonly onSlotFreed: () => void,
  ) {
    this.#held = new HeldJobs(deliveries);
  }

  /**
   * Number of jobs that may start now. A job whose outcome is being written frees its slot, since Redis runs that write before a
   * later take. This holds for at most `concurrency` outcomes, in case Redis is slow.
   */
  get freeSlots(): number {
    const most = this.options.concurrency;
    return most - (this.#runs.size - Math.min(this.#settling.size, most));
  }

  start(taken: TakenDelivery): void {
    const running = this.#held.of(taken.delivery);
    if (running) return void this.#onRedelivery(running, taken);
    const held = this.#held.hold(taken);
    const run = this.#run(held)
      .catch((error: unknown) =>
        this.#logger.error(
          `Job ${taken.id} ended with an internal error (${nameOf(error)}): it is redelivered when its lock expires`,
        ),
      )
      .finally(() => {
        this.#held.release(held);
        this.#runs.delete(held);
        this.onSlotFreed();
      });
    this.#runs.set(held, run);
  }

  /** Puts back jobs that have not reached their handler, and waits for the outcomes of the others. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    while (this.#runs.size > 0) await Promise.all(this.#runs.values());
    this.#held.close();
  }

  /** Waits until Redis has accepted or refused the outcomes that handlers have given by now. */
  async flush(): Promise<void> {
    await turn();
    await Promise.allSettled(this.#writing);
  }

  /**
   * Puts back jobs without an outcome, which count as interrupted, and waits for the outcomes that were given.
   *
   * @param over Resolves when no time is left.
   */
  async abandon(over: Promise<unknown>): Promise<void> {
    this.#isStopped = true;
    this.#isAbandoned = true;
    const jobs = this.#held.all;
    const unsettled = jobs.filter((job) => !job.isSettling);
    for (const { taken } of unsettled) taken.lease.lose();
    const putBack = unsettled.map(({ taken }) => this.deliveries.putBack(taken));
    await Promise.race([Promise.all([...putBack, ...this.#settling]), over]);
    for (const { taken } of jobs) taken.lease.lose();
    this.#held.close();
  }

  /** BullMQ redelivers a job that still runs here: Redis was away for longer than its lock holds. */
  async #onRedelivery(running: HeldJob, taken: TakenDelivery): Promise<void> {
    const former = running.taken.token;
    const kind = await this.records.continueTry(taken, former).catch(() => 'lost' as const);
    if (kind === 'kept' && running.taken.token === former) return this.#held.continueWith(running, taken);
    if (kind === 'gone') return this.deliveries.end(taken);
    // The try has not started here, or another process has started it: the run ends first.
    await this.#runs.get(running);
    if (!this.#isStopped) this.start(taken);
  }

  async #run(held: HeldJob): Promise<void> {
    const started = await this.#startTry(held);
    if (!started) return;
    const outcome = await this.#handle(held, started);
    if (this.#isAbandoned) return;
    held.isSettling = true;
    const settling = this.#settle(held, started.attempt, outcome).catch((error: unknown) => {
      return this.#settle(held, started.attempt, this.#onFault(error, held, started));
    });
    this.#settling.add(settling);
    this.onSlotFreed();
    await settling.finally(() => this.#settling.delete(settling));
  }

  async #handle(held: HeldJob, started: StartedJob<T>): Promise<FaultOutcome<T>> {
    const { data, attempt, doubtSince, doubtMark } = started;
    // Stopped before the handler got it: it is redelivered as it was.
    if (this.#isStopped) return { kind: 'again', inMs: 0, uncounted: true };
    try {
      return await this.handler({
        id: held.taken.id,
        data,
        attempt,
        interrupted: doubtSince !== undefined,
        interruptedAt: doubtSince,
        interruptedMark: doubtMark,
        isHeld: () => held.taken.lease.isHeld,
        atWork: (isAtWork, mark) => this.#atWork(held, isAtWork, mark),
      });
    } catch (error) {
      return this.#onFault(error, held, started);
    }
  }

  #onFault(error: unknown, { taken }: HeldJob, { faults }: StartedJob<T>): FaultOutcome<T> {
    const outcome = outcomeOfFault(error, faults + 1, this.options.faults ?? MOST_FAULTS);
    if (!(error instanceof OurSmsStorageError)) this.#logger.error(describeFault(error, taken.id, outcome));
    return outcome;
  }

  async #atWork({ taken }: HeldJob, isAtWork: boolean, mark?: string): Promise<void> {
    if (!(await this.records.atWork(taken, isAtWork, mark))) taken.lease.lose();
  }

  /** @returns undefined when the job must not reach its handler */
  async #startTry(held: HeldJob): Promise<StartedJob<T> | undefined> {
    const { taken } = held;
    while (!this.#isStopped && !taken.lease.isLost) {
      try {
        const started = await this.records.startTry(taken, this.options.idleAtFirst);
        if (this.#isAbandoned) return undefined;
        if (started.kind === 'started') return started;
        if (started.kind === 'gone') await this.deliveries.end(taken);
        return undefined;
      } catch {
        // Redis is unavailable, or its memory is full: the job waits here while this process holds it.
        await this.link.changed(RETRY_MS);
      }
    }
    if (!this.#isAbandoned) await this.deliveries.putBack(taken);
    return undefined;
  }

  /** Tries until Redis has the outcome, or another process has the job. */
  async #settle(held: HeldJob, attempt: number, outcome: FaultOutcome<T>): Promise<void> {
    for (let hasWarned = false; ;) {
      const wasStopped = this.#isStopped;
      try {
        const { isOurs, again } = await this.#write(this.records.settle(held.taken, attempt, outcome));
        if (!isOurs) return;
        outcome.written?.();
        if (again) await this.dispatcher.send([again]);
        return await this.deliveries.end(held.taken, outcome.kind === 'failed' ? outcome.reason : undefined);
      } catch (error) {
        if (!(error instanceof OurSmsStorageError)) throw error;
        if (wasStopped || this.link.isClosed) return;
        // RedisLink logs that Redis is unavailable.
        if (!hasWarned && error.fault !== 'unreachable')
          this.#logger.warn(`The outcome of job ${held.taken.id} is not stored yet, and is retried: ${error.message}`);
        hasWarned = true;
      }
      await this.link.changed(RETRY_MS);
    }
  }

  #write<R>(writing: Promise<R>): Promise<R> {
    this.#writing.add(writing);
    return writing.finally(() => this.#writing.delete(writing));
  }
}
