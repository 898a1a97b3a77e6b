import { Logger } from '@nestjs/common';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { ConsumeOptions, JobHandler } from '../queue/durable-queue.js';
import { nameOf } from '../queue/name-of.js';
import type { BullMqDeliveries, TakenDelivery } from './bull-mq-deliveries.js';
import type { DeliveryDispatcher } from './delivery-dispatcher.js';
import type { EarlierJobs } from './earlier-jobs.js';
import type { JobRecords } from './job-records.js';
import { JobRuns } from './job-runs.js';
import type { RedisLink } from './redis-link.js';

/** Wait before the next try while Redis is unavailable. */
const RETRY_MS = 250;
/** An idle consumer looks for jobs after this time, even without a signal from BullMQ. */
const IDLE_LOOK_MS = 2_500;
/** Interval of looks under a limit for all processes: no signal says that another process has freed a slot. */
const LIMITED_LOOK_MS = 250;
/** Jobs that are requested in parallel. */
const MOST_AT_ONCE = 16;

/** Takes the jobs of a queue while it has free slots. */
export class BullMqConsumer<T> {
  readonly #logger = new Logger('OurSmsQueue');
  readonly #runs: JobRuns<T>;
  readonly #unsentTimer: NodeJS.Timeout;
  readonly #taking: Promise<void>;
  #hasStarted = false;
  #isStopped = false;
  #onAbandoned: () => void = () => undefined;
  readonly #abandoned = new Promise<void>((resolve) => (this.#onAbandoned = resolve));
  #onSlotFreed: () => void = () => undefined;
  #onEnd: () => void = () => undefined;
  /** Counts the slots that were freed. */
  #freedSlots = 0;

  constructor(
    private readonly link: RedisLink,
    private readonly earlierJobs: EarlierJobs,
    records: JobRecords<T>,
    private readonly deliveries: BullMqDeliveries,
    private readonly dispatcher: DeliveryDispatcher,
    handler: JobHandler<T>,
    private readonly options: ConsumeOptions,
  ) {
    this.#runs = new JobRuns(link, records, deliveries, dispatcher, handler, options, () => this.#freeSlot());
    this.#unsentTimer = setInterval(() => void this.#sendUnsent(), deliveries.leaseMs);
    this.#taking = this.#takeAll();
  }

  /** Takes no more jobs. Resolves when the delivered ones have an outcome, or the engine closes. */
  async stop(): Promise<void> {
    this.#end();
    const ended = this.#taking.then(() => this.#runs.stop());
    await Promise.race([ended, this.#abandoned]);
  }

  /** Waits until Redis has accepted or refused the outcomes that handlers have given by now. */
  flush(): Promise<void> {
    return this.#runs.flush();
  }

  /**
   * Takes no more jobs, and puts back those without an outcome.
   *
   * @param over Resolves when no time is left.
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
    clearInterval(this.#unsentTimer);
    this.#onSlotFreed();
    this.#onEnd();
  }

  async #takeAll(): Promise<void> {
    let atOnce = MOST_AT_ONCE;
    while (!this.#hasStopped()) {
      try {
        if (!this.#hasStarted) await this.#prepare();
        const freedSlots = this.#freedSlots;
        const freeSlots = this.#runs.freeSlots;
        if (freeSlots <= 0) {
          await this.#slotFreed();
          continue;
        }
        const hasTakenAll = await this.#take(Math.min(freeSlots, atOnce));
        // After an empty answer, one request is enough to look again.
        atOnce = hasTakenAll ? Math.min(2 * atOnce, MOST_AT_ONCE) : 1;
        if (!hasTakenAll && !this.#hasStopped()) await this.#wait(freedSlots);
      } catch (error) {
        if (this.#hasStopped()) return;
        if (this.link.isClosed) {
          this.#end();
          return this.#runs.stop();
        }
        // RedisLink logs that Redis is unavailable.
        if (!(error instanceof OurSmsStorageError))
          this.#logger.error(`The jobs of a queue could not be delivered (${nameOf(error)}): retry in ${RETRY_MS} ms`);
        await this.link.changed(RETRY_MS);
      }
    }
  }

  async #prepare(): Promise<void> {
    await this.earlierJobs.takeOver();
    await this.dispatcher.sendMissing();
    if (this.#isStopped) return;
    await Promise.all([
      this.deliveries.limit(this.options.total),
      this.deliveries.start((taken) => this.#start(taken)),
    ]);
    this.#hasStarted = true;
    if (this.#hasStopped()) await this.deliveries.pause();
  }

  /** Takes up to `count` jobs, and starts them in order. @returns Whether it took `count`. @throws when a take failed */
  async #take(count: number): Promise<boolean> {
    const answers = await Promise.allSettled(Array.from({ length: count }, () => this.deliveries.take()));
    const taken = answers.flatMap((answer) => (answer.status === 'fulfilled' && answer.value ? [answer.value] : []));
    for (const one of taken) this.#runs.start(one);
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed) throw failed.reason;
    return taken.length === count;
  }

  /** Starts a job that arrived while {@link BullMqDeliveries.next} waited. */
  #start(taken: TakenDelivery): void {
    if (this.#runs.freeSlots > 0) this.#runs.start(taken);
    else void this.deliveries.putBack(taken);
  }

  /** Waits for a job or the end. Under a limit for all processes, it waits for a free slot. */
  async #wait(freedSlots: number): Promise<void> {
    if (this.options.total !== undefined) {
      // Other processes are not woken by a slot that was freed here: look at once if there was one since the last take.
      return freedSlots === this.#freedSlots ? this.#slotFreed(LIMITED_LOOK_MS) : undefined;
    }
    // While Redis answers, next() resolves first, and no take runs beside it: jobs from two connections could start out of order.
    const ended = new Promise<void>((resolve) => (this.#onEnd = resolve));
    await Promise.race([this.deliveries.next(), ended, this.link.changed(IDLE_LOOK_MS)]);
  }

  #freeSlot(): void {
    this.#freedSlots += 1;
    this.#onSlotFreed();
  }

  /** Resolves when a slot was freed here, or after `ms`. */
  async #slotFreed(ms?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onSlotFreed = resolve;
      if (ms !== undefined) timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }

  async #sendUnsent(): Promise<void> {
    // A failed send is repeated next time.
    if (this.link.isReady) await this.dispatcher.sendUnsent().catch(() => undefined);
  }

  /** A method: TypeScript would not see that the field changes during an await. */
  #hasStopped(): boolean {
    return this.#isStopped;
  }
}
