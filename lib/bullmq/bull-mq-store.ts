import { randomUUID } from 'node:crypto';
import { Job as BullJob, Queue, type IRedisTransaction, type QueueOptions, type RedisQueueBackend } from 'bullmq';
import type { ChainableCommander } from 'ioredis';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { NewJob, NoteChange, QueueCounts, Verdict } from '../queue/durable-queue.js';
import { bullJobId, bullQueueName, jobName, type RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';
import { noteArguments } from './redis-notes.js';

/** Those whose delay has passed come before those that never had one. */
const DUE = 1;
const PLAIN = 2;
/** How long it is known that a list was added, for the case that the answer is lost. */
const ADDITION_MS = 3_600_000;
/** Events of BullMQ that are kept: nobody here listens to them. */
const EVENTS = 100;

/** What the queues of an engine have in common. */
export interface BullMqStoreParts {
  link: RedisLink;
  keys: RedisKeys;
  /** Milliseconds that a job is locked for. */
  leaseMs: number;
}

/** A job that was taken from a queue. */
export interface TakenJob<T> {
  /** Its id in BullMQ. */
  bullId: string;
  /** Tells this hand-out from all others. */
  token: string;
  id: string;
  data: T;
  /** How often it was tried before it became a job. */
  attempts: number;
}

/** What is asked of BullMQ and of our scripts about one queue. */
export class BullMqStore<T> {
  readonly #name: string;
  /** The jobs that may have been added although no answer came, and what says so. */
  readonly #uncertain = new Map<string, string>();
  #queue: Queue | undefined;

  constructor(
    private readonly parts: BullMqStoreParts,
    name: string,
  ) {
    this.#name = bullQueueName(name);
  }

  /** Adds jobs that are not there yet, and changes notes, in one transaction. */
  async add(jobs: readonly NewJob<T>[], notes: readonly NoteChange[]): Promise<void> {
    const { link, keys } = this.parts;
    // What cannot be written as JSON throws here, before anything is sent.
    const added = jobs.map((job) => ({ bullId: bullJobId(job.id), job, json: JSON.stringify(job.data) ?? 'null' }));
    const known = await link.run(() => this.#addedAlready(added.map(({ bullId }) => bullId)));
    const fresh = added.filter(({ bullId }) => !known.has(bullId));
    const addition = keys.addition(randomUUID());
    try {
      await link.run(async () => {
        const { backend, multi, queue } = await this.#transaction();
        // Also makes Redis refuse all of it, and not a part, when its memory is full.
        if (fresh.length > 0) (multi as unknown as ChainableCommander).set(addition, '1', 'PX', ADDITION_MS);
        for (const { bullId, job, json } of fresh) {
          const bullJob = this.#bullJob(queue, job, bullId).asJSON();
          void backend.addJobToTransaction(multi, { ...bullJob, data: json }, bullId);
        }
        const ids = fresh.map(({ bullId }) => bullId);
        multi.runCommand('oursms:added', [
          keys.noteNames,
          keys.noteTexts,
          this.#key('oursms-added'),
          this.#key(''),
          Date.now(),
          ids.length,
          ...ids,
          ...noteArguments(notes),
        ]);
        await this.#execute(multi);
      });
      for (const { bullId } of fresh) this.#uncertain.delete(bullId);
    } catch (error) {
      if (error instanceof OurSmsStorageError && error.fault === 'unreachable') {
        for (const { bullId } of fresh) this.#uncertain.set(bullId, addition);
      }
      throw error;
    }
  }

  /** The next job whose turn it is, or when the first that is delayed is due: milliseconds since 1970. */
  async take(token: string): Promise<{ job?: TakenJob<T>; dueAt?: number }> {
    const [found, bullId, , dueAt] = await this.parts.link.run(
      async () => (await this.#backend().moveToActive(token)) as [BullData | undefined, string?, number?, number?],
    );
    if (!found || bullId === undefined) return { dueAt: dueAt === undefined || dueAt <= 0 ? undefined : dueAt };
    const attempts = found.opts.oursms ?? 0;
    return { job: { bullId, token, id: jobName(bullId), data: JSON.parse(found.data) as T, attempts } };
  }

  /** Notes that a job is handed to its handler. @returns undefined when it belongs to someone else by now */
  async begin({ bullId, token, attempts }: TakenJob<T>): Promise<{ attempt: number; doubtSince?: number } | undefined> {
    const begun = await this.parts.link.script<[number, string] | null>(
      'oursms:begin',
      this.#key(bullId),
      this.#key('active'),
      bullId,
      token,
      this.parts.leaseMs,
      Date.now(),
      attempts,
    );
    if (begun === null) return undefined;
    const [attempt, doubt] = begun;
    return { attempt, ...(doubt !== '' && { doubtSince: Number(doubt) }) };
  }

  /** Makes a verdict durable. @returns whether the job was still this process's */
  async settle({ bullId, token }: TakenJob<T>, attempt: number, verdict: Verdict<T>): Promise<boolean> {
    const { link, keys, leaseMs } = this.parts;
    const data = verdict.kind === 'done' || verdict.data === undefined ? {} : { data: JSON.stringify(verdict.data) };
    return link.runLast(async () => {
      const { backend, multi, queue } = await this.#transaction();
      const job = new BullJob(queue, 'job', null, {}, bullId);
      const again = verdict.kind === 'again';
      multi.runCommand('oursms:settle', [
        this.#key(bullId),
        this.#key('active'),
        keys.noteNames,
        keys.noteTexts,
        this.#key('oursms-added'),
        bullId,
        token,
        leaseMs,
        again ? '1' : '0',
        ...noteArguments(verdict.notes ?? []),
      ]);
      if (verdict.kind === 'done') {
        backend.execCommand(multi, 'moveToFinished', backend.moveToCompletedArgs(job, '1', true, token));
      } else if (verdict.kind === 'again') {
        const tries = verdict.uncounted ? attempt - 1 : attempt;
        const fieldsToUpdate = { ...data, 'oursms:tries': tries, 'oursms:since': '', priority: DUE };
        const inMs = Math.max(0, Math.ceil(verdict.inMs));
        const args = backend.moveToDelayedArgs(bullId, Date.now(), token, inMs, { fieldsToUpdate });
        backend.execCommand(multi, 'moveToDelayed', args);
      } else {
        // As a new one already: so it is one when it is retried, by whatever means.
        const fresh = { 'oursms:tries': 0, 'oursms:since': '', 'oursms:doubt': '', priority: PLAIN };
        const fieldsToUpdate = { ...data, ...fresh, 'oursms:failure': String(attempt) };
        const args = backend.moveToFailedArgs(job, verdict.reason, false, token, false, fieldsToUpdate);
        backend.execCommand(multi, 'moveToFinished', args);
        multi.runCommand('oursms:failed-last', [this.#key('failed'), this.#key(bullId), bullId, token]);
      }
      const [isOurs] = await this.#execute(multi);
      return isOurs === 1;
    });
  }

  /** Puts a job back in its place, as it was taken. */
  async putBack({ bullId, token }: TakenJob<T>): Promise<void> {
    await this.parts.link.runLast(() => this.#backend().moveJobFromActiveToWait(bullId, token));
  }

  /** Keeps the locks of jobs. @returns the tokens of those that are lost */
  renew(jobs: readonly TakenJob<T>[]): Promise<string[]> {
    return this.parts.link.script(
      'oursms:renew',
      this.#key('active'),
      this.#key('stalled'),
      this.#key(''),
      this.parts.leaseMs,
      ...jobs.flatMap(({ bullId, token }) => [bullId, token]),
    );
  }

  /** Puts back the jobs of processes that have vanished. */
  async recover(): Promise<void> {
    await this.parts.link.run(() => this.#backend().moveStalledJobsToWait());
  }

  /** How many jobs all processes together have at a time. */
  async limit(total: number | undefined): Promise<void> {
    await this.parts.link.run(async (): Promise<unknown> => {
      const queue = this.#bullQueue();
      return total === undefined ? queue.removeGlobalConcurrency() : queue.setGlobalConcurrency(total);
    });
  }

  async counts(): Promise<QueueCounts> {
    const lists = ['wait', 'paused', 'prioritized', 'delayed', 'active', 'failed', 'oursms-added'];
    const [waiting, active, failed, oldest] = await this.parts.link.script<[number, number, number, string]>(
      'oursms:counts',
      ...lists.map((list) => this.#key(list)),
      this.#key(''),
    );
    return { waiting, active, failed, oldestAt: oldest === '' ? undefined : Number(oldest) };
  }

  /** The key that BullMQ wakes its workers by. */
  get marker(): string {
    return this.#key('marker');
  }

  /** The start of a key of this queue, or the key of one of its lists or jobs. */
  key(part: string): string {
    return this.#key(part);
  }

  /** BullMQ's own queue. */
  bull(): Queue {
    return this.#bullQueue();
  }

  async close(): Promise<void> {
    await this.#queue?.close().catch(() => undefined);
  }

  #bullJob(queue: Queue, { delayMs = 0, attempts = 0 }: NewJob<T>, bullId: string): BullJob {
    const isDelayed = delayMs > 0;
    const own = { oursms: attempts };
    return new BullJob(
      queue,
      'job',
      null,
      {
        ...own,
        removeOnComplete: true,
        removeOnFail: false,
        stackTraceLimit: 0,
        priority: isDelayed ? DUE : PLAIN,
        ...(isDelayed && { delay: Math.ceil(delayMs) }),
      },
      bullId,
    );
  }

  /** Which of these jobs were added by a transaction whose answer was lost. */
  async #addedAlready(bullIds: readonly string[]): Promise<Set<string>> {
    const known = new Set<string>();
    if (this.#uncertain.size === 0) return known;
    for (const bullId of bullIds) {
      const addition = this.#uncertain.get(bullId);
      if (addition === undefined) continue;
      if ((await this.parts.link.run((redis) => redis.exists(addition))) === 1) known.add(bullId);
    }
    return known;
  }

  async #transaction(): Promise<{ backend: RedisQueueBackend; multi: IRedisTransaction; queue: Queue }> {
    const backend = this.#backend();
    const client = await backend.client;
    return { backend, multi: client.multi(), queue: this.#bullQueue() };
  }

  /** @throws the first error, whichever command it is of */
  async #execute(multi: IRedisTransaction): Promise<unknown[]> {
    const results = await multi.exec();
    const failed = results?.find(([error]) => error);
    if (!results || failed) {
      const error = failed?.[0] ?? new Error('no answer');
      // The next connection sends the scripts anew.
      if (error.message.includes('NOSCRIPT')) this.parts.link.renew();
      throw error;
    }
    return results.map(([, result]): unknown => result);
  }

  #backend(): RedisQueueBackend {
    return this.#bullQueue().getBackend();
  }

  /** Made when Redis is there: BullMQ waits for it without an end. */
  #bullQueue(): Queue {
    if (this.#queue) return this.#queue;
    const { link, keys, leaseMs } = this.parts;
    // The last three belong to workers; the queue's backend takes them as well.
    const settings = { lockDuration: leaseMs, stalledInterval: Math.ceil(leaseMs / 2), maxStalledCount: 2 ** 31 };
    const options: QueueOptions = {
      connection: link.client,
      prefix: keys.prefix,
      skipVersionCheck: true,
      streams: { events: { maxLen: EVENTS } },
      ...settings,
    };
    this.#queue = new Queue(this.#name, options);
    this.#queue.on('error', () => undefined);
    return this.#queue;
  }

  #key(part: string): string {
    return `${this.parts.keys.prefix}:${this.#name}:${part}`;
  }
}

interface BullData {
  data: string;
  opts: { oursms?: number };
}
