import { afterEach, beforeEach } from '@jest/globals';
import type {
  DurableQueue,
  Job,
  JobHandler,
  QueueCounts,
  QueueEngine,
  JobOutcome,
} from '../../../lib/queue/durable-queue.js';

/** An engine that starts empty, and what a contract must be able to do to it. */
export interface EngineUnderTest {
  /** The engine; another one after `reopen`. */
  readonly engine: QueueEngine;
  /**
   * Ends the engine as it is, jobs that are delivered included, and opens what it has kept. Only asked of an engine that
   * is durable.
   */
  reopen(): Promise<void>;
  /** Ends it, if it has not ended, and removes what it has kept. */
  remove(): Promise<void>;
}

/** What the contract is asked of. */
export interface EngineKind {
  name: string;
  isDurable: boolean;
  /** An engine that holds nothing. */
  start(): Promise<EngineUnderTest>;
}

/** Waits this long at the most; what it waits for is usually there at once. */
const PATIENCE_MS = 20_000;

/** Waits until a condition holds; fails after a while, saying what it waited for. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS} ms in vain: ${what}`);
    await pause(5);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until a queue counts so many jobs. */
export async function untilCounts(
  queue: Pick<DurableQueue<unknown>, 'counts'>,
  expected: Partial<QueueCounts>,
): Promise<void> {
  const wanted = Object.entries(expected) as [keyof QueueCounts, number][];
  await eventually(`counts of ${JSON.stringify(expected)}`, async () => {
    const counts = await queue.counts();
    return wanted.every(([name, count]) => counts[name] === count);
  });
}

export const DONE: JobOutcome<never> = { kind: 'done' };
export const FAILED: JobOutcome<never> = { kind: 'failed', reason: 'no reason' };

/** A handler that remembers what it got, and gives the outcome that it was given. */
export class RecordingHandler<T> {
  readonly jobs: Job<T>[] = [];

  constructor(private readonly outcome: (job: Job<T>) => JobOutcome<T> | Promise<JobOutcome<T>> = () => DONE) {}

  /** The names of the jobs, in the order in which they were delivered. */
  get ids(): string[] {
    return this.jobs.map(({ id }) => id);
  }

  readonly handle: JobHandler<T> = async (job) => {
    this.jobs.push(job);
    return this.outcome(job);
  };
}

/** A promise that is settled from outside. */
export class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

/** An engine for each test of a suite, removed after it. */
export function engineForEach(kind: EngineKind): {
  readonly engine: QueueEngine;
  queue<T = unknown>(name?: string): DurableQueue<T>;
  reopen(): Promise<void>;
} {
  let current: EngineUnderTest | undefined;
  const get = (): EngineUnderTest => {
    if (current === undefined) throw new Error('no test is running');
    return current;
  };
  beforeEach(async () => {
    current = await kind.start();
  });
  afterEach(async () => {
    await current?.remove();
    current = undefined;
  });
  return {
    get engine() {
      return get().engine;
    },
    queue: <T>(name = 'account/reports') => get().engine.queue<T>(name),
    reopen: () => get().reopen(),
  };
}

/** Jobs `prefix0`, `prefix1` and so on, each with its number as its data. */
export const jobsNamed = (prefix: string, count: number): { id: string; data: number }[] =>
  Array.from({ length: count }, (_, data) => ({ id: `${prefix}${data}`, data }));

/** All items of an async iterable. */
export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
