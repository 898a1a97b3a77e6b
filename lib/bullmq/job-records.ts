import { randomUUID } from 'node:crypto';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { FailedJob, NewJob, NoteChange } from '../queue/durable-queue.js';
import type { FaultOutcome } from '../queue/faulty-handler.js';
import { jobName, newDelivery, type QueueKeys, type RedisKeys } from './redis-keys.js';
import { resultsOf, type RedisLink } from './redis-link.js';
import { noteArguments } from './redis-notes.js';
import { UncertainAdditions } from './uncertain-additions.js';

/** How long Redis remembers an addition: when its answer is lost, the caller adds the same jobs again. */
const ADDITION_TTL_MS = 3_600_000;
/** The same for a batch from a spool, whose process may restart much later. */
const BATCH_TTL_MS = 30 * 24 * ADDITION_TTL_MS;
/** Records that are read with one command. */
const PAGE = 100;

/** A delivery of a job: a job of BullMQ that is made for one try. */
export interface Delivery {
  /** Its id in BullMQ. */
  delivery: string;
  /** Earliest time for it: milliseconds since 1970. Absent: at once. */
  dueAt?: number;
}

/** A delivery that a worker has taken. */
export interface Take {
  /** The name of the job. */
  id: string;
  delivery: string;
  /** Unique to this take. */
  token: string;
  /** Counts the takes of a delivery: only the latest take is valid. */
  number: number;
}

/** A job whose try has started. */
export interface StartedJob<T> {
  kind: 'started';
  data: T;
  /** 1 for the first try. */
  attempt: number;
  /** How many times in a row its handler has rejected before. */
  faults: number;
  /** Start of the first try that ended without an outcome: milliseconds since 1970. */
  doubtSince?: number;
  /** Mark that the handler set in that try. */
  doubtMark?: string;
}

type Started = [kind: string, attempt: number, doubt: string, mark: string, faults: number, data: string];

/** The records of a queue's jobs. They alone define which jobs exist; BullMQ only delivers them. */
export class JobRecords<T> {
  readonly #queueKeys: QueueKeys;
  readonly #uncertain: UncertainAdditions;

  constructor(
    private readonly link: RedisLink,
    private readonly keys: RedisKeys,
    queue: string,
  ) {
    this.#queueKeys = keys.queue(queue);
    this.#uncertain = new UncertainAdditions(link);
  }

  /** Adds the jobs that do not exist yet and changes notes, atomically. @returns the deliveries to send */
  async add(jobs: readonly NewJob<T>[], notes: readonly NoteChange[]): Promise<Delivery[]> {
    const addition = this.keys.addition(randomUUID());
    const all = prepareJobs(jobs);
    const found = await this.#uncertain.found(jobs);
    const fresh = all.filter(({ id }) => !found.has(id));
    try {
      const deliveries = await this.#add(fresh, notes, addition, ADDITION_TTL_MS);
      this.#uncertain.forget(jobs);
      return deliveries;
    } catch (error) {
      if (error instanceof OurSmsStorageError && error.fault === 'unreachable')
        this.#uncertain.remember(fresh, addition);
      throw error;
    }
  }

  /** Like {@link add}, but a repeated call with the same batch adds nothing, even from a later process. */
  addBatch(batch: string, jobs: readonly NewJob<T>[], notes: readonly NoteChange[]): Promise<Delivery[]> {
    return this.#add(prepareJobs(jobs), notes, this.keys.addition(batch), BATCH_TTL_MS);
  }

  /** Forgets that a batch was added: call it when the batch is never added again. */
  async forgetBatch(batch: string): Promise<void> {
    await this.link.runUnchecked((redis) => redis.del(this.keys.addition(batch)));
  }

