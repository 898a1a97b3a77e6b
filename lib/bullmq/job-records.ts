import { randomUUID } from 'node:crypto';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { FailedJob, NewJob, NoteChange } from '../queue/durable-queue.js';
import type { FaultOutcome } from '../queue/faulty-handler.js';
import { jobName, newDelivery, type QueueKeys, type RedisKeys } from './redis-keys.js';
import { resultsOf, type RedisLink } from './redis-link.js';
import { noteArguments } from './redis-notes.js';

/** How long it is known that a list was added, in case that the answer is lost. */
const KNOWN_MS = 3_600_000;
/** The same for a list that is kept elsewhere until it was added: that process may be started again much later. */
const KNOWN_LONG_MS = 30 * 24 * KNOWN_MS;
/** Jobs of lists without an answer that are remembered. */
const MOST_UNCERTAIN = 10_000;
/** Records that are read at a time. */
const PAGE = 100;

/** A delivery that BullMQ shall make: a job of its own there, made for one try. */
export interface Delivery {
  /** Its id in BullMQ. */
  delivery: string;
  /** Milliseconds since 1970 before which it is not made. */
  dueAt?: number;
}

/** A delivery that a worker has taken. */
export interface Take {
  id: string;
  delivery: string;
  /** Tells this take from all others. */
  token: string;
  /** Counts the takes of a delivery: when it was lost and taken again, the later one counts. */
  number: number;
}

/** A job whose try has started. */
export interface StartedJob<T> {
  kind: 'started';
  data: T;
  /** 1 for the first try. */
  attempt: number;
  /** How often in a row its handler has rejected before. */
  faults: number;
  /** When the first try started that ended without an outcome: milliseconds since 1970. */
  doubtSince?: number;
  /** Mark of its handler at that time. */
  doubtMark?: string;
}

type Started = [kind: string, attempt: number, doubt: string, mark: string, faults: number, data: string];

/** What is kept of the jobs of a queue. It alone says which jobs there are; BullMQ only delivers them. */
export class JobRecords<T> {
  readonly #keys: QueueKeys;
  /** The jobs that may have been added although no answer came, and the key that says so. */
  readonly #uncertain = new Map<string, string>();

  constructor(
    private readonly link: RedisLink,
    private readonly names: RedisKeys,
    queue: string,
  ) {
    this.#keys = names.queue(queue);
  }

  /** Adds the jobs that are not there yet, and changes notes, all at once. @returns the deliveries to make */
  async add(jobs: readonly NewJob<T>[], notes: readonly NoteChange[]): Promise<Delivery[]> {
    const addition = this.names.addition(randomUUID());
    // What cannot be written as JSON throws here.
    const all = prepared(jobs);
    const known = await this.#addedUnheard(jobs);
    const fresh = all.filter(({ id }) => !known.has(id));
    try {
      const deliveries = await this.#add(fresh, notes, addition, KNOWN_MS);
      for (const { id } of jobs) this.#uncertain.delete(id);
      return deliveries;
    } catch (error) {
      if (error instanceof OurSmsStorageError && error.fault === 'unreachable') this.#remember(fresh, addition);
      throw error;
    }
  }

  /** Adds a list once, however often it is tried, also by a later process. @param list Names the list. */
  addOnce(list: string, jobs: readonly NewJob<T>[], notes: readonly NoteChange[]): Promise<Delivery[]> {
    return this.#add(prepared(jobs), notes, this.names.addition(list), KNOWN_LONG_MS);
  }

  /** A list is not tried again. */
  async forgetOnce(list: string): Promise<void> {
    await this.link.runLast((redis) => redis.del(this.names.addition(list)));
  }

