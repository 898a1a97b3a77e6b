import { Logger } from '@nestjs/common';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { nameOf } from '../queue/name-of.js';
import type { ConsumeOptions, JobHandler } from '../queue/durable-queue.js';
import type { BullMqDeliveries, TakenDelivery } from './bull-mq-deliveries.js';
import type { DeliveryDispatcher } from './delivery-dispatcher.js';
import type { EarlierJobs } from './earlier-jobs.js';
import type { JobRecords } from './job-records.js';
import { JobRuns } from './job-runs.js';
import type { RedisLink } from './redis-link.js';

/** When Redis is away. */
const TRY_AGAIN_MS = 250;
/** Without a word from BullMQ, an idle consumer looks by itself so often. */
const LOOK_MS = 2_500;
/** Between looks for room, where all processes together have a limit: none is woken when there is room again. */
const LOOK_FOR_ROOM_MS = 250;
/** Jobs that are asked for without waiting for the answer on the one before. */
const AT_ONCE = 16;

/** Takes the jobs of a queue, as many at a time as it may. */
export class BullMqConsumer<T> {
  readonly #logger = new Logger('OurSmsQueue');
  readonly #runs: JobRuns<T>;
  readonly #sending: NodeJS.Timeout;
  readonly #taking: Promise<void>;
  #hasBegun = false;
  #isStopped = false;
  #onAbandoned: () => void = () => undefined;
  readonly #abandoned = new Promise<void>((resolve) => (this.#onAbandoned = resolve));
  #onRoom: () => void = () => undefined;
  #onEnd: () => void = () => undefined;
  /** How often there was room again. */
  #rooms = 0;

  constructor(
    private readonly link: RedisLink,
    private readonly earlierJobs: EarlierJobs,
    records: JobRecords<T>,
    private readonly deliveries: BullMqDeliveries,
    private readonly dispatcher: DeliveryDispatcher,
    handler: JobHandler<T>,
    private readonly options: ConsumeOptions,
  ) {
    this.#runs = new JobRuns(link, records, deliveries, dispatcher, handler, options, () => this.#makeRoom());
    this.#sending = setInterval(() => void this.#sendUnsent(), deliveries.leaseMs);
    this.#taking = this.#takeAll();
  }

  /** Takes no more jobs, and waits for the outcomes of the delivered ones, unless the engine closes. */
  async stop(): Promise<void> {
    this.#end();
    const ended = this.#taking.then(() => this.#runs.stop());
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
    this.#onAbandoned();
  }

  #end(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    void this.deliveries.pause();
    clearInterval(this.#sending);
    this.#onRoom();
    this.#onEnd();
  }

  async #takeAll(): Promise<void> {
    let atOnce = AT_ONCE;
    while (!this.#hasStopped()) {
      try {
        if (!this.#hasBegun) await this.#begin();
        const rooms = this.#rooms;
        const room = this.#runs.room;
        if (room <= 0) {
          await this.#roomMade();
          continue;
        }
        const isFull = await this.#take(Math.min(room, atOnce));
        // Where there was nothing, or no room for more, one look is enough.
        atOnce = isFull ? Math.min(2 * atOnce, AT_ONCE) : 1;
        if (!isFull && !this.#hasStopped()) await this.#wait(rooms);
      } catch (error) {
        if (this.#hasStopped()) return;
        if (this.link.isClosed) {
          this.#end();
          return this.#runs.stop();
        }
        // Redis is away, which is logged elsewhere; or the error is unexpected.
        if (!(error instanceof OurSmsStorageError)) this.#logger.error(`The queue failed: ${nameOf(error)}`);
        await this.link.changed(TRY_AGAIN_MS);
      }
    }
  }

  async #begin(): Promise<void> {
    await this.earlierJobs.takeOver();
    await this.dispatcher.sendMissing();
    if (this.#isStopped) return;
    await Promise.all([
      this.deliveries.limit(this.options.total),
      this.deliveries.start((taken) => this.#start(taken)),
    ]);
    this.#hasBegun = true;
    if (this.#hasStopped()) await this.deliveries.pause();
  }

  /** Takes jobs, and starts them in their order. @returns Whether there were as many. @throws when one could not be taken */
  async #take(count: number): Promise<boolean> {
    const answers = await Promise.allSettled(Array.from({ length: count }, () => this.deliveries.take()));
    const taken = answers.flatMap((answer) => (answer.status === 'fulfilled' && answer.value ? [answer.value] : []));
    for (const one of taken) this.#runs.start(one);
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed) throw failed.reason;
    return taken.length === count;
  }

  /** One that was waited for. */
  #start(taken: TakenDelivery): void {
    if (this.#runs.room > 0) this.#runs.start(taken);
    else void this.deliveries.putBack(taken);
  }

  /** Waits for a job or the end, or for room where all processes together have a limit. */
  async #wait(rooms: number): Promise<void> {
    // What another process has done makes room for that one, and what this one has done for this one.
    if (this.options.total !== undefined) return rooms === this.#rooms ? this.#roomMade(LOOK_FOR_ROOM_MS) : undefined;
    // While Redis answers, none is taken meanwhile: of two jobs that are asked for apart, the later could start first.
    const ended = new Promise<void>((resolve) => (this.#onEnd = resolve));
    await Promise.race([this.deliveries.next(), ended, this.link.changed(LOOK_MS)]);
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
    if (this.link.isReady) await this.dispatcher.sendUnsent().catch(() => undefined);
  }

  /** A method, since it may have changed during an await. */
  #hasStopped(): boolean {
    return this.#isStopped;
  }
}
