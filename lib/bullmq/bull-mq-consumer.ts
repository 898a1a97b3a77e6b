import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Worker } from 'bullmq';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { nameOf } from '../queue/name-of.js';
import type { TakenDelivery } from './bull-mq-deliveries.js';
import { JobRuns, type JobRunsParts } from './job-runs.js';
import { LeaseTime } from './lease-time.js';
import { jobName } from './redis-keys.js';

/** When Redis is away. */
const TRY_AGAIN_MS = 250;
/** Without a word from BullMQ, an idle consumer looks by itself so often. */
const LOOK_MS = 2_500;
/** Between looks for room, where all processes together have a limit: none is woken when there is room again. */
const LOOK_FOR_ROOM_MS = 250;
/** Jobs that are asked for without waiting for the answer on the one before. */
const AT_ONCE = 16;

/** Dependencies of {@link BullMqConsumer}. */
export interface BullMqConsumerParts<T> extends Omit<JobRunsParts<T>, 'extend'> {
  /** Brings BullMQ up to what is kept; asked for before anything is taken. */
  recover: () => Promise<void>;
  /** Has deliveries made that BullMQ may not know of. */
  sendUnsent: () => Promise<void>;
}

/** Takes the jobs of a queue, as many at a time as it may. */
export class BullMqConsumer<T> {
  readonly #logger = new Logger('OurSmsQueue');
  readonly #id = randomUUID();
  readonly #runs: JobRuns<T>;
  readonly #sending: NodeJS.Timeout;
  readonly #taking: Promise<void>;
  #worker: Worker | undefined;
  /** The worker waits for a delivery. */
  #waiting: Promise<void> | undefined;
  #takenCount = 0;
  #isStopped = false;
  #onAbandoned: () => void = () => undefined;
  readonly #abandoned = new Promise<void>((resolve) => (this.#onAbandoned = resolve));
  #onRoom: () => void = () => undefined;
  /** How often there was room again. */
  #rooms = 0;

  constructor(private readonly parts: BullMqConsumerParts<T>) {
    const extend = (taken: readonly TakenDelivery[]): Promise<string[]> => this.#extend(taken);
    this.#runs = new JobRuns({ ...parts, extend }, () => this.#makeRoom());
    this.#sending = setInterval(() => void this.#sendUnsent(), parts.deliveries.leaseMs);
    this.#taking = this.#takeAll();
  }

