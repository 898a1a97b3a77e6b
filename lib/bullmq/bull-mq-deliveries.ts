import { randomUUID } from 'node:crypto';
import { Queue, UnrecoverableError, Worker, type Job as BullJob } from 'bullmq';
import type { Delivery, Take } from './job-records.js';
import { LeaseTime } from './lease-time.js';
import type { RedisChecks } from './redis-checks.js';
import { bullQueueName, jobName, type RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';

/** Priority of delayed jobs: once due, they come before the others. */
const DUE = 1;
const PLAIN = 2;
/** Name of all jobs in BullMQ. Version 0.1.0 used another one. */
const NAME = 'delivery';
/** Length of BullMQ's event stream, which this module does not read. */
const EVENTS = 100;
/** Longest wait of a blocking take: a process that died may have consumed the signal. */
const LONGEST_BLOCK_SECONDS = 2;

/** A delivery that was taken, with its job in BullMQ. */
export interface TakenDelivery extends Take {
  job: BullJob;
  /** How long its lock holds. */
  lease: LeaseTime;
}

/** Deliveries of a queue, by the documented API of BullMQ. */
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

  /** Adds deliveries to BullMQ, except those that it already has. @throws {OurSmsStorageError} */
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
    await this.link.runUnchecked(async () => {
      const [only] = jobs;
      if (only && jobs.length === 1) return void (await queue.add(only.name, only.data, only.opts));
      try {
        await queue.addBulk(jobs);
      } catch (error) {
        // Redis has lost its script cache. A command outside a transaction loads the script again.
        if (!String((error as Error).message).includes('NOSCRIPT')) throw error;
        for (const { name, data, opts } of jobs) await queue.add(name, data, opts);
      }
    });
  }

  /** Number of deliveries in BullMQ that have not ended. */
  async count(): Promise<number> {
    return this.ask((queue) => queue.getJobCountByTypes('wait', 'prioritized', 'delayed', 'active'));
  }

  /** Number of deliveries that workers of all processes have taken. */
  async active(): Promise<number> {
    return this.ask((queue) => queue.getJobCountByTypes('active'));
  }

  /** Starts the worker. @param receive Called with a delivery that arrives while {@link next} waits. */
  async start(receive: (taken: TakenDelivery) => void): Promise<void> {
    this.#receive = receive;
    this.#worker ??= await this.#connect(
      () =>
        new Worker(this.#name, null, {
          ...this.#options,
          lockDuration: this.leaseMs,
          stalledInterval: Math.ceil(this.leaseMs / 2),
          // A job that has crashed several processes is redelivered as well.
          maxStalledCount: 2 ** 31,
          skipLockRenewal: true,
          drainDelay: LONGEST_BLOCK_SECONDS,
        }),
    );
    await this.#worker.resume();
    await this.#worker.startStalledCheckTimer();
  }

  /** Takes no more deliveries until {@link start} is called again. */
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

  /** Waits for the next delivery. It may notice late that Redis is unavailable; {@link take} may be called meanwhile. */
  next(): Promise<void> {
    this.#waiting ??= this.#takeNext().finally(() => (this.#waiting = undefined));
    return this.#waiting;
  }

  /** Extends the locks of deliveries. @returns the ids of those whose locks are lost */
  async extend(taken: readonly TakenDelivery[]): Promise<string[]> {
    const worker = this.#worker;
    if (!worker) return [];
    const deliveries = taken.map(({ delivery }) => delivery);
    const tokens = taken.map(({ token }) => token);
    return this.link.runUnchecked(() => worker.extendJobLocks(deliveries, tokens, this.leaseMs));
  }

  /** Limits the deliveries that all processes together have in flight. @param total undefined: no limit. */
  async limit(total: number | undefined): Promise<void> {
    await this.ask<unknown>((queue) =>
      total === undefined ? queue.removeGlobalConcurrency() : queue.setGlobalConcurrency(total),
    );
  }

  /** Ends a delivery whose job has a durable outcome or is gone. A failure does no harm: BullMQ redelivers, and it ends then. */
  async end({ job, token }: TakenDelivery, failure?: string): Promise<void> {
    await this.link
      .runUnchecked(async () =>
        failure === undefined
          ? job.moveToCompleted(null, token, false)
          : job.moveToFailed(new UnrecoverableError(failure), token, false),
      )
      .catch(() => undefined);
  }

  /** Puts a delivery back in its place in the queue. */
  async putBack({ job, token }: TakenDelivery): Promise<void> {
    await this.link.runUnchecked(() => job.moveToWait(token)).catch(() => undefined);
  }

  /** Removes deliveries from BullMQ, except those that a worker has taken. */
  async withdraw(deliveries: readonly string[]): Promise<void> {
    const removals = deliveries.map((delivery) => this.ask((queue) => queue.remove(delivery)));
    await Promise.allSettled(removals);
  }

  /** Runs a command of BullMQ on the queue. @throws {OurSmsStorageError} */
  async ask<R>(command: (queue: Queue) => Promise<R>): Promise<R> {
    const queue = await this.#open();
    return this.link.run(() => command(queue));
  }

  /** Deletes the queue in BullMQ: its tools would show the queue forever. */
  async forget(): Promise<void> {
    await this.ask((queue) => queue.obliterate({ force: true }));
  }

  async close(): Promise<void> {
    // Closes its blocking connection, too.
    await this.#worker?.close(true).catch(() => undefined);
    const queue = await this.#queue?.catch(() => undefined);
    await queue?.close().catch(() => undefined);
  }

  async #takeNext(): Promise<void> {
    const token = this.#nextToken();
    const job = await this.#worker?.getNextJob(token, { block: true }).catch(() => undefined);
    if (!job?.id) return;
    // The lock counts from the arrival of the job, which is unknown here: an extension has a known start.
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
      // BullMQ reads the version from INFO: it must not where this user may not.
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

  /** Connects only once Redis answers: BullMQ would wait for it without a limit. */
  #connect<C extends Pick<Worker, 'waitUntilReady' | 'close'> & NodeJS.EventEmitter>(make: () => C): Promise<C> {
    return this.link.run(async () => {
      const made = make();
      // RedisLink logs that Redis is unavailable.
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
