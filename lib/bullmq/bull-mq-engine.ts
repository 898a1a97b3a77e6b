import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type {
  DurableQueue,
  Lease,
  NoteChange,
  QueueEngine,
  QueueEngineContext,
  QueueOptions,
} from '../queue/durable-queue.js';
import { accountDirectory } from '../queue/key-part.js';
import { BullMqQueue } from './bull-mq-queue.js';
import type { EngineOptions } from './check-engine-options.js';
import { RedisChecks } from './redis-checks.js';
import { RedisKeys } from './redis-keys.js';
import { RedisLeases } from './redis-leases.js';
import { RedisLink } from './redis-link.js';
import { RedisNotes } from './redis-notes.js';
import { Spool, type SpoolTarget } from './spool.js';

/** Longest time to put back jobs and to release leases when the engine closes. */
const CLOSE_MS = 1_000;

/** Turns are spaced wider by this factor: each process uses a turn a little later than it received the turn. */
const SPACING_FACTOR = 1.1;

/** Queues in Redis, for several processes. */
export class BullMqEngine implements QueueEngine {
  readonly isDurable = true;
  readonly followEveryMs = 500;
  readonly #queues = new Map<string, BullMqQueue<unknown>>();
  readonly #leaseMs: number;
  readonly #checks: RedisChecks;
  readonly #keys: RedisKeys;
  readonly #link: RedisLink;
  readonly #notes: RedisNotes;
  readonly #leases: RedisLeases;
  #spool: Spool | undefined;
  #closed: Promise<void> | undefined;

  private constructor(redis: Redis, { prefix, leaseMs }: EngineOptions) {
    this.#leaseMs = leaseMs;
    this.#keys = new RedisKeys(prefix);
    this.#checks = new RedisChecks(this.#keys);
    this.#link = new RedisLink(redis, (link) => this.#checks.inspect(link));
    this.#notes = new RedisNotes(this.#link, this.#keys);
    this.#leases = new RedisLeases(this.#link, this.#keys, leaseMs);
  }

  /**
   * Opens an engine. Redis need not answer yet.
   *
   * @param redis A client that has not connected yet, as `connectionLike` makes it.
   * @throws {OurSmsStorageError} when the spool cannot be used
   */
  static async open(redis: Redis, options: EngineOptions, context: QueueEngineContext): Promise<BullMqEngine> {
    const engine = new BullMqEngine(redis, options);
    try {
      if (options.spool !== undefined) {
        const directory = join(options.spool, accountDirectory(context.account));
        engine.#spool = await Spool.open(directory, engine.#spoolTarget(), context.lockPatience);
      }
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  }

  queue<T>(name: string, { isPrecious = false }: QueueOptions = {}): DurableQueue<T> {
    const queue = this.#queue(name) as BullMqQueue<T>;
    if (isPrecious) queue.spool = this.#spool;
    return queue;
  }

  note(name: string, text: string): Promise<void> {
    return this.#notes.change({ name, text });
  }

  forget(name: string): Promise<void> {
    return this.#notes.change({ name });
  }

  change(changes: readonly NoteChange[]): Promise<void> {
    return this.#notes.change(...changes);
  }

  /** A change that is still in the spool counts. */
  async read(name: string): Promise<string | undefined> {
    const change = this.#spool?.noteChange(name);
    return change ? change.text : this.#notes.read(name);
  }

  async readMany(names: readonly string[]): Promise<(string | undefined)[]> {
    const texts = await this.#notes.readMany(names);
    return texts.map((text, i) => {
      const change = this.#spool?.noteChange(names[i] as string);
      return change ? change.text : text;
    });
  }

  async *notes(prefix: string, after?: string): AsyncIterable<{ name: string; text: string }> {
    for await (const note of this.#notes.all(prefix, after)) {
      // A change that is still in the spool counts.
      const { text } = this.#spool?.noteChange(note.name) ?? note;
      if (text !== undefined) yield { name: note.name, text };
    }
  }

  countNotes(prefix: string): Promise<number> {
    return this.#notes.count(prefix);
  }

  async noteExpiring(name: string, text: string, ttlMs: number): Promise<void> {
    await this.#link.run((redis) => redis.set(this.#keys.expiring(name), text, 'PX', Math.ceil(ttlMs)));
  }

  async readExpiring(name: string): Promise<string | undefined> {
    return (await this.#link.run((redis) => redis.get(this.#keys.expiring(name)))) ?? undefined;
  }

  exclusive(name: string): Promise<Lease | undefined> {
    return this.#leases.take(name);
  }

  async turn(name: string, apartMs: number): Promise<number> {
    const apart = Math.max(0, Math.round(apartMs * 1_000 * SPACING_FACTOR));
    return (await this.#link.script<number>('oursms:turn', this.#keys.turn(name), apart)) / 1_000;
  }

  async time(): Promise<number> {
    const [seconds, microseconds] = await this.#link.run((redis) => redis.time());
    return Number(seconds) * 1_000 + Number(microseconds) / 1_000;
  }

  async checkRoom(bytes: number): Promise<void> {
    await this.#checks.checkRoom(this.#link, bytes);
    await this.#spool?.checkRoom(bytes);
  }

  async checkWritable(): Promise<void> {
    // Not a deletion: Redis accepts one even while its memory is full.
    await this.#link.run((redis) => redis.set(this.#keys.probe, '', 'PX', 1));
    await this.#spool?.checkWritable();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #queue(name: string): BullMqQueue<unknown> {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      const onRelease = (): void => void this.#queues.delete(name);
      queue = new BullMqQueue<unknown>(this.#link, this.#keys, this.#checks, this.#leaseMs, name, onRelease);
      this.#queues.set(name, queue);
    }
    return queue;
  }

  #spoolTarget(): SpoolTarget {
    return {
      deliver: ({ id, queue, jobs, notes }) => this.#queue(queue).addBatch(id, jobs, notes),
      forget: ({ id, queue }) => this.#queue(queue).forgetBatch(id),
      changed: (ms) => this.#link.changed(ms),
    };
  }

  async #close(): Promise<void> {
    // Its jobs stay on the disk for the next start.
    const spooled = this.#spool?.close();
    this.#link.refuse();
    const ending = new AbortController();
    const over = wait(CLOSE_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    const queues = [...this.#queues.values()];
    await Promise.race([Promise.all([...queues.map((queue) => queue.abandon(over)), this.#leases.close()]), over]);
    await Promise.race([Promise.all([spooled, ...queues.map((queue) => queue.close())]), over]);
    ending.abort();
    this.#link.end();
    await spooled;
  }
}
