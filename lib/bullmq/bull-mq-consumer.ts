import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { ConsumeOptions, JobHandler } from '../queue/durable-queue.js';
import { nameOf } from '../queue/name-of.js';
import type { BullMqJobs, TakenJob } from './bull-mq-jobs.js';
import { JobRuns } from './job-runs.js';
import type { RedisLink } from './redis-link.js';

/** When Redis is away. */
const TRY_AGAIN_MS = 250;
/** An idle consumer looks by itself so often: what should have woken it may have been heard by a process that died. */
const LOOK_MS = 2_000;
/** Between looks for room, where all processes together have a limit: none is woken when there is room again. */
const LOOK_FOR_ROOM_MS = 250;
const SHORTEST_BLOCK_MS = 10;
/** Jobs that are asked for without waiting for the answer on the one before. */
const AT_ONCE = 16;

/** Dependencies of {@link BullMqConsumer}. */
export interface BullMqConsumerParts<T> {
  link: RedisLink;
  jobs: BullMqJobs<T>;
  /** The key that BullMQ wakes by. */
  marker: string;
  leaseMs: number;
  handler: JobHandler<T>;
  options: ConsumeOptions;
}

/** Takes the jobs of a queue, as many at a time as it may. */
export class BullMqConsumer<T> {
  readonly #logger = new Logger('OurSmsQueue');
  readonly #id = randomUUID();
  readonly #runs: JobRuns<T>;
  readonly #recovering: NodeJS.Timeout;
  readonly #taking: Promise<void>;
  /** Made when there is nothing to do for the first time. */
  #blocking: Redis | undefined;
  #takenCount = 0;
  #isStopped = false;
  #onAbandoned: () => void = () => undefined;
  readonly #abandoned = new Promise<void>((resolve) => (this.#onAbandoned = resolve));
  #onRoom: () => void = () => undefined;
  /** How often there was room again. */
  #rooms = 0;

  constructor(private readonly parts: BullMqConsumerParts<T>) {
    this.#runs = new JobRuns(parts, () => this.#makeRoom());
    this.#recovering = setInterval(() => void this.#recover(), parts.leaseMs / 2);
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
    this.#isStopped = true;
    clearInterval(this.#recovering);
    this.#blocking?.disconnect();
    this.#onRoom();
  }

  async #takeAll(): Promise<void> {
    const { jobs, link, options } = this.parts;
    let isLimited = false;
    let atOnce = AT_ONCE;
    while (!this.#hasStopped()) {
      try {
        const rooms = this.#rooms;
        const { room } = this.#runs;
        if (room <= 0) {
          await this.#roomMade();
          continue;
        }
        // Not awaited one after the other: Redis does it in this order.
        const limited = isLimited ? undefined : jobs.limit(options.total);
        const [taken] = await Promise.all([this.#take(Math.min(room, atOnce)), limited]);
        isLimited = true;
        const last = taken.at(-1);
        // Where there was nothing, or no room for more, one look is enough.
        atOnce = last?.job ? Math.min(2 * atOnce, AT_ONCE) : 1;
        if (!last?.job && !this.#hasStopped()) await this.#block(rooms, last?.dueAt);
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

  /** Takes jobs, and starts them in their order. @throws when one of them could not be taken */
  async #take(count: number): Promise<{ job?: TakenJob<T>; dueAt?: number }[]> {
    const asked = Array.from({ length: count }, () => this.parts.jobs.take(`${this.#id}:${this.#takenCount++}`));
    const answers = await Promise.allSettled(asked);
    const failed = answers.find((answer) => answer.status === 'rejected');
    const taken = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    for (const { job } of taken) if (job) this.#runs.start(job);
    if (failed) throw failed.reason;
    return taken;
  }

  /** Waits for a job, a time, or the end. */
  async #block(rooms: number, dueAt = Infinity): Promise<void> {
    const { link, marker, options } = this.parts;
    const most = options.total === undefined ? LOOK_MS : LOOK_FOR_ROOM_MS;
    const ms = Math.max(SHORTEST_BLOCK_MS, Math.min(most, dueAt - Date.now()));
    // What another process has done makes room for that one, and what this one has done for this one.
    if (options.total !== undefined) return rooms === this.#rooms ? this.#roomMade(ms) : undefined;
    try {
      this.#blocking ??= link.forBlocking();
      await this.#blocking.bzpopmin(marker, ms / 1_000);
    } catch (error) {
      // This connection does not learn from the other one that its server is the master no more.
      if (link.faults.saysNoMaster(error) && !this.#hasStopped()) this.#blocking?.disconnect(true);
      throw link.faults.explain(error);
    }
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

  async #recover(): Promise<void> {
    // When Redis is away, next time.
    if (!this.parts.link.isReady) return;
    // Redis may have been away for longer than our own locks last.
    await this.#runs.renew();
    await this.parts.jobs.recover().catch(() => undefined);
  }

  /** A method, since it may have changed during an await. */
  #hasStopped(): boolean {
    return this.#isStopped;
  }
}
