import { setImmediate as turn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { ConsumeOptions, JobHandler } from '../queue/durable-queue.js';
import { describeFault, MOST_FAULTS, outcomeOfFault, type FaultOutcome } from '../queue/faulty-handler.js';
import { nameOf } from '../queue/name-of.js';
import type { BegunTry, BullMqJobs, TakenJob } from './bull-mq-jobs.js';
import { HeldJobs, type HeldJob } from './held-jobs.js';
import type { RedisLink } from './redis-link.js';

/** When Redis is away. */
const TRY_AGAIN_MS = 250;

/** Dependencies of {@link JobRuns}. */
export interface JobRunsParts<T> {
  link: RedisLink;
  jobs: BullMqJobs<T>;
  leaseMs: number;
  handler: JobHandler<T>;
  options: ConsumeOptions;
}

/** The jobs that a consumer has taken: hands each to its handler, and settles it. */
export class JobRuns<T> {
  readonly #logger = new Logger('OurSmsQueue');
  readonly #held: HeldJobs<T>;
  readonly #runs = new Set<Promise<void>>();
  readonly #settling = new Set<Promise<void>>();
  /** The writes of outcomes that Redis has not answered yet. */
  readonly #writing = new Set<Promise<void>>();
  #isStopped = false;
  #isAbandoned = false;

  /** @param onRoom Called when there may be room for another. */
  constructor(
    private readonly parts: JobRunsParts<T>,
    private readonly onRoom: () => void,
  ) {
    this.#held = new HeldJobs(parts.jobs, parts.leaseMs);
  }

  /**
   * How many more there is room for. A job whose outcome is on its way takes none: what is asked of Redis behind that comes
   * behind it, as long as Redis keeps up.
   */
  get room(): number {
    const most = this.parts.options.concurrency;
    return most - (this.#runs.size - Math.min(this.#settling.size, most));
  }

  start(taken: TakenJob<T>): void {
    const held = this.#held.hold(taken);
    const run = this.#run(held)
      .catch((error: unknown) => this.#logger.error(`A job failed: ${nameOf(error)}`))
      .finally(() => {
        this.#held.release(held);
        this.#runs.delete(run);
        this.onRoom();
      });
    this.#runs.add(run);
  }

  /** Keeps the locks of all of them. */
  renew(): Promise<void> {
    return this.#held.renew();
  }

  /** Returns jobs that have not reached their handler; those that have are completed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#runs);
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
    for (const { time } of open) time.lose();
    const givenBack = open.map(({ taken }) => this.parts.jobs.putBack(taken).catch(() => undefined));
    await Promise.race([Promise.all([...givenBack, ...this.#settling]), over]);
    for (const { time } of jobs) time.lose();
    this.#held.close();
  }

  async #run(held: HeldJob<T>): Promise<void> {
    const begun = await this.#begin(held);
    if (!begun) return;
    const outcome = await this.#handle(held, begun);
    if (this.#isAbandoned) return;
    held.isSettling = true;
    const settling = this.#settle(held, begun.attempt, outcome).catch((error: unknown) => {
      return this.#settle(held, begun.attempt, this.#onFault(error, held, begun));
    });
    this.#settling.add(settling);
    this.onRoom();
    await settling.finally(() => this.#settling.delete(settling));
  }

  async #handle(held: HeldJob<T>, begun: BegunTry): Promise<FaultOutcome<T>> {
    const { taken, time } = held;
    const { attempt, doubtSince, doubtMark } = begun;
    // Stopped before it was delivered: it goes back as it was.
    if (this.#isStopped) return { kind: 'again', inMs: 0, uncounted: true };
    const { id, data } = taken;
    const interruption = {
      interrupted: doubtSince !== undefined,
      interruptedAt: doubtSince,
      interruptedMark: doubtMark,
    };
    try {
      const isHeld = (): boolean => time.isHeld;
      return await this.parts.handler({
        id,
        data,
        attempt,
        ...interruption,
        isHeld,
        atWork: (is, mark) => this.#atWork({ taken, time }, is, mark),
      });
    } catch (error) {
      return this.#onFault(error, held, begun);
    }
  }

  #onFault(error: unknown, { taken }: HeldJob<T>, { faults }: BegunTry): FaultOutcome<T> {
    const outcome = outcomeOfFault(error, faults + 1, this.parts.options.faults ?? MOST_FAULTS);
    if (!(error instanceof OurSmsStorageError)) this.#logger.error(describeFault(error, taken.id, outcome));
    return outcome;
  }

  async #atWork({ taken, time }: Pick<HeldJob<T>, 'taken' | 'time'>, isAtWork: boolean, mark?: string): Promise<void> {
    const renewed = time.asking();
    if (await this.parts.jobs.atWork(taken, isAtWork, mark)) renewed();
    else time.lose();
  }

  /** @returns undefined when it is not delivered after all */
  async #begin({ taken, time }: HeldJob<T>): Promise<BegunTry | undefined> {
    const { jobs, link } = this.parts;
    while (!this.#isStopped && !time.isLost) {
      try {
        const renewed = time.asking();
        const begun = await jobs.begin(taken, this.parts.options.idleAtFirst);
        if (this.#isAbandoned) return undefined;
        if (begun) renewed();
        return begun;
      } catch {
        // Redis is away, or has no memory: the job keeps waiting here while it is ours.
        await link.changed(TRY_AGAIN_MS);
      }
    }
    if (!this.#isAbandoned) await jobs.putBack(taken).catch(() => undefined);
    return undefined;
  }

  /** Tries until Redis has the outcome, or the job is someone else's. */
  async #settle({ taken, time }: HeldJob<T>, attempt: number, outcome: FaultOutcome<T>): Promise<void> {
    for (let hasWarned = false; ;) {
      const wasStopped = this.#isStopped;
      try {
        return await this.#write(this.parts.jobs.settle(taken, attempt, outcome));
      } catch (error) {
        if (!(error instanceof OurSmsStorageError)) throw error;
        if (wasStopped || time.isLost || this.parts.link.isClosed) return;
        // That Redis is away is logged elsewhere.
        if (!hasWarned && error.fault !== 'unreachable')
          this.#logger.warn(`The outcome of a job is not written yet: ${error.message}`);
        hasWarned = true;
      }
      await this.parts.link.changed(TRY_AGAIN_MS);
    }
  }

  #write(writing: Promise<void>): Promise<void> {
    this.#writing.add(writing);
    return writing.finally(() => this.#writing.delete(writing));
  }
}
