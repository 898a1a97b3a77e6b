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

/** When Redis is away. */
const TRY_AGAIN_MS = 250;

/** The jobs that a consumer has taken: gives each to its handler, and settles it. */
export class JobRuns<T> {
  readonly #logger = new Logger('OurSmsQueue');
  readonly #held: HeldJobs;
  readonly #runs = new Map<HeldJob, Promise<void>>();
  readonly #settling = new Set<Promise<void>>();
  /** The writes of outcomes that Redis has not answered yet. */
  readonly #writing = new Set<Promise<unknown>>();
  #isStopped = false;
  #isAbandoned = false;

  /** @param onRoom Called when there may be room for another. */
  constructor(
    private readonly link: RedisLink,
    private readonly records: JobRecords<T>,
    private readonly deliveries: BullMqDeliveries,
    private readonly dispatcher: DeliveryDispatcher,
    private readonly handler: JobHandler<T>,
    private readonly options: ConsumeOptions,
    private readonly onRoom: () => void,
  ) {
    this.#held = new HeldJobs(deliveries);
  }

  /**
   * How many more there is room for. A job whose outcome is on its way takes none: what is asked of Redis behind that comes
   * behind it, as long as Redis keeps up.
   */
  get room(): number {
    const most = this.options.concurrency;
    return most - (this.#runs.size - Math.min(this.#settling.size, most));
  }

  start(taken: TakenDelivery): void {
    const running = this.#held.of(taken.delivery);
    if (running) return void this.#startAgain(running, taken);
    const held = this.#held.hold(taken);
    const run = this.#run(held)
      .catch((error: unknown) => this.#logger.error(`A job failed: ${nameOf(error)}`))
      .finally(() => {
        this.#held.release(held);
        this.#runs.delete(held);
        this.onRoom();
      });
    this.#runs.set(held, run);
  }

  /** Returns jobs that have not reached their handler; those that have are completed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    while (this.#runs.size > 0) await Promise.all(this.#runs.values());
    this.#held.close();
  }

  /** Waits for the outcomes that handlers have given by now, or until Redis did not take them. */
  async flush(): Promise<void> {
    await turn();
    await Promise.allSettled(this.#writing);
  }

  /** Gives back what has no outcome, as interrupted, and waits for the outcomes that were given, unless that is over first. */
  async abandon(over: Promise<unknown>): Promise<void> {
    this.#isStopped = true;
    this.#isAbandoned = true;
    const jobs = this.#held.all;
    const open = jobs.filter((job) => !job.isSettling);
    for (const { taken } of open) taken.lease.lose();
    const givenBack = open.map(({ taken }) => this.deliveries.putBack(taken));
    await Promise.race([Promise.all([...givenBack, ...this.#settling]), over]);
    for (const { taken } of jobs) taken.lease.lose();
    this.#held.close();
  }

  /** Redis was away for longer than the lock of a job lasts, and BullMQ delivers it once more while it runs here. */
  async #startAgain(running: HeldJob, taken: TakenDelivery): Promise<void> {
    const former = running.taken.token;
    const kind = await this.records.continueTry(taken, former).catch(() => 'lost' as const);
    if (kind === 'kept' && running.taken.token === former) return this.#held.continueWith(running, taken);
    if (kind === 'gone') return this.deliveries.end(taken);
    // Its try has not started here, or has started elsewhere: how the run ends decides.
    await this.#runs.get(running);
    if (!this.#isStopped) this.start(taken);
  }

  async #run(held: HeldJob): Promise<void> {
    const started = await this.#begin(held);
    if (!started) return;
    const outcome = await this.#handle(held, started);
    if (this.#isAbandoned) return;
    held.isSettling = true;
    const settling = this.#settle(held, started.attempt, outcome).catch((error: unknown) => {
      return this.#settle(held, started.attempt, this.#onFault(error, held, started));
    });
    this.#settling.add(settling);
    this.onRoom();
    await settling.finally(() => this.#settling.delete(settling));
  }

  async #handle(held: HeldJob, started: StartedJob<T>): Promise<FaultOutcome<T>> {
    const { data, attempt, doubtSince, doubtMark } = started;
    // Stopped before it was delivered: it goes back as it was.
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

  /** @returns undefined when it is not given to its handler after all */
  async #begin(held: HeldJob): Promise<StartedJob<T> | undefined> {
    const { taken } = held;
    while (!this.#isStopped && !taken.lease.isLost) {
      try {
        const started = await this.records.startTry(taken, this.options.idleAtFirst);
        if (this.#isAbandoned) return undefined;
        if (started.kind === 'started') return started;
        if (started.kind === 'gone') await this.deliveries.end(taken);
        return undefined;
      } catch {
        // Redis is away, or has no memory: the job keeps waiting here while it is ours.
        await this.link.changed(TRY_AGAIN_MS);
      }
    }
    if (!this.#isAbandoned) await this.deliveries.putBack(taken);
    return undefined;
  }

  /** Tries until Redis has the outcome, or the job is someone else's. */
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
        // That Redis is away is logged elsewhere.
        if (!hasWarned && error.fault !== 'unreachable')
          this.#logger.warn(`The outcome of a job is not written yet: ${error.message}`);
        hasWarned = true;
      }
      await this.link.changed(TRY_AGAIN_MS);
    }
  }

  #write<R>(writing: Promise<R>): Promise<R> {
    this.#writing.add(writing);
    return writing.finally(() => this.#writing.delete(writing));
  }
}
