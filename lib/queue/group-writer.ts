import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { OrderedStore, StoreChange } from './ordered-store.js';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;

interface PendingWrite {
  changes: StoreChange[];
  resolve: () => void;
  reject: (error: OurSmsStorageError) => void;
}

/**
 * Writes to a store, one batch at a time: what is asked for while one is being written goes into the next together, so that
 * a slow disk is waited for once.
 *
 * After a write that failed, all others fail too until the store was opened again: only it knows how much of that one came
 * onto the disk. That is tried until it succeeds.
 */
export class GroupWriter {
  readonly #logger = new Logger('OurSmsStore');
  #pending: PendingWrite[] = [];
  #running: Promise<void> | undefined;
  #fault: OurSmsStorageError | undefined;
  #closing = new AbortController();

  /**
   * @param onReopened Called when the store was opened again: what is remembered of it may be wrong.
   * @param onUsable Called after that, when it can be used again.
   */
  constructor(
    private readonly store: OrderedStore,
    private readonly onReopened: () => Promise<void>,
    private readonly onUsable: () => void,
  ) {}

  /** Resolves once the changes are durable. */
  write(changes: StoreChange[]): Promise<void> {
    if (this.#fault) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      this.#pending.push({ changes, resolve, reject });
      this.#running ??= this.#writeAll();
    });
  }

  /** @throws {OurSmsStorageError} while the store cannot be used */
  check(): void {
    if (this.#fault) throw this.#fault;
  }

  /** The store failed. Unless it is damaged or closed, it is opened again until it can be written. */
  fail(fault: OurSmsStorageError): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const { reject } of pending) reject(this.#fault ?? fault);
    if (this.#fault || this.#closing.signal.aborted) return;
    this.#fault = fault;
    this.#logger.error(fault.retryable ? `${fault.message} It is tried again until it can be written.` : fault.message);
    if (fault.retryable) void this.#recover();
  }

  /** Lets what was asked for be written; nothing more is taken then. */
  async close(closed: OurSmsStorageError): Promise<void> {
    await this.#running;
    this.#fault = closed;
    this.#closing.abort();
  }

  async #writeAll(): Promise<void> {
    // One turn later, so that writes of the same moment go together.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const group = this.#pending;
      this.#pending = [];
      try {
        await this.store.write(
          group.length === 1 ? (group[0] as PendingWrite).changes : group.flatMap((one) => one.changes),
        );
        for (const { resolve } of group) resolve();
      } catch (error) {
        this.#pending.unshift(...group);
        this.fail(error as OurSmsStorageError);
      }
    }
    this.#running = undefined;
  }

  async #recover(): Promise<void> {
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS)) {
      try {
        await wait(delayMs, undefined, { signal: this.#closing.signal });
      } catch {
        return;
      }
      try {
        await this.store.reopen();
        // A store on a full disk opens, and refuses the next write: it must take one before it is believed.
        await this.store.write([{ type: 'put', key: 'probe', value: String(Date.now()) }]);
        await this.onReopened();
        this.#fault = undefined;
        this.#logger.log('The store can be written again.');
        return this.onUsable();
      } catch (error) {
        this.#fault = error as OurSmsStorageError;
      }
    }
  }
}