  /**
   * Starts a try, durably.
   *
   * @param isIdle Whether the try is at work only when its handler calls {@link atWork}.
   * @returns `gone`: the job has an outcome. `lost`: another worker has taken the delivery since.
   */
  async startTry(
    { id, delivery, token, number }: Take,
    isIdle = false,
  ): Promise<StartedJob<T> | { kind: 'gone' | 'lost' }> {
    const what = [delivery, token, number, isIdle ? '' : Date.now(), ''];
    const answer = await this.link.script<Started>('oursms:start-try', this.#job(id), ...what);
    const [kind, attempt, doubt, mark, faults, data] = answer;
    if (kind !== 'started') return { kind: kind as 'gone' | 'lost' };
    const interruption = doubt === '' ? {} : { doubtSince: Number(doubt), doubtMark: mark || undefined };
    return { kind, attempt, faults, data: JSON.parse(data) as T, ...interruption };
  }

  /** Continues a running try under a later take of the same delivery. @param former Token of the former take. */
  async continueTry({ id, delivery, token, number }: Take, former: string): Promise<'kept' | 'gone' | 'lost'> {
    const what = [delivery, token, number, '', former];
    const [kind] = await this.link.script<['kept' | 'gone' | 'lost']>('oursms:start-try', this.#job(id), ...what);
    return kind;
  }

  /** Records, durably, whether the handler of a job is at work. @returns Whether this take still owns the job */
  async atWork({ id, token }: Take, isAtWork: boolean, mark = ''): Promise<boolean> {
    return (
      (await this.link.script<number>('oursms:work', this.#job(id), token, isAtWork ? Date.now() : '', mark)) === 1
    );
  }

  /** Makes an outcome durable. @returns Whether this take still owned the job, and the delivery to send if it is retried */
  async settle(
    { id, token }: Take,
    attempt: number,
    outcome: FaultOutcome<T>,
  ): Promise<{ isOurs: boolean; again?: Delivery }> {
    const again =
      outcome.kind === 'again' ? { delivery: newDelivery(id), dueAt: Date.now() + Math.ceil(outcome.inMs) } : undefined;
    const fields = Object.entries(changedFields(attempt, outcome, again)).flat();
    const { live, failed, unsent } = this.#queueKeys;
    const keys = [this.#job(id), live, failed, unsent, this.keys.noteNames, this.keys.noteTexts];
    const what = [id, token, outcome.kind, fields.length, ...fields, ...noteArguments(outcome.notes ?? [])];
    const isOurs = (await this.link.scriptUnchecked<number>('oursms:settle', ...keys, ...what)) === 1;
    return { isOurs, again };
  }

  /** Number of jobs without an outcome and of failed jobs, and when the oldest of the former was added. */
  async counts(): Promise<{ live: number; failed: number; oldestAt?: number }> {
    const { live, failed } = this.#queueKeys;
    const [lives, fails, oldest] = await this.link.run(async (redis) => {
      // No transaction: Redis refuses one while its memory is full, even one that only reads.
      const reads = redis.pipeline().zcard(live).zcard(failed).zrange(live, '0', '0', 'WITHSCORES');
      return resultsOf(await reads.exec()) as [number, number, string[]];
    });
    return { live: lives, failed: fails, oldestAt: oldest[1] === undefined ? undefined : Number(oldest[1]) };
  }

  /** Pages of the jobs that have failed by now, oldest first. */
  async *failedPages(): AsyncIterable<FailedJob<T>[]> {
    const { failed } = this.#queueKeys;
    const last = (await this.link.run((redis) => redis.zrevrange(failed, 0, 0, 'WITHSCORES')))[1];
    for (let from = '-inf'; last !== undefined;) {
      const start = from;
      const found = await this.link.run((redis) =>
        redis.zrangebyscore(failed, start, last ?? '', 'WITHSCORES', 'LIMIT', 0, PAGE),
      );
      const ids = found.filter((_, index) => index % 2 === 0);
      const records = await this.#read(ids, 'failedAs', 'data', 'reason');
      yield ids.flatMap((id, index) => {
        const [attempts, data, reason] = records[index] ?? [];
        // Retried or removed in between.
        if (attempts == null || data == null) return [];
        const failedAt = Math.floor(Number(found[2 * index + 1]));
        return [{ id, data: JSON.parse(data) as T, attempts: Number(attempts), reason: reason ?? '', failedAt }];
      });
      if (ids.length < PAGE) return;
      from = `(${found.at(-1)}`;
    }
  }

  /** Makes a failed job a new one. @returns its former delivery and the one to send; undefined when no such job has failed */
  async retry(id: string): Promise<{ former: string; again: Delivery } | undefined> {
    const again = { delivery: newDelivery(id) };
    const former = await this.#takeFailed(id, again.delivery);
    return former === null ? undefined : { former, again };
  }

  /** Deletes a failed job. @returns its delivery; undefined when no such job has failed */
  async remove(id: string): Promise<string | undefined> {
    return (await this.#takeFailed(id, '')) ?? undefined;
  }

  /** A page of the deliveries that should have been sent at least `olderThanMs` ago, and may not have been. */
  async unsent(olderThanMs: number): Promise<Delivery[]> {
    const { unsent } = this.#queueKeys;
    const until = Date.now() - olderThanMs;
    const found = await this.link.run((redis) => redis.zrangebyscore(unsent, '-inf', until, 'LIMIT', 0, PAGE));
    const current = await this.#current(found.map(jobName));
    const wanted = current.filter(({ delivery }) => found.includes(delivery));
    const stale = found.filter((delivery) => !wanted.some((one) => one.delivery === delivery));
    if (stale.length > 0) await this.sent(stale);
    return wanted;
  }

  /** Pages of the deliveries of all jobs without an outcome. */
  async *deliveries(): AsyncIterable<Delivery[]> {
    const { live } = this.#queueKeys;
    let cursor = '0';
    do {
      const from = cursor;
      const [next, found] = await this.link.run((redis) => redis.zscan(live, from, 'COUNT', PAGE));
      cursor = next;
      const ids = found.filter((_, index) => index % 2 === 0);
      if (ids.length > 0) yield await this.#current(ids);
    } while (cursor !== '0');
  }

  /** Records that BullMQ has these deliveries. */
  async sent(deliveries: readonly string[]): Promise<void> {
    await this.link.run((redis) => redis.zrem(this.#queueKeys.unsent, ...deliveries));
  }

  async #add(all: PreparedJob[], notes: readonly NoteChange[], addition: string, knownMs: number): Promise<Delivery[]> {
    const { live, unsent, jobs } = this.#queueKeys;
    const keys = [live, unsent, this.keys.noteNames, this.keys.noteTexts, addition];
    const texts = all.flatMap(({ id, delivery, data, attempts, dueAt = '' }) => [id, delivery, data, attempts, dueAt]);
    const what = [jobs, Date.now(), knownMs, all.length, ...texts, ...noteArguments(notes)];
    const fresh = await this.link.script<number[]>('oursms:add', ...keys, ...what);
    return fresh.flatMap((place) => all[place - 1] ?? []);
  }

  #takeFailed(id: string, delivery: string): Promise<string | null> {
    const { live, failed, unsent } = this.#queueKeys;
    return this.link.script('oursms:take-failed', this.#job(id), live, failed, unsent, id, delivery, Date.now());
  }

  /** The current deliveries of jobs. Failed jobs and jobs that are gone have none. */
  async #current(ids: readonly string[]): Promise<Delivery[]> {
    const records = await this.#read(ids, 'delivery', 'due', 'failedAs');
    return records.flatMap(([delivery, due, failedAs]) =>
      delivery == null || failedAs != null ? [] : [{ delivery, dueAt: due ? Number(due) : undefined }],
    );
  }

  async #read(ids: readonly string[], ...fields: string[]): Promise<(string | null)[][]> {
    if (ids.length === 0) return [];
    return this.link.run(async (redis) => {
      const reads = redis.pipeline();
      for (const id of ids) reads.hmget(this.#job(id), ...fields);
      return resultsOf(await reads.exec()) as (string | null)[][];
    });
  }

  #job(id: string): string {
    return this.#queueKeys.jobs + id;
  }
}

type PreparedJob = ReturnType<typeof prepareJobs>[number];

/** @throws {TypeError} when data cannot be written as JSON */
const prepareJobs = (jobs: readonly NewJob<unknown>[]) =>
  jobs.map(({ id, data, delayMs = 0, attempts = 0 }) => ({
    id,
    delivery: newDelivery(id),
    data: JSON.stringify(data) ?? 'null',
    attempts,
    dueAt: delayMs > 0 ? Date.now() + Math.ceil(delayMs) : undefined,
  }));

/** Fields of a record that an outcome changes. @throws {TypeError} when data cannot be written as JSON */
function changedFields(
  attempt: number,
  outcome: FaultOutcome<unknown>,
  again?: Delivery,
): Record<string, string | number> {
  if (outcome.kind === 'done') return {};
  const data: Record<string, string> = outcome.data === undefined ? {} : { data: JSON.stringify(outcome.data) };
  if (outcome.kind === 'failed') return { ...data, failedAs: attempt, reason: outcome.reason };
  const tries = outcome.uncounted ? attempt - 1 : attempt;
  const { delivery = '', dueAt = '' } = again ?? {};
  const fresh = { by: '', take: 0, since: '', idle: '', faults: outcome.faults ?? 0 };
  return { ...data, ...fresh, tries, delivery, due: dueAt };
}
