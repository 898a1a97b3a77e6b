import { randomUUID } from 'node:crypto';
import { Queue, UnrecoverableError, Worker, type Job as BullJob } from 'bullmq';
import type { Delivery, Take } from './job-records.js';
import { LeaseTime } from './lease-time.js';
import type { RedisChecks } from './redis-checks.js';
import { bullQueueName, jobName, type RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';

/** The priority of jobs that waited for a time: they come before those that did not. */
const DUE = 1;
/** The priority of all others. */
const PLAIN = 2;
/** Name of all jobs in BullMQ; version 0.1.0 gave them another one. */
const NAME = 'delivery';
/** Events of BullMQ to keep: this module does not listen to them. */
const EVENTS = 100;
/** An idle worker looks by itself so often: what should have woken it may have been heard by a process that died. */
const LOOK_SECONDS = 2;

/** A delivery that was taken, as BullMQ gives it. */
export interface TakenDelivery extends Take {
  job: BullJob;
  /** How long its lock holds. */
  lease: LeaseTime;
}

/** Makes the deliveries of a queue: those of BullMQ, by what it documents. */
export class BullMqDeliveries {
  #queue: Promise<Queue> | undefined;
  #worker: Worker | undefined;
  #receive: ((taken: TakenDelivery) => void) | undefined;
  #waiting: Promise<void> | undefined;
  readonly #id = randomUUID();
  #takes = 0;
  readonly #name: string;

  constructor(
    private readonly link: RedisLink,
    private readonly keys: RedisKeys,
    private readonly checks: RedisChecks,
    /** Milliseconds that a delivery is locked for. */
    readonly leaseMs: number,
    queue: string,
  ) {
    this.#name = bullQueueName(queue);
  }

  /** Asks for deliveries. One that BullMQ has is not made twice. @throws {OurSmsStorageError} */
  async send(deliveries: readonly Delivery[]): Promise<void> {
    const jobs = deliveries.map(({ delivery, dueAt }) => {
      const delay = dueAt === undefined ? undefined : Math.max(0, dueAt - Date.now());
      const opts = {
        jobId: delivery,
        priority: delay === undefined ? PLAIN : DUE,
        delay,
        removeOnComplete: true,
        removeOnFail: false,
        stackTraceLimit: 0,
      };
      return { name: NAME, data: jobName(delivery), opts };
    });
    const queue = await this.#open();
    await this.link.runLast(async () => {
      const [only] = jobs;
      if (only && jobs.length === 1) return void (await queue.add(only.name, only.data, only.opts));
      try {
        await queue.addBulk(jobs);
      } catch (error) {
        // Redis has forgotten the scripts of BullMQ: a command outside of a transaction brings them.
        if (!String((error as Error).message).includes('NOSCRIPT')) throw error;
        for (const { name, data, opts } of jobs) await queue.add(name, data, opts);
      }
    });
  }

  /** How many there are, with a worker or not. */
  async count(): Promise<number> {
    return this.ask((queue) => queue.getJobCountByTypes('wait', 'prioritized', 'delayed', 'active'));
  }

  /** How many are with a worker, of all processes. */
  async active(): Promise<number> {
    return this.ask((queue) => queue.getJobCountByTypes('active'));
  }

  /** Takes deliveries from now on. @param receive Gets one that arrives while {@link next} waits. */
  async start(receive: (taken: TakenDelivery) => void): Promise<void> {
    this.#receive = receive;
    this.#worker ??= await this.#connect(
      () =>
        new Worker(this.#name, null, {
          ...this.#options,
          lockDuration: this.leaseMs,
          stalledInterval: Math.ceil(this.leaseMs / 2),
          // A job that ended several processes is still a job.
          maxStalledCount: 2 ** 31,
          skipLockRenewal: true,
          drainDelay: LOOK_SECONDS,
        }),
    );
    await this.#worker.resume();
    await this.#worker.startStalledCheckTimer();
  }

  /** Takes no more, until it is started again. */
  async pause(): Promise<void> {
    this.#receive = undefined;
    await this.#worker?.pause(true);
  }

  /** Takes the next delivery, if there is one. @throws {OurSmsStorageError} */
  async take(): Promise<TakenDelivery | undefined> {
    const lease = new LeaseTime(this.leaseMs);
    const confirm = lease.startRenewal();
    const token = this.#nextToken();
    const job = await this.link.run(async () => this.#worker?.getNextJob(token, { block: false }));
    if (!job?.id) return undefined;
    confirm();
    return takenDelivery(job, token, lease);
  }

  /** Waits for the next delivery. It may take long to find out that Redis is away: {@link take} is possible meanwhile. */
  next(): Promise<void> {
    this.#waiting ??= this.#takeNext().finally(() => (this.#waiting = undefined));
    return this.#waiting;
  }

  /** Extends the locks of deliveries. @returns those whose locks are lost */
  async extend(taken: readonly TakenDelivery[]): Promise<string[]> {
    const worker = this.#worker;
    if (!worker) return [];
    const deliveries = taken.map(({ delivery }) => delivery);
    const tokens = taken.map(({ token }) => token);
    return this.link.runLast(() => worker.extendJobLocks(deliveries, tokens, this.leaseMs));
  }

  /** How many all processes together have at a time; undefined: as many as they want. */
  async limit(total: number | undefined): Promise<void> {
    await this.ask<unknown>((queue) =>
      total === undefined ? queue.removeGlobalConcurrency() : queue.setGlobalConcurrency(total),
    );
  }

  /** Ends a delivery whose outcome is kept, or that is of none. What fails here does no harm: it comes once more, and ends then. */
  async end({ job, token }: TakenDelivery, failure?: string): Promise<void> {
    await this.link
      .runLast(async () =>
        failure === undefined
          ? job.moveToCompleted(null, token, false)
          : job.moveToFailed(new UnrecoverableError(failure), token, false),
      )
      .catch(() => undefined);
  }

  /** Puts a delivery back in its place, as it was taken. */
  async putBack({ job, token }: TakenDelivery): Promise<void> {
    await this.link.runLast(() => job.moveToWait(token)).catch(() => undefined);
  }

  /** Removes deliveries from BullMQ, except those at work. */
  async withdraw(deliveries: readonly string[]): Promise<void> {
    const removals = deliveries.map((delivery) => this.ask((queue) => queue.remove(delivery)));
    await Promise.allSettled(removals);
  }

  /** Asks BullMQ about the queue. */
  async ask<R>(question: (queue: Queue) => Promise<R>): Promise<R> {
    const queue = await this.#open();
    return this.link.run(() => question(queue));
  }

  /** Forgets all that BullMQ keeps of the queue: tools would show it for ever. */
  async forget(): Promise<void> {
    await this.ask((queue) => queue.obliterate({ force: true }));
  }

  async close(): Promise<void> {
    // Its blocking connection ends as well.
    await this.#worker?.close(true).catch(() => undefined);
    const queue = await this.#queue?.catch(() => undefined);
    await queue?.close().catch(() => undefined);
  }

  async #takeNext(): Promise<void> {
    const token = this.#nextToken();
    const job = await this.#worker?.getNextJob(token, { block: true }).catch(() => undefined);
    if (!job?.id) return;
    // The lock is of when it came, not of when it was asked for.
    const taken = takenDelivery(job, token, new LeaseTime(this.leaseMs));
    const confirm = taken.lease.startRenewal();
    const lost = await this.extend([taken]).catch(() => [taken.delivery]);
    if (lost.length > 0) return;
    confirm();
    if (this.#receive) this.#receive(taken);
    else await this.putBack(taken);
  }

  #nextToken(): string {
    return `${this.#id}:${this.#takes++}`;
  }

  get #options() {
    return {
      connection: this.link.client,
      prefix: this.keys.prefix,
      // Where this user may not ask for the version, BullMQ must not.
      skipVersionCheck: !this.checks.mayAskInfo,
    };
  }

  #open(): Promise<Queue> {
    this.#queue ??= this.#connect(
      () => new Queue(this.#name, { ...this.#options, streams: { events: { maxLen: EVENTS } } }),
    ).catch((error: unknown) => {
      this.#queue = undefined;
      throw error;
    });
    return this.#queue;
  }

  /** Made when Redis is there: BullMQ waits for it without an end. */
  #connect<C extends Pick<Worker, 'waitUntilReady' | 'close'> & NodeJS.EventEmitter>(make: () => C): Promise<C> {
    return this.link.run(async () => {
      const made = make();
      // That Redis is away is logged elsewhere.
      made.on('error', () => undefined);
      try {
        await made.waitUntilReady();
        return made;
      } catch (error) {
        await made.close().catch(() => undefined);
        throw error;
      }
    });
  }
}

const takenDelivery = (job: BullJob, token: string, lease: LeaseTime): TakenDelivery => {
  const delivery = job.id ?? '';
  return { job, token, lease, delivery, id: jobName(delivery), number: job.attemptsStarted };
};