  /** Takes no more jobs, and waits for the outcomes of the delivered ones, unless the engine closes. */
  async stop(): Promise<void> {
    this.#end();
    const ended = this.#taking.then(() => this.#runs.stop()).then(() => this.#close());
    await Promise.race([ended, this.#abandoned]);
  }

  /** Waits for the outcomes that handlers have given by now. */
  flush(): Promise<void> {
    return this.#runs.flush();
  }

  /**
   * Takes no more, and gives back what has no outcome.
   *
   * @param over Resolves when there is no more time.
   */
  async abandon(over: Promise<unknown>): Promise<void> {
    this.#end();
    await this.#runs.abandon(over);
    await Promise.race([this.#taking, over]);
    await Promise.race([this.#close(), over]);
    this.#onAbandoned();
  }

  #end(): void {
    this.#isStopped = true;
    clearInterval(this.#sending);
    this.#onRoom();
  }

  /** Its blocking connection ends as well. */
  async #close(): Promise<void> {
    await this.#worker?.close(true).catch(() => undefined);
  }

  async #takeAll(): Promise<void> {
    const { link } = this.parts;
    let atOnce = AT_ONCE;
    while (!this.#hasStopped()) {
      try {
        const worker = this.#worker ?? (await this.#begin());
        const rooms = this.#rooms;
        const room = this.#runs.room;
        if (room <= 0) {
          await this.#roomMade();
          continue;
        }
        const isFull = await this.#take(worker, Math.min(room, atOnce));
        // Where there was nothing, or no room for more, one look is enough.
        atOnce = isFull ? Math.min(2 * atOnce, AT_ONCE) : 1;
        if (!isFull && !this.#hasStopped()) await this.#wait(worker, rooms);
      } catch (error) {
        if (this.#hasStopped()) return;
        if (link.isClosed) {
          this.#end();
          return this.#runs.stop();
        }
        // Redis is away, which is logged elsewhere; or the error is unexpected.
        if (!(error instanceof OurSmsStorageError)) this.#logger.error(`The queue failed: ${nameOf(error)}`);
        await link.changed(TRY_AGAIN_MS);
      }
    }
  }

  async #begin(): Promise<Worker> {
    const { recover, deliveries, options } = this.parts;
    await recover();
    await deliveries.limit(options.total);
    const worker = await deliveries.worker();
    await worker.startStalledCheckTimer();
    this.#worker = worker;
    return worker;
  }

  /** Takes jobs, and starts them in their order. @returns Whether there were as many. @throws when one could not be taken */
  async #take(worker: Worker, count: number): Promise<boolean> {
    const asked = Array.from({ length: count }, () => this.#takeOne(worker));
    const answers = await Promise.allSettled(asked);
    const taken = answers.flatMap((answer) => (answer.status === 'fulfilled' && answer.value ? [answer.value] : []));
    for (const one of taken) this.#runs.start(one);
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed) throw failed.reason;
    return taken.length === count;
  }

  async #takeOne(worker: Worker): Promise<TakenDelivery | undefined> {
    const token = this.#nextToken();
    const time = new LeaseTime(this.parts.deliveries.leaseMs);
    const renewed = time.asking();
    const job = await this.parts.link.run(() => worker.getNextJob(token, { block: false }));
    if (!job?.id) return undefined;
    renewed();
    return { job, token, time, delivery: job.id, id: jobName(job.id), number: job.attemptsStarted };
  }

  /** Waits for a job, room, or the end. */
  async #wait(worker: Worker, rooms: number): Promise<void> {
    // What another process has done makes room for that one, and what this one has done for this one.
    if (this.parts.options.total !== undefined) return rooms === this.#rooms ? this.#roomMade(LOOK_FOR_ROOM_MS) : undefined;
    this.#waiting ??= this.#takeNext(worker).finally(() => (this.#waiting = undefined));
    await Promise.race([this.#waiting, this.#roomMade(LOOK_MS), this.parts.link.changed(LOOK_MS)]);
  }

  /** Takes the next job when it comes. It may take long to find out that Redis is away: the other ways of taking go on. */
  async #takeNext(worker: Worker): Promise<void> {
    const token = this.#nextToken();
    const job = await worker.getNextJob(token, { block: true }).catch(() => undefined);
    if (!job?.id) return;
    const time = new LeaseTime(this.parts.deliveries.leaseMs);
    const taken = { job, token, time, delivery: job.id, id: jobName(job.id), number: job.attemptsStarted };
    if (this.#hasStopped() || this.#runs.room <= 0) return this.parts.deliveries.putBack(taken);
    // It was asked for long ago.
    const renewed = time.asking();
    const lost = await this.#extend([taken]).catch(() => [taken.delivery]);
    if (lost.length > 0) return;
    renewed();
    this.#runs.start(taken);
  }

  async #extend(taken: readonly TakenDelivery[]): Promise<string[]> {
    const worker = this.#worker;
    const [deliveries, tokens] = [taken.map(({ delivery }) => delivery), taken.map(({ token }) => token)];
    if (!worker) return [];
    const { link, deliveries: made } = this.parts;
    return link.runLast(() => worker.extendJobLocks(deliveries, tokens, made.leaseMs));
  }

  #nextToken(): string {
    return `${this.#id}:${this.#takenCount++}`;
  }

  #makeRoom(): void {
    this.#rooms += 1;
    this.#onRoom();
  }

  /** Resolves when a job has ended here, or after a while. */
  async #roomMade(ms?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onRoom = resolve;
      if (ms !== undefined) timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }

  async #sendUnsent(): Promise<void> {
    // When Redis is away, next time.
    if (this.parts.link.isReady) await this.parts.sendUnsent().catch(() => undefined);
  }

  /** A method, since it may have changed during an await. */
  #hasStopped(): boolean {
    return this.#isStopped;
  }
}
