import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { OrderedStore, StoreChange } from './ordered-store.js';

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 15_000;
/** Longest delay of a write that is not urgent. */
const FLUSH_DELAY_MS = 5;

interface PendingWrite {
  changes: StoreChange[];
  resolve: () => void;
  reject: (error: OurSmsStorageError) => void;
}

/** Called during the recovery of a store. */
export interface RecoveryHooks {
  /** Reloads all state that is derived from the store. Other writes are rejected meanwhile. */
  reload(): Promise<void>;
  /** Called once the store is writable again. */
  resume(): void;
}

/** Result of a retry: the store is usable, is still not available, or cannot be used again. */
type RetryResult = 'usable' | 'unavailable' | 'lost';

/**
 * Writes to a store, one batch at a time. Writes that arrive during a batch go into the next one together, so that they wait
 * for a slow disk once.
 *
 * After a failed write it reopens the store, with backoff, until the store is writable. Until then all writes are rejected: only
 * the reopened store knows how much of the failed write is on the disk, and data that is written behind it would be lost.
 */
export class GroupWriter {
  readonly #logger = new Logger('OurSmsStore');
  #pending: PendingWrite[] = [];
  #running: Promise<void> | undefined;
  /** Whether a pending write must not be delayed. */
  #isUrgent = false;
  /** Flushes delayed writes. */
  #flushTimer: NodeJS.Timeout | undefined;
  #fault: OurSmsStorageError | undefined;
  #recovery: Promise<void> | undefined;
  #closed = false;
  /** Aborting it starts the next retry at once. */
  #backoff = new AbortController();
  #retryWaiters: ((outcome: RetryResult) => void)[] = [];

  constructor(
    private readonly store: OrderedStore,
    private readonly hooks: RecoveryHooks,
  ) {}

  /**
   * Resolves once the changes are durable.
   *
   * @param canWait Whether the write may be delayed by a few milliseconds to share a batch with others.
   */
  write(changes: StoreChange[], canWait = false): Promise<void> {
    if (this.#fault) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      this.#pending.push({ changes, resolve, reject });
      if (canWait) this.#flushTimer ??= setTimeout(() => this.flush(), FLUSH_DELAY_MS);
      else this.flush();
    });
  }

  /** Starts to write all pending changes. */
  flush(): void {
    if (this.#pending.length === 0) return;
    this.#isUrgent = true;
    this.#running ??= this.#writeAll();
  }

  /** @throws {OurSmsStorageError} while the store is not usable */
  check(): void {
    if (this.#fault) throw this.#fault;
  }

  /**
   * Rejects all writes from now on. If the fault is retryable, reopens the store until it is writable.
   *
   * @param bytes Size of the test write that must succeed.
   */
  fail(fault: OurSmsStorageError, bytes = 0): void {
    for (const { reject } of this.#takePending()) reject(this.#fault ?? fault);
    if (this.#fault) return;
    this.#fault = fault;
    this.#logFault(fault);
    if (fault.retryable) this.#recovery = this.#recover(bytes);
  }

  /** Resolves at once if the store has no fault, otherwise after the next retry. */
  whenRetried(): Promise<RetryResult> {
    if (!this.#fault) return Promise.resolve('usable');
    if (!this.#fault.retryable) return Promise.resolve('lost');
    return new Promise((resolve) => this.#retryWaiters.push(resolve));
  }

  /** Flushes. If the store has failed, retries it now, without waiting for the end of the backoff. */
  flushOrRetry(): void {
    if (this.#fault) this.#backoff.abort();
    else this.flush();
  }

  /** Rejects new writes with this error, and waits for the pending ones. */
  async close(closed: OurSmsStorageError): Promise<void> {
    this.flush();
    this.#closed = true;
    this.#fault = closed;
    this.#backoff.abort();
    await this.#running;
    await this.#recovery;
  }

  async #writeAll(): Promise<void> {
    // One microtask later, so that writes of the same tick share a batch.
    await Promise.resolve();
    while (this.#isUrgent) {
      const group = this.#takePending();
      const changes = group.flatMap((one) => one.changes);
      try {
        await this.store.write(changes);
        for (const { resolve } of group) resolve();
      } catch (error) {
        this.#pending.unshift(...group);
        this.fail(error as OurSmsStorageError, sizeOf(changes));
      }
    }
    this.#running = undefined;
  }

  #takePending(): PendingWrite[] {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    this.#isUrgent = false;
    return this.#pending.splice(0);
  }

  async #recover(bytes: number): Promise<void> {
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, MAX_RETRY_MS)) {
      await wait(delayMs, undefined, { signal: this.#backoff.signal }).catch(() => undefined);
      if (this.#closed) return this.#notifyWaiters('lost');
      this.#backoff = new AbortController();
      const fault = await this.#retry(bytes);
      if (this.#isClosed()) return this.#notifyWaiters('lost');
      if (fault === undefined) break;
      if (fault.fault !== this.#fault?.fault) this.#logFault(fault);
      this.#fault = fault;
      this.#notifyWaiters(fault.retryable ? 'unavailable' : 'lost');
      if (!fault.retryable) return;
    }
    this.#fault = undefined;
    this.#logger.log('The store is writable again.');
    this.#notifyWaiters('usable');
    this.hooks.resume();
  }

  /** A store on a full disk can be opened but not written, so a test write of the same size must succeed. */
  async #retry(bytes: number): Promise<OurSmsStorageError | undefined> {
    try {
      await this.store.reopen();
      await this.store.write([
        { type: 'put', key: 'probe', value: '0'.repeat(bytes) },
        { type: 'del', key: 'probe' },
      ]);
      await this.hooks.reload();
      return undefined;
    } catch (error) {
      return error as OurSmsStorageError;
    }
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  #notifyWaiters(outcome: RetryResult): void {
    for (const resolve of this.#retryWaiters.splice(0)) resolve(outcome);
  }

  #logFault({ message, retryable }: OurSmsStorageError): void {
    this.#logger.error(retryable ? `${message} Writing is retried until it succeeds.` : message);
  }
}

const sizeOf = (changes: readonly StoreChange[]): number =>
  changes.reduce((sum, change) => sum + (change.type === 'put' ? Buffer.byteLength(change.value) : 0), 0);
