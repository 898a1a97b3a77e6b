import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { OrderedStore, StoreChange } from './ordered-store.js';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;
/** How long a write that can wait does so for another one. */
const PATIENCE_MS = 5;

interface PendingWrite {
  changes: StoreChange[];
  resolve: () => void;
  reject: (error: OurSmsStorageError) => void;
}

/** Who works with a store that is opened again. */
export interface StoreUser {
  /** Reloads the state that is derived from the store, which may be wrong. Nothing else is written meanwhile. */
  reload(): Promise<void>;
  /** The store takes writes again. */
  resume(): void;
}

/** Result of a new try of a store: usable, not usable yet, or never usable. */
export type StoreReturn = 'back' | 'away' | 'lost';

/**
 * Writes to a store, one batch at a time: what is asked for while one is being written goes into the next together, so that
 * a slow disk is waited for once.
 *
 * After a write that failed, all others fail too until the store was opened again: only it knows how much of that one came
 * onto the disk, and what is written behind the rest of it would be lost. That is tried until it succeeds.
 */
export class GroupWriter {
  readonly #logger = new Logger('OurSmsStore');
  #pending: PendingWrite[] = [];
  #running: Promise<void> | undefined;
  /** Whether something of what is pending cannot wait. */
  #isUrgent = false;
  /** Ends the waiting of what is pending. */
  #patience: NodeJS.Timeout | undefined;
  #fault: OurSmsStorageError | undefined;
  #recovery: Promise<void> | undefined;
  #closed = false;
  #hurry = new AbortController();
  #watchers: ((outcome: StoreReturn) => void)[] = [];

  constructor(
    private readonly store: OrderedStore,
    private readonly user: StoreUser,
  ) {}

  /**
   * Resolves once the changes are durable.
   *
   * @param canWait Whether they may wait a few milliseconds for others to go with: so the disk is waited for once.
   */
  write(changes: StoreChange[], canWait = false): Promise<void> {
    if (this.#fault) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      this.#pending.push({ changes, resolve, reject });
      if (canWait) this.#patience ??= setTimeout(() => this.hasten(), PATIENCE_MS);
      else this.hasten();
    });
  }

  /** Writes what is pending at once. */
  hasten(): void {
    if (this.#pending.length === 0) return;
    this.#isUrgent = true;
    this.#running ??= this.#writeAll();
  }

  /** @throws {OurSmsStorageError} while the store cannot be used */
  check(): void {
    if (this.#fault) throw this.#fault;
  }

  /**
   * The store failed. Unless it is damaged or closed, it is opened again until it can be written.
   *
   * @param bytes How much it must be able to write.
   */
  fail(fault: OurSmsStorageError, bytes = 0): void {
    for (const { reject } of this.#takePending()) reject(this.#fault ?? fault);
    if (this.#fault) return;
    this.#fault = fault;
    this.#tellFault(fault);
    if (fault.retryable) this.#recovery = this.#recover(bytes);
  }

  /** Resolves when it is known whether the store can be used: at once when it can, else when it was tried again. */
  whenTriedAgain(): Promise<StoreReturn> {
    if (!this.#fault) return Promise.resolve('back');
    if (!this.#fault.retryable) return Promise.resolve('lost');
    return new Promise((resolve) => this.#watchers.push(resolve));
  }

  /** A caller cannot wait: a store that is away is retried now. */
  hurry(): void {
    if (this.#fault) this.#hurry.abort();
    else this.hasten();
  }

  /** Takes no more, and lets what was asked for be written. */
  async close(closed: OurSmsStorageError): Promise<void> {
    this.hasten();
    this.#closed = true;
    this.#fault = closed;
    this.#hurry.abort();
    await this.#running;
    await this.#recovery;
  }

  async #writeAll(): Promise<void> {
    // One turn later, so that writes of the same moment go together.
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
    clearTimeout(this.#patience);
    this.#patience = undefined;
    this.#isUrgent = false;
    return this.#pending.splice(0);
  }

  async #recover(bytes: number): Promise<void> {
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS)) {
      await wait(delayMs, undefined, { signal: this.#hurry.signal }).catch(() => undefined);
      if (this.#closed) return this.#tell('lost');
      this.#hurry = new AbortController();
      const fault = await this.#tryAgain(bytes);
      if (this.#isClosed()) return this.#tell('lost');
      if (fault === undefined) break;
      if (fault.fault !== this.#fault?.fault) this.#tellFault(fault);
      this.#fault = fault;
      this.#tell(fault.retryable ? 'away' : 'lost');
      if (!fault.retryable) return;
    }
    this.#fault = undefined;
    this.#logger.log('The store is writable again.');
    this.#tell('back');
    this.user.resume();
  }

  /** A store on a full disk opens, and refuses the next write: it must take one of that size before it is believed. */
  async #tryAgain(bytes: number): Promise<OurSmsStorageError | undefined> {
    try {
      await this.store.reopen();
      await this.store.write([
        { type: 'put', key: 'probe', value: '0'.repeat(bytes) },
        { type: 'del', key: 'probe' },
      ]);
      await this.user.reload();
      return undefined;
    } catch (error) {
      return error as OurSmsStorageError;
    }
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  #tell(outcome: StoreReturn): void {
    for (const resolve of this.#watchers.splice(0)) resolve(outcome);
  }

  #tellFault({ message, retryable }: OurSmsStorageError): void {
    this.#logger.error(retryable ? `${message} Writing is retried until it succeeds.` : message);
  }
}

const sizeOf = (changes: readonly StoreChange[]): number =>
  changes.reduce((sum, change) => sum + (change.type === 'put' ? Buffer.byteLength(change.value) : 0), 0);
