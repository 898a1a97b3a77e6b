import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { ConsumeOptions, JobHandler, Verdict } from '../queue/durable-queue.js';
import type { BullMqStore, TakenJob } from './bull-mq-store.js';
import { HeldJobs, type HeldJob } from './held-jobs.js';
import type { RedisLink } from './redis-link.js';

/** When a handler rejects, which it should not. */
const AFTER_A_FAULT_MS = 1_000;
/** When Redis is away. */
const TRY_AGAIN_MS = 250;
/** An idle consumer looks by itself so often: what should have woken it may have been heard by a process that died. */
const LOOK_MS = 2_000;
/** Where all processes together may have no more: nobody is woken when there is room again. */
const LOOK_FOR_ROOM_MS = 250;
const SHORTEST_BLOCK_MS = 10;

/** What a consumer works with. */
export interface BullMqConsumerParts<T> {
  link: RedisLink;
  store: BullMqStore<T>;
  leaseMs: number;
  handler: JobHandler<T>;
  options: ConsumeOptions;
}

/** Hands out the jobs of a queue, as many at a time as it may, and settles them. */
export class BullMqConsumer<T> {
  readonly #logger = new Logger('OurSmsQueue');
  readonly #id = randomUUID();
  readonly #held: HeldJobs<T>;
  readonly #tasks = new Set<Promise<void>>();
  readonly #settling = new Set<Promise<unknown>>();
  readonly #recovering: NodeJS.Timeout;
  readonly #blocking: Redis;
  readonly #running: Promise<void>;
  #takenCount = 0;
  #isStopped = false;
  #isAbandoned = false;
  #onRoom: () => void = () => undefined;

  constructor(private readonly parts: BullMqConsumerParts<T>) {
    const { store, leaseMs, link } = parts;
    this.#held = new HeldJobs(store, leaseMs);
    this.#blocking = link.forBlocking();
    this.#recovering = setInterval(() => void this.#recover(), leaseMs / 2);
    this.#running = this.#takeAll();
  }

  /** Takes no more, and waits for the verdicts on what was handed out. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#blocking.disconnect();
    this.#onRoom();
    await this.#running;
    await Promise.all(this.#tasks);
    this.#end();
  }

  /** Waits for the verdicts that handlers have given by now. */
  async flush(): Promise<void> {
    await turn();
    await Promise.allSettled(this.#settling);
  }

  /**
   * Takes no more, and gives back what has no verdict, as interrupted. Verdicts that were given are still written.
   *
   * @param within Resolves when there is no more time.
   */
  async abandon(within: Promise<unknown>): Promise<void> {
    this.#isStopped = true;
    this.#isAbandoned = true;
    this.#blocking.disconnect();
    this.#onRoom();
    const jobs = this.#held.all;
    const open = jobs.filter((job) => !job.isSettling);
    for (const job of open) job.time.lose();
    const givenBack = open.map(({ taken }) => this.parts.store.putBack(taken).catch(() => undefined));
    await Promise.race([Promise.all([this.#running, ...givenBack, ...this.#settling]), within]);
    for (const job of jobs) job.time.lose();
    this.#end();
  }

  #end(): void {
    clearInterval(this.#recovering);
    this.#held.close();
    this.#blocking.disconnect();
  }

  async #takeAll(): Promise<void> {
    const { store, link, options } = this.parts;
    let isLimited = false;
    while (!this.#isStopped) {
      try {
        if (!isLimited) await store.limit(options.total);
        isLimited = true;
        if (this.#tasks.size >= options.concurrency) {
          await new Promise<void>((resolve) => (this.#onRoom = resolve));
          continue;
        }
        const { job, dueAt } = await store.take(`${this.#id}:${this.#takenCount++}`);
        if (job) this.#start(job);
        else if (!this.#hasStopped()) await this.#block(dueAt);
      } catch (error) {
        if (this.#hasStopped()) return;
        // Redis is away, which is told elsewhere; or it is something that nobody expected.
        if (!(error instanceof OurSmsStorageError)) this.#logger.error(`The queue failed: ${nameOf(error)}`);
        await link.changed(TRY_AGAIN_MS);
      }
    }
  }

  /** Waits for a job, a time, or the end. */
  async #block(dueAt: number | undefined): Promise<void> {
    const most = this.parts.options.total === undefined ? LOOK_MS : LOOK_FOR_ROOM_MS;
    const ms = Math.max(SHORTEST_BLOCK_MS, Math.min(most, (dueAt ?? Infinity) - Date.now()));
    await this.#blocking.bzpopmin(this.parts.store.marker, ms / 1_000);
  }

  #start(taken: TakenJob<T>): void {
    const held = this.#held.hold(taken);
    const task = this.#handle(held).finally(() => {
      this.#held.release(held);
      this.#tasks.delete(task);
      this.#onRoom();
    });
    this.#tasks.add(task);
  }

  async #handle(held: HeldJob<T>): Promise<void> {
    const { taken, time } = held;
    const begun = await this.#begin(held);
    if (!begun) return;
    const { id, data } = taken;
    const { attempt, doubtSince } = begun;
    const isHeld = (): boolean => !this.#isAbandoned && time.isHeld;
    const interrupted = { interrupted: doubtSince !== undefined, interruptedAt: doubtSince };
    let verdict: Verdict<T>;
    try {
      // Stopped while it was being handed out: it goes back as it was.
      if (this.#isStopped) verdict = { kind: 'again', inMs: 0, uncounted: true };
      else verdict = await this.parts.handler({ id, data, attempt, ...interrupted, isHeld });
    } catch (error) {
      this.#logger.error(`The handler of a job failed: ${nameOf(error)}`);
      verdict = { kind: 'again', inMs: AFTER_A_FAULT_MS };
    }
    if (this.#isAbandoned) return;
    held.isSettling = true;
    const settling = this.#settle(held, attempt, verdict).catch((error: unknown) => {
      this.#logger.error(`The verdict on a job cannot be kept: ${nameOf(error)}`);
      return this.#settle(held, attempt, { kind: 'again', inMs: AFTER_A_FAULT_MS });
    });
    this.#settling.add(settling);
    await settling.finally(() => this.#settling.delete(settling));
  }

  /** @returns undefined when it is not handed out after all */
  async #begin(held: HeldJob<T>): Promise<{ attempt: number; doubtSince?: number } | undefined> {
    const { store } = this.parts;
    if (this.#isStopped) {
      await store.putBack(held.taken).catch(() => undefined);
      return undefined;
    }
    try {
      const renewed = held.time.asking();
      const begun = await store.begin(held.taken);
      if (begun) renewed();
      return this.#isAbandoned ? undefined : begun;
    } catch {
      // It may have begun, or not: it comes again when its lock has run out.
      return undefined;
    }
  }

  /** Tries until Redis has the verdict, or the job is someone else's. */
  async #settle(held: HeldJob<T>, attempt: number, verdict: Verdict<T>): Promise<void> {
    for (;;) {
      const wasStopped = this.#isStopped;
      try {
        await this.parts.store.settle(held.taken, attempt, verdict);
        return;
      } catch (error) {
        if (!(error instanceof OurSmsStorageError)) throw error;
        if (wasStopped || held.time.isLost || this.parts.link.isClosed) return;
      }
      await this.parts.link.changed(TRY_AGAIN_MS);
    }
  }

  async #recover(): Promise<void> {
    // When Redis is away, next time.
    if (this.parts.link.isReady) await this.parts.store.recover().catch(() => undefined);
  }

  /** Asked anew: it may have changed while something was awaited. */
  #hasStopped(): boolean {
    return this.#isStopped;
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'not an Error');
