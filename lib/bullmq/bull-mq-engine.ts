import { setTimeout as wait } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { DurableQueue, Lease, QueueEngine } from '../queue/durable-queue.js';
import { BullMqQueue } from './bull-mq-queue.js';
import { RedisChecks } from './redis-checks.js';
import { RedisFaults } from './redis-faults.js';
import { RedisKeys } from './redis-keys.js';
import { RedisLeases } from './redis-leases.js';
import { RedisLink } from './redis-link.js';
import { RedisNotes } from './redis-notes.js';

/** What is done at the end has so much time. */
const CLOSE_MS = 1_000;

/** What an engine is made from. */
export interface BullMqEngineSetup {
  /** A connection that has not been made yet. */
  redis: Redis;
  /** Host and port, as they are told. */
  address: string;
  /** What all keys start with. */
  prefix: string;
  leaseMs: number;
}

/** Queues in Redis, for several processes. */
export class BullMqEngine implements QueueEngine {
  readonly isDurable = true;
  readonly isShared = true;
  readonly #queues = new Map<string, BullMqQueue<unknown>>();
  readonly #checks = new RedisChecks();
  readonly #keys: RedisKeys;
  readonly #link: RedisLink;
  readonly #notes: RedisNotes;
  readonly #leases: RedisLeases;
  #closed: Promise<void> | undefined;

  constructor(private readonly setup: BullMqEngineSetup) {
    const { redis, address, prefix, leaseMs } = setup;
    this.#keys = new RedisKeys(prefix);
    this.#link = new RedisLink(redis, new RedisFaults(address), (link) => this.#checks.inspect(link));
    this.#notes = new RedisNotes(this.#link, this.#keys);
    this.#leases = new RedisLeases(this.#link, this.#keys, leaseMs);
  }

  queue<T>(name: string): DurableQueue<T> {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new BullMqQueue<unknown>({ link: this.#link, keys: this.#keys, leaseMs: this.setup.leaseMs }, name, () =>
        this.#queues.delete(name),
      );
      this.#queues.set(name, queue);
    }
    return queue as DurableQueue<unknown> as DurableQueue<T>;
  }

  note(name: string, text: string): Promise<void> {
    return this.#notes.change({ name, text });
  }

  forget(name: string): Promise<void> {
    return this.#notes.change({ name });
  }

  read(name: string): Promise<string | undefined> {
    return this.#notes.read(name);
  }

  notes(prefix: string): AsyncIterable<{ name: string; text: string }> {
    return this.#notes.all(prefix);
  }

  exclusive(name: string): Promise<Lease | undefined> {
    return this.#leases.take(name);
  }

  async turn(name: string, apartMs: number): Promise<number> {
    const apart = Math.max(0, Math.round(apartMs * 1_000));
    return (await this.#link.script<number>('oursms:turn', this.#keys.turn(name), apart)) / 1_000;
  }

  checkRoom(bytes: number): Promise<void> {
    return this.#checks.checkRoom(this.#link, bytes);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#link.refuse();
    const ending = new AbortController();
    const within = wait(CLOSE_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    const queues = [...this.#queues.values()];
    await Promise.race([Promise.all([...queues.map((queue) => queue.abandon(within)), this.#leases.close()]), within]);
    await Promise.race([Promise.all(queues.map((queue) => queue.close())), within]);
    ending.abort();
    this.#link.end();
  }
}
