/** A job to add to a queue. */
export interface NewJob<T> {
  /** Name of the job. While the queue has a job of this name, even a failed one, adding it again does nothing. */
  id: string;
  /** Payload for the handler: any JSON value. */
  data: T;
  /** Milliseconds until its first delivery. Default: 0. */
  delayMs?: number;
  /** Attempts that were made before it became a job: {@link Job.attempt} counts them too. Default: 0. */
  attempts?: number;
  /** Whether its name has never been used, so that the queue need not look for a job of this name. Default: false. */
  isNew?: boolean;
}

/** A job that is delivered to a handler. */
export interface Job<T> {
  readonly id: string;
  readonly data: T;
  /** 1 for the first attempt. An attempt that is interrupted before it is at work does not count: see {@link atWork}. */
  readonly attempt: number;
  /**
   * Whether an earlier attempt ended without an outcome: its process died, or the store was not available. That attempt may have
   * done its work.
   */
  readonly interrupted: boolean;
  /**
   * When the first interrupted attempt started: milliseconds since 1970, by the clock of its machine, which may have been set
   * since then.
   */
  readonly interruptedAt?: number;
  /** The mark that the handler passed to {@link atWork} in that attempt. */
  readonly interruptedMark?: string;
  /**
   * Whether this process still holds the job. Call it right before work that must not be done twice: while this process was
   * suspended, the job may have been delivered to another process.
   */
  isHeld(): boolean;
  /**
   * Records durably whether this attempt is doing work that must not be done twice. An attempt that ends without an outcome
   * counts, and is interrupted, only if it was at work. Every attempt is at work from its start, unless
   * `ConsumeOptions.idleAtFirst` is set.
   *
   * @param mark Stored with the start: {@link interruptedMark} of the next attempt, if this one is the first that is interrupted.
   * @throws {OurSmsStorageError} when this cannot be stored: then the attempt may count as at work or not
   */
  atWork(isAtWork: boolean, mark?: string): Promise<void>;
}

/** A note to store, or to delete when `text` is undefined. */
export interface NoteChange {
  name: string;
  text?: string;
}

/** Outcome of a delivered job, and the notes that the same write changes. */
export type JobOutcome<T> = {
  notes?: readonly NoteChange[];
  /** Whether these notes are not urgent: they may be written a few milliseconds later, in one batch with other changes. */
  notesCanWait?: boolean;
  /** Called once the outcome and the notes are durable. Not called when this process no longer holds the job. */
  written?: () => void;
} &
  /** The job is done: the queue deletes it. */
  (
    | { kind: 'done' }
    /** The job is redelivered, no earlier than `inMs` from now. `uncounted`: this attempt does not count. */
    | { kind: 'again'; inMs: number; data?: T; uncounted?: boolean }
    /** The job is dead-lettered: it stays as failed until it is retried or removed. */
    | { kind: 'failed'; reason: string; data?: T }
  );

/** Options of {@link DurableQueue.consume}. */
export interface ConsumeOptions {
  /** Jobs that this process handles at the same time. */
  concurrency: number;
  /** Jobs that all processes that share the engine handle at the same time. Default: no limit. */
  total?: number;
  /** Whether handlers wait before they start to work, and call {@link Job.atWork} when they start. Default: false. */
  idleAtFirst?: boolean;
  /** Consecutive rejections of the handler after which its job is dead-lettered. Default: 10. */
  faults?: number;
}

/**
 * Handles a job. When it rejects, or its outcome cannot be stored, the job is redelivered with exponential backoff, after one
 * second at first. After `ConsumeOptions.faults` such faults in a row the job is dead-lettered. An `OurSmsStorageError` does not
 * count.
 */
export type JobHandler<T> = (job: Job<T>) => Promise<JobOutcome<T>>;

/** A dead-lettered job. */
export interface FailedJob<T> {
  id: string;
  data: T;
  /** Attempts that were made. */
  attempts: number;
  reason: string;
  /** Milliseconds since 1970. */
  failedAt: number;
}

/** Numbers of jobs in a queue, by state. */
export interface QueueCounts {
  /** Not delivered yet, delayed ones included. */
  waiting: number;
  /** Delivered to a handler, without an outcome so far. */
  active: number;
  failed: number;
  /** When the oldest waiting or active job was added: milliseconds since 1970. */
  oldestAt?: number;
}

/** Delivers the jobs of a queue to a handler. */
export interface QueueConsumer {
  /** Stops delivery. Resolves once the outcomes of all delivered jobs are durable. */
  stop(): Promise<void>;
}

/**
 * A queue of jobs that survives a restart. It delivers each job at least once, until the job has an outcome.
 *
 * A method that changes something resolves once the change is durable. A method rejects with an `OurSmsStorageError` when the
 * store cannot be read or written.
 */
