/** A job as it is added. */
export interface NewJob<T> {
  /** Names the job. While a job of this name is in the queue, failed ones included, adding it again adds nothing. */
  id: string;
  /** Payload for the handler: any JSON value. */
  data: T;
  /** Milliseconds before it is delivered first. Default: none. */
  delayMs?: number;
  /** How often it was tried before it became a job: `attempt` counts on from there. Default: 0. */
  attempts?: number;
}

/** A job as a handler gets it. */
export interface Job<T> {
  readonly id: string;
  readonly data: T;
  /** 1 for the first try. One that ended before it was at work (see {@link atWork}) does not count. */
  readonly attempt: number;
  /** Whether an earlier try ended without an outcome: its process died, or the store was away. It may have done its work. */
  readonly interrupted: boolean;
  /** When the first such try began: milliseconds since 1970, by the clock of its machine, which may have been set since. */
  readonly interruptedAt?: number;
  /** Mark that the handler set then. */
  readonly interruptedMark?: string;
  /**
   * Whether this process still holds the job: ask right before the work that must not be done twice. A suspended process may have
   * lost it to another one.
   */
  isHeld(): boolean;
  /**
   * Notes, durably, whether this try is at what must not be done twice: if it ends without an outcome, it counts as interrupted,
   * and as an attempt, only then. Every try is at it from its beginning, unless `ConsumeOptions.idleAtFirst` is set.
   *
   * @param mark Kept with the beginning: {@link interruptedMark} of the next try, if this one is the first to be interrupted.
   * @throws {OurSmsStorageError} when that cannot be noted: it may count as either then
   */
  atWork(isAtWork: boolean, mark?: string): Promise<void>;
}

/** A note that is kept, or forgotten when there is no text. */
export interface NoteChange {
  name: string;
  text?: string;
}

/** Outcome of a delivered job, and notes that are changed by the same write. */
export type JobOutcome<T> = {
  notes?: readonly NoteChange[];
  /** Whether nothing waits for these notes: the write may come a few milliseconds later, together with another one. */
  notesCanWait?: boolean;
  /** Called when all of it is durable. Not when the job is no longer this process's. */
  written?: () => void;
} &
  /** It is done, and forgotten. */
  (
    | { kind: 'done' }
    /** It is redelivered, no earlier than `inMs` from now; `uncounted`: this try does not count. */
    | { kind: 'again'; inMs: number; data?: T; uncounted?: boolean }
    /** It is kept as failed, until someone retries or removes it. */
    | { kind: 'failed'; reason: string; data?: T }
  );

/** How jobs are delivered to a handler. */
export interface ConsumeOptions {
  /** Jobs that this process has at a time. */
  concurrency: number;
  /** Jobs that all processes together have at a time, where several share the engine. Default: no limit. */
  total?: number;
  /** Handlers wait before they begin, and say when they do: `Job.atWork`. Default: false. */
  idleAtFirst?: boolean;
  /** How often in a row a handler may reject before its job is kept as failed. Default: 10. */
  faults?: number;
}

/**
 * Handles a job. When it rejects, or its outcome cannot be stored, the job is redelivered: a second later, then after twice
 * as long each time. After `ConsumeOptions.faults` times in a row it is kept as failed. An `OurSmsStorageError` does not count.
 */
export type JobHandler<T> = (job: Job<T>) => Promise<JobOutcome<T>>;

/** A job that is kept as failed. */
export interface FailedJob<T> {
  id: string;
  data: T;
  /** How often it was tried. */
  attempts: number;
  reason: string;
  /** Milliseconds since 1970. */
  failedAt: number;
}

/** How many jobs are where. */
export interface QueueCounts {
  /** To be delivered, now or later. */
  waiting: number;
  /** Delivered to a handler, without an outcome yet. */
  active: number;
  failed: number;
  /** When the oldest job that is waiting or active was added: milliseconds since 1970. */
  oldestAt?: number;
}

/** Delivers the jobs of a queue to a handler. */
export interface QueueConsumer {
  /** Delivers no more jobs. Resolves when the outcomes of all delivered ones are durable. */
  stop(): Promise<void>;
}

/**
 * A queue of jobs that outlives its process: from `add` on, a job is delivered until it has an outcome.
 *
 * Every method that changes something resolves once the change is durable, and rejects with an `OurSmsStorageError` when the
 * store cannot be read or written.
 */
