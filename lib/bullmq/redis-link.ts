import { Logger } from '@nestjs/common';
import { createIORedisClient, type IRedisClient } from 'bullmq';
import type { Redis } from 'ioredis';
import type { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { addressOf, ANSWER_MS } from './redis-connection.js';
import { RedisFaults } from './redis-faults.js';
import { REDIS_SCRIPTS, type RedisScript } from './redis-scripts.js';

/** Wait before a server that cannot be used is replaced by a new connection: another may have its address by then. */
const RECONNECT_MS = 2_000;

type Script = (...args: unknown[]) => Promise<unknown>;

/** The connection of an engine to Redis. It connects in the background, and reconnects automatically. */
export class RedisLink {
  /** The same connection, for BullMQ. */
  readonly client: IRedisClient;
  readonly faults: RedisFaults;
  readonly #logger = new Logger('OurSmsRedis');
  /** Why Redis cannot be used; undefined while it can be used, or while the connection is still being made. */
  #fault: OurSmsStorageError | undefined;
  /** The fault that was logged last; undefined while Redis answers. */
  #logged: string | undefined;
  #isReady = false;
  #isClosed = false;
  #reconnecting: NodeJS.Timeout | undefined;
  readonly #watchers = new Set<() => void>();

  /**
   * @param redis A client that has not connected yet, as `connectionLike` makes it.
   * @param inspect Checks the server after each connect. It returns why the server cannot be used, or undefined.
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
   * Runs a command, and waits a few seconds at most for its answer.
   *
   * @throws {OurSmsStorageError} when Redis does not answer, or refuses the command
   */
  async run<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    await this.#usable();
    return this.runUnchecked(command);
  }

  /** Like {@link run}, but also before the server was checked, and while the engine closes. */
  async runUnchecked<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), ANSWER_MS + 500);
    });
    try {
      return await Promise.race([command(this.redis), late]);
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

  /** Like {@link script}, but also before the server was checked, and while the engine closes. */
  scriptUnchecked<T>(name: RedisScript, ...args: (string | number)[]): Promise<T> {
    return this.runUnchecked((redis) => (redis as unknown as Record<string, Script>)[name]?.(...args) as Promise<T>);
  }

  /** Refuses everything but {@link runUnchecked} and {@link scriptUnchecked} from now on. */
  refuse(): void {
    this.#isClosed = true;
    this.#wake();
  }

  end(): void {
    this.#isClosed = true;
    this.#isReady = false;
    clearTimeout(this.#reconnecting);
    this.redis.disconnect();
    this.#wake();
  }

  /** Resolves when the state of the connection changes, or after `ms`. */
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

  /** Waits while the connection is being made, but not while Redis is known to be away. @throws {OurSmsStorageError} */
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
      this.#reconnecting = setTimeout(() => this.redis.disconnect(true), RECONNECT_MS);
      return this.#setFault(fault);
    }
    this.#fault = undefined;
    this.#isReady = true;
    if (this.#logged !== undefined) this.#logger.log(`Redis at ${this.faults.address} answers again.`);
    this.#logged = undefined;
    this.#wake();
  }

  #onClose(): void {
    this.#isReady = false;
    clearTimeout(this.#reconnecting);
  }

  #onFault(error: Error): void {
    if (this.#isClosed) return;
    this.#setFault(this.faults.explain(error));
  }

  #setFault(fault: OurSmsStorageError): void {
    this.#fault = fault;
    this.#wake();
    if (this.#logged === fault.fault) return;
    this.#logged = fault.fault;
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
