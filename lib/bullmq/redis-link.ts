import { Logger } from '@nestjs/common';
import { createIORedisClient, type IRedisClient } from 'bullmq';
import type { Redis } from 'ioredis';
import type { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { addressOf, ANSWER_MS } from './redis-connection.js';
import { RedisFaults } from './redis-faults.js';
import { REDIS_SCRIPTS, type RedisScript } from './redis-scripts.js';

/** A server that cannot be used is left after that: another may be behind its address by then. */
const LOOK_AGAIN_MS = 2_000;

type Script = (...args: unknown[]) => Promise<unknown>;

/** The connection of an engine to Redis. It is made in the background, and again whenever it breaks. */
export class RedisLink {
  /** As BullMQ takes it. */
  readonly client: IRedisClient;
  readonly faults: RedisFaults;
  readonly #logger = new Logger('OurSmsRedis');
  /** Why it cannot be used; undefined while it can, or while that is being found out. */
  #fault: OurSmsStorageError | undefined;
  /** The fault that was logged last. */
  #told: string | undefined;
  #isReady = false;
  #isClosed = false;
  #lookingAgain: NodeJS.Timeout | undefined;
  readonly #watchers = new Set<() => void>();

  /**
   * @param redis A client that has not connected yet, as `connectionLike` makes it.
   * @param inspect Looks at the server that was connected to. @returns why it cannot be used, if so.
   */
  constructor(
    private readonly redis: Redis,
    private readonly inspect: (link: RedisLink) => Promise<OurSmsStorageError | undefined>,
  ) {
    this.faults = new RedisFaults(addressOf(redis));
    for (const [name, { keys, lua }] of Object.entries(REDIS_SCRIPTS)) {
      redis.defineCommand(name, { numberOfKeys: keys, lua });
    }
    this.client = createIORedisClient(redis);
    redis.on('ready', () => void this.#onReady());
    redis.on('close', () => this.#onClose());
    redis.on('error', (error: Error) => this.#onFault(error));
    redis.on('reconnecting', () => this.#wake());
    redis.connect().catch(() => undefined);
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Asks Redis, and waits for the answer no longer than a few seconds.
   *
   * @throws {OurSmsStorageError} when there is none, or Redis refuses
   */
  async run<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
    await this.#usable();
    return this.runUnchecked(ask);
  }

  /** Like {@link run}, also while it is being closed. */
  async runUnchecked<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), ANSWER_MS + 500);
    });
    try {
      return await Promise.race([ask(this.redis), late]);
    } catch (error) {
      throw this.faults.explain(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Runs a script. @throws {OurSmsStorageError} */
  script<T>(name: RedisScript, ...args: (string | number)[]): Promise<T> {
    return this.run((redis) => (redis as unknown as Record<string, Script>)[name]?.(...args) as Promise<T>);
  }

  /** Like {@link script}, also while it is being closed. */
  scriptUnchecked<T>(name: RedisScript, ...args: (string | number)[]): Promise<T> {
    return this.runUnchecked((redis) => (redis as unknown as Record<string, Script>)[name]?.(...args) as Promise<T>);
  }

  /** From now on everything is refused but what must still be done. */
  refuse(): void {
    this.#isClosed = true;
    this.#wake();
  }

  end(): void {
    this.#isClosed = true;
    this.#isReady = false;
    clearTimeout(this.#lookingAgain);
    this.redis.disconnect();
    this.#wake();
  }

  /** Resolves when something has changed about the connection, or after a while. */
  changed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#watchers.add(wake);
    });
  }

  /** While it is being found out whether Redis is there, that is waited for; when it is known to be away, nothing is. */
  async #usable(): Promise<void> {
    const end = performance.now() + ANSWER_MS;
    while (!this.#isClosed && !this.#isReady && !this.#fault && performance.now() < end) {
      await this.changed(Math.max(1, end - performance.now()));
    }
    if (this.#isClosed) throw this.faults.closed;
    if (this.#fault) throw this.#fault;
    if (!this.#isReady) throw this.faults.explain(undefined);
  }

  async #onReady(): Promise<void> {
    const fault = await this.inspect(this).catch(() => undefined);
    if (this.#isClosed || this.redis.status !== 'ready') return;
    if (fault) {
      this.#lookingAgain = setTimeout(() => this.redis.disconnect(true), LOOK_AGAIN_MS);
      return this.#tell(fault);
    }
    this.#fault = undefined;
    this.#isReady = true;
    if (this.#told !== undefined) this.#logger.log(`Redis at ${this.faults.address} answers again.`);
    this.#told = undefined;
    this.#wake();
  }

  #onClose(): void {
    this.#isReady = false;
    clearTimeout(this.#lookingAgain);
  }

  #onFault(error: Error): void {
    if (this.#isClosed) return;
    this.#tell(this.faults.explain(error));
  }

  #tell(fault: OurSmsStorageError): void {
    this.#fault = fault;
    this.#wake();
    if (this.#told === fault.fault) return;
    this.#told = fault.fault;
    if (fault.retryable) this.#logger.warn(fault.message);
    else this.#logger.error(fault.message);
  }

  #wake(): void {
    for (const wake of this.#watchers) wake();
  }
}

/** The results of a pipeline or a transaction. @throws the error of the first failed command, as the client reports it */
export function resultsOf(replies: [error: Error | null, result: unknown][] | null): unknown[] {
  return (replies ?? []).map(([error, result]) => {
    if (error) throw error;
    return result;
  });
}