export interface DurableQueue<T> {
  /**
   * Adds jobs, all of them or none.
   *
   * @param notes Notes that are changed by the same write.
   */
  add(jobs: readonly NewJob<T>[], notes?: readonly NoteChange[]): Promise<void>;
  /**
   * Starts to deliver jobs in the order in which they were added; one whose delay has passed comes before those without.
   * At most `concurrency` are delivered at a time. A queue has one consumer in a process.
   */
  consume(handler: JobHandler<T>, options: ConsumeOptions): QueueConsumer;
  counts(): Promise<QueueCounts>;
  /** How many jobs are waiting or active, outcomes that were given being waited for. For who asks often: {@link counts} reads a job. */
  pending(): Promise<number>;
  /** The failed jobs, oldest first, read as they are asked for. */
  failed(): AsyncIterable<FailedJob<T>>;
  /**
   * Hands a failed job out again, as if it were new.
   *
   * @returns Whether there was one of this name.
   */
  retry(id: string): Promise<boolean>;
  /** Hands all failed jobs out again. @returns How many there were. */
  retryAll(): Promise<number>;
  /** Forgets a failed job. @returns Whether there was one of this name. */
  remove(id: string): Promise<boolean>;
  /**
   * Releases what this process holds of it, for a queue that is not needed any more: its consumer was stopped, and nothing is
   * asked of it meanwhile. What it keeps stays; asking the engine for the queue of this name gives another one.
   */
  release(): Promise<void>;
}

/** Options of a queue. */
export interface QueueOptions {
  /** Jobs cannot be recovered from elsewhere: they must reach the local disk before they are sent to a server. */
  isPrecious?: boolean;
}

/** An exclusive lock. It is held until it is released, or this process is suspended for longer than its lease time. */
export interface Lease {
  /** Whether it still holds: ask before each thing that needs it. */
  isValid(): boolean;
  release(): Promise<void>;
}

/** Storage of queues: a directory, a server, or the memory of the process. */
export interface QueueEngine {
  /** Whether what is kept outlives the process. */
  readonly isDurable: boolean;
  /**
   * Milliseconds between two looks at what other processes have written: more often is not worth the cost. Infinity when one look,
   * at the start, is enough, because no other process writes.
   */
  readonly followEveryMs: number;
  /** The directory that it keeps things in, where there is one. */
  readonly path?: string;
  /** The queue of a name. The same name is the same queue. */
  queue<T>(name: string, options?: QueueOptions): DurableQueue<T>;
  /** Keeps a short text under a name, durably. */
  note(name: string, text: string): Promise<void>;
  /** Forgets a note. */
  forget(name: string): Promise<void>;
  /**
   * Changes notes, durably: all of them or none.
   *
   * @param canWait Whether nothing waits for that: the write may come a few milliseconds later, together with another one.
   */
  change(changes: readonly NoteChange[], canWait?: boolean): Promise<void>;
  /** The text of a note; undefined when there is none of this name. */
  read(name: string): Promise<string | undefined>;
  /** The texts of notes, in the order of their names. */
  readMany(names: readonly string[]): Promise<(string | undefined)[]>;
  /**
   * The notes whose name starts with a prefix, by name, read as they are asked for.
   *
   * @param after Only those behind this name.
   */
  notes(prefix: string, after?: string): AsyncIterable<{ name: string; text: string }>;
  /** How many notes have a name that starts with a prefix, by what is in the store. */
  countNotes(prefix: string): Promise<number>;
  /**
   * Keeps a short text under a name until its time is over, for all processes that share the engine. Where only one process
   * can use the engine, its end forgets the text as well. {@link notes} and {@link read} do not see it.
   */
  noteExpiring(name: string, text: string, ttlMs: number): Promise<void>;
  /** The text that {@link noteExpiring} keeps; undefined when there is none, or its time is over. */
  readExpiring(name: string): Promise<string | undefined>;
  /** One holder among all processes that share the engine. @returns undefined while someone else holds it. */
  exclusive(name: string): Promise<Lease | undefined>;
  /**
   * Takes a turn among all processes that share the engine: turns of a name are at least so far apart, also as they are used.
   *
   * @returns Milliseconds until the turn has come.
   */
  turn(name: string, apartMs: number): Promise<number>;
  /** Milliseconds since 1970 by the clock of the server that keeps the store; undefined where this machine keeps it. */
  time(): Promise<number | undefined>;
  /** @throws {OurSmsStorageError} unless so many bytes can be written now */
  checkRoom(bytes: number): Promise<void>;
  /**
   * Makes a write that changes nothing, for who wants to know whether the store works. While it does not answer, neither does this.
   *
   * @throws {OurSmsStorageError} when the store takes no writes now
   */
  checkWritable(): Promise<void>;
  /** Lets running writes end, then closes. Delivered jobs without an outcome are redelivered after the next start. */
  close(): Promise<void>;
}

/** How long to wait for another process to release a directory. */
export interface LockPatience {
  /** As long as a former process of the account may need to end. */
  ms: number;
  /** Ends the waiting: this application ends, too. */
  signal?: AbortSignal;
}

/** Options for opening an engine. */
export interface QueueEngineContext {
  /** The name of the account. Names of queues and notes begin with it: accounts may share an engine. */
  account: string;
  /** How long another process may keep a directory of the account locked. */
  lockPatience?: LockPatience;
  /** A provider of the application; undefined when it has none under this token. */
  find<T>(token: unknown): T | undefined;
}