export interface DurableQueue<T> {
  /**
   * Adds all jobs or none.
   *
   * @param notes Notes that the same write changes.
   */
  add(jobs: readonly NewJob<T>[], notes?: readonly NoteChange[]): Promise<void>;
  /**
   * Starts to deliver jobs in the order in which they were added. A job whose delay has passed comes before jobs without a delay.
   * At most `concurrency` handlers run at the same time. A queue has one consumer in a process.
   */
  consume(handler: JobHandler<T>, options: ConsumeOptions): QueueConsumer;
  counts(): Promise<QueueCounts>;
  /**
   * Number of jobs that are waiting or active, once the outcomes that handlers have returned are durable. Cheaper than
   * {@link counts}, which also reads a job.
   */
  pending(): Promise<number>;
  /**
   * Whether fewer jobs than this are waiting or active. Cheaper than {@link pending}: it waits for the outcomes that handlers have
   * returned only when they can change the answer.
   */
  hasFewerThan(jobs: number): Promise<boolean>;
  /** The failed jobs, oldest first, read from the store during the iteration. */
  failed(): AsyncIterable<FailedJob<T>>;
  /**
   * Requeues a failed job as a new one.
   *
   * @returns Whether there was a failed job of this name.
   */
  retry(id: string): Promise<boolean>;
  /** Requeues all failed jobs as new ones. @returns Their number. */
  retryAll(): Promise<number>;
  /** Deletes a failed job. @returns Whether there was a failed job of this name. */
  remove(id: string): Promise<boolean>;
  /**
   * Releases the resources of this process for a queue that it no longer needs. Stop the consumer first, and call no other method
   * afterwards. The stored jobs stay: `QueueEngine.queue` returns a new object for them.
   */
  release(): Promise<void>;
}

/** Options of a queue. */
export interface QueueOptions {
  /** The jobs have no other copy: they must be on the local disk before they are sent to a server. Default: false. */
  isPrecious?: boolean;
}

/** An exclusive lock. It is lost when this process is suspended for longer than the lease time. */
export interface Lease {
  /** Whether this process still holds the lock. Call it before each step that needs the lock. */
  isValid(): boolean;
  release(): Promise<void>;
}

/** Storage of queues and notes: a directory, a server, or the memory of the process. */
export interface QueueEngine {
  /** Whether the stored data survives a restart of the process. */
  readonly isDurable: boolean;
  /**
   * Interval, in milliseconds, for polling the changes of other processes: a shorter one is not worth its cost. Infinity when no
   * other process writes: then one read at the start is enough.
   */
  readonly followEveryMs: number;
  /** Directory of the store; undefined when the store is not a directory. */
  readonly path?: string;
  /** Returns the queue of this name. Calls with the same name return the same queue. */
  queue<T>(name: string, options?: QueueOptions): DurableQueue<T>;
  /** Stores a short text under a name, durably. */
  note(name: string, text: string): Promise<void>;
  /** Deletes a note. */
  forget(name: string): Promise<void>;
  /**
   * Makes all changes of notes or none, durably.
   *
   * @param canWait Whether the changes are not urgent: they may be written a few milliseconds later, in one batch with others.
   */
  change(changes: readonly NoteChange[], canWait?: boolean): Promise<void>;
  /** The text of a note; undefined when there is no note of this name. */
  read(name: string): Promise<string | undefined>;
  /** The texts of notes, in the order of `names`. */
  readMany(names: readonly string[]): Promise<(string | undefined)[]>;
  /**
   * The notes whose names start with a prefix, sorted by name and read from the store during the iteration.
   *
   * @param after Return only notes that sort after this name.
   */
  notes(prefix: string, after?: string): AsyncIterable<{ name: string; text: string }>;
  /** Number of stored notes whose names start with a prefix. */
  countNotes(prefix: string): Promise<number>;
  /**
   * Stores a short text under a name until it expires, for all processes that share the engine. An engine of one process
   * also drops the text when that process ends. {@link notes} and {@link read} do not return it.
   */
  noteExpiring(name: string, text: string, ttlMs: number): Promise<void>;
  /** The text that {@link noteExpiring} has stored; undefined when there is none, or when it has expired. */
  readExpiring(name: string): Promise<string | undefined>;
  /** Acquires an exclusive lock among all processes that share the engine. @returns undefined when the lock is already held. */
  exclusive(name: string): Promise<Lease | undefined>;
  /**
   * Takes the next turn of a throttle that all processes of the engine share: turns of a name are at least `apartMs` apart, also
   * at the time of their use.
   *
   * @returns Milliseconds to wait until the turn.
   */
  turn(name: string, apartMs: number): Promise<number>;
  /** Milliseconds since 1970 by the clock of the store's server; undefined when the store is on this machine. */
  time(): Promise<number | undefined>;
  /** @throws {OurSmsStorageError} when the store has no space for this number of bytes */
  checkRoom(bytes: number): Promise<void>;
  /**
   * Checks by a write that changes nothing whether the store works. It waits as long as the store does not answer.
   *
   * @throws {OurSmsStorageError} when the store cannot be written now
   */
  checkWritable(): Promise<void>;
  /** Waits for running writes, then closes. Delivered jobs without an outcome are redelivered after the next start. */
  close(): Promise<void>;
}

/** How long to wait for another process to unlock a directory. */
export interface LockPatience {
  /** Milliseconds that an earlier process of the account may need to stop. */
  ms: number;
  /** Aborts the wait, because this application stops. */
  signal?: AbortSignal;
}

/** Options for opening an engine. */
export interface QueueEngineContext {
  /** Name of the account. Names of queues and notes start with it, since accounts may share an engine. */
  account: string;
  /** How long to wait while another process locks a directory of the account. */
  lockPatience?: LockPatience;
  /** Returns a provider of the application; undefined when it has none for this token. */
  find<T>(token: unknown): T | undefined;
}