  /**
   * Starts a try, durably.
   *
   * @param isIdle Its handler says when it is at work: {@link atWork}.
   * @returns `gone`: it has an outcome. `lost`: it was delivered to someone else since.
   */
  async startTry({ id, ...take }: Take, isIdle = false): Promise<StartedJob<T> | { kind: 'gone' | 'lost' }> {
    const what = [take.delivery, take.token, take.number, isIdle ? '' : Date.now(), ''];
    const answer = await this.link.script<Started>('oursms:start-try', this.#job(id), ...what);
    const [kind, attempt, doubt, mark, faults, data] = answer;
    if (kind !== 'started') return { kind: kind as 'gone' | 'lost' };
    const interruption = doubt === '' ? {} : { doubtSince: Number(doubt), doubtMark: mark || undefined };
    return { kind, attempt, faults, data: JSON.parse(data) as T, ...interruption };
  }

  /** Continues a running try under a later take of the same delivery. @param former Token of the take before. */
  async continueTry({ id, ...take }: Take, former: string): Promise<'kept' | 'gone' | 'lost'> {
    const what = [take.delivery, take.token, take.number, '', former];
    const [kind] = await this.link.script<['kept' | 'gone' | 'lost']>('oursms:start-try', this.#job(id), ...what);
    return kind;
  }

  /** Notes, durably, whether the handler of a job is at work. @returns Whether the job is still ours */
  async atWork({ id, token }: Take, isAtWork: boolean, mark = ''): Promise<boolean> {
    return (
      (await this.link.script<number>('oursms:work', this.#job(id), token, isAtWork ? Date.now() : '', mark)) === 1
    );
  }

  /** Makes an outcome durable. @returns Whether the job was still ours, and the delivery to make if it is tried again */
  async settle(
    { id, token }: Take,
    attempt: number,
    outcome: FaultOutcome<T>,
  ): Promise<{ isOurs: boolean; again?: Delivery }> {
    const again =
      outcome.kind === 'again' ? { delivery: newDelivery(id), dueAt: Date.now() + Math.ceil(outcome.inMs) } : undefined;
    const fields = Object.entries(changesBy(attempt, outcome, again)).flat();
    const { live, failed, unsent } = this.#keys;
    const keys = [this.#job(id), live, failed, unsent, this.names.noteNames, this.names.noteTexts];
    const what = [id, token, outcome.kind, fields.length, ...fields, ...noteArguments(outcome.notes ?? [])];
    const isOurs = (await this.link.lastScript<number>('oursms:settle', ...keys, ...what)) === 1;
    return { isOurs, again };
  }

  /** How many there are, and since when the oldest waits. */
  async counts(): Promise<{ live: number; failed: number; oldestAt?: number }> {
    const { live, failed } = this.#keys;
    const [lives, fails, oldest] = await this.link.run(async (redis) => {
      // No transaction: Redis refuses one without memory, even to read.
      const reads = redis.pipeline().zcard(live).zcard(failed).zrange(live, '0', '0', 'WITHSCORES');
      return resultsOf(await reads.exec()) as [number, number, string[]];
    });
    return { live: lives, failed: fails, oldestAt: oldest[1] === undefined ? undefined : Number(oldest[1]) };
  }

  /** Pages of those that have failed by now, oldest first. Those that fail meanwhile stand behind the last of now. */
  async *failedPages(): AsyncIterable<FailedJob<T>[]> {
    const { failed } = this.#keys;
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

  /** Makes a failed job a new one. @returns its deliveries: the former, and the one to make; undefined: there was none */
  async retry(id: string): Promise<{ former: string; again: Delivery } | undefined> {
    const again = { delivery: newDelivery(id) };
    const former = await this.#takeFailed(id, again.delivery);
    return former === null ? undefined : { former, again };
  }

  /** Forgets a failed job. @returns its delivery; undefined: there was none */
  async remove(id: string): Promise<string | undefined> {
    return (await this.#takeFailed(id, '')) ?? undefined;
  }

  /** Some of the deliveries that BullMQ may not know of, although that was a while ago. */
  async unsent(olderThanMs: number): Promise<Delivery[]> {
    const { unsent } = this.#keys;
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
    const { live } = this.#keys;
    let cursor = '0';
    do {
      const from = cursor;
      const [next, found] = await this.link.run((redis) => redis.zscan(live, from, 'COUNT', PAGE));
      cursor = next;
      const ids = found.filter((_, index) => index % 2 === 0);
      if (ids.length > 0) yield await this.#current(ids);
    } while (cursor !== '0');
  }

  /** BullMQ knows of these deliveries. */
  async sent(deliveries: readonly string[]): Promise<void> {
    await this.link.run((redis) => redis.zrem(this.#keys.unsent, ...deliveries));
  }

  async #add(all: PreparedJob[], notes: readonly NoteChange[], addition: string, knownMs: number): Promise<Delivery[]> {
    const { live, unsent, jobs } = this.#keys;
    const keys = [live, unsent, this.names.noteNames, this.names.noteTexts, addition];
    const texts = all.flatMap(({ id, delivery, data, attempts, dueAt = '' }) => [id, delivery, data, attempts, dueAt]);
    const what = [jobs, Date.now(), knownMs, all.length, ...texts, ...noteArguments(notes)];
    const fresh = await this.link.script<number[]>('oursms:add', ...keys, ...what);
    return fresh.flatMap((place) => all[place - 1] ?? []);
  }

  #takeFailed(id: string, delivery: string): Promise<string | null> {
    const { live, failed, unsent } = this.#keys;
    return this.link.script('oursms:take-failed', this.#job(id), live, failed, unsent, id, delivery, Date.now());
  }

  /** The deliveries of jobs, as they are now; of those that are gone, none. */
  async #current(ids: readonly string[]): Promise<Delivery[]> {
    const records = await this.#read(ids, 'delivery', 'due', 'failedAs');
    return records.flatMap(([delivery, due, failedAs]) =>
      delivery == null || failedAs != null ? [] : [{ delivery, dueAt: due ? Number(due) : undefined }],
    );
  }

  /** Fields of the records of jobs. */
  async #read(ids: readonly string[], ...fields: string[]): Promise<(string | null)[][]> {
    if (ids.length === 0) return [];
    return this.link.run(async (redis) => {
      const reads = redis.pipeline();
      for (const id of ids) reads.hmget(this.#job(id), ...fields);
      return resultsOf(await reads.exec()) as (string | null)[][];
    });
  }

  #job(id: string): string {
    return this.#keys.jobs + id;
  }

  /** Which of these jobs were added although no answer came. */
  async #addedUnheard(jobs: readonly NewJob<T>[]): Promise<Set<string>> {
    const known = new Set<string>();
    for (const { id } of this.#uncertain.size > 0 ? jobs : []) {
      const addition = this.#uncertain.get(id);
      if (addition !== undefined && (await this.link.run((redis) => redis.exists(addition))) === 1) known.add(id);
    }
    return known;
  }

  #remember(jobs: readonly PreparedJob[], addition: string): void {
    for (const { id } of jobs) this.#uncertain.set(id, addition);
    for (const id of this.#uncertain.keys()) {
      if (this.#uncertain.size <= MOST_UNCERTAIN) return;
      this.#uncertain.delete(id);
    }
  }
}

type PreparedJob = ReturnType<typeof prepared>[number];

/** @throws {TypeError} for what cannot be written as JSON, before anything is sent */
const prepared = (jobs: readonly NewJob<unknown>[]) =>
  jobs.map(({ id, data, delayMs = 0, attempts = 0 }) => ({
    id,
    delivery: newDelivery(id),
    data: JSON.stringify(data) ?? 'null',
    attempts,
    dueAt: delayMs > 0 ? Date.now() + Math.ceil(delayMs) : undefined,
  }));

/** Fields of a record that an outcome changes. */
function changesBy(attempt: number, outcome: FaultOutcome<unknown>, again?: Delivery): Record<string, string | number> {
  if (outcome.kind === 'done') return {};
  // What cannot be written as JSON throws here.
  const data: Record<string, string> = outcome.data === undefined ? {} : { data: JSON.stringify(outcome.data) };
  if (outcome.kind === 'failed') return { ...data, failedAs: attempt, reason: outcome.reason };
  const tries = outcome.uncounted ? attempt - 1 : attempt;
  const { delivery = '', dueAt = '' } = again ?? {};
  const fresh = { by: '', take: 0, since: '', idle: '', faults: outcome.faults ?? 0 };
  return { ...data, ...fresh, tries, delivery, due: dueAt };
}
