import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { OurSmsStorageError } from '../../../lib/errors/oursms-storage.error.js';
import {
  allOf,
  DONE,
  engineForEach,
  eventually,
  jobsNamed,
  pause,
  RecordingHandler,
  untilCounts,
  type EngineKind,
} from './engine-under-test.js';

/** Redelivery of a job whose handler fails, which the engine delays by seconds. */
export function failingHandlerContract(kind: EngineKind): void {
  const bench = engineForEach(kind);

  it('redelivers a job a second after its handler rejected', async () => {
    const queue = bench.queue<number>();
    const times: number[] = [];
    const handler = new RecordingHandler<number>(() => {
      times.push(performance.now());
      if (times.length === 1) throw new Error('a fault of the handler');
      return DONE;
    });
    queue.consume(handler.handle, { concurrency: 1 });
    await queue.add([{ id: 'one', data: 1 }]);
    await eventually('the job is redelivered', () => times.length === 2);
    await untilCounts(queue, { waiting: 0, active: 0, failed: 0 });
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(990);
    expect(handler.jobs).toMatchObject([{ attempt: 1 }, { attempt: 2, data: 1 }]);
  });

  it('redelivers a job a second after an outcome that cannot be stored', async () => {
    const queue = bench.queue<unknown>();
    const handler = new RecordingHandler<unknown>(({ attempt }) =>
      attempt === 1 ? { kind: 'again', inMs: 0, data: 1n } : DONE,
    );
    queue.consume(handler.handle, { concurrency: 1 });
    await queue.add([{ id: 'one', data: 1 }]);
    await eventually('the job is redelivered', () => handler.jobs.length === 2);
    await untilCounts(queue, { waiting: 0, active: 0, failed: 0 });
    expect(handler.jobs).toMatchObject([{ attempt: 1 }, { attempt: 2, data: 1 }]);
  });

  it('waits longer after each rejection, and stores the job as failed in the end', async () => {
    const queue = bench.queue<number>();
    const times: number[] = [];
    const handler = new RecordingHandler<number>(({ id }) => {
      if (id === 'good') return DONE;
      times.push(performance.now());
      throw new TypeError('always');
    });
    queue.consume(handler.handle, { concurrency: 1, faults: 3 });
    await queue.add([
      { id: 'bad', data: 1 },
      { id: 'good', data: 2 },
    ]);
    await untilCounts(queue, { waiting: 0, active: 0, failed: 1 });
    const [first = 0, second = 0, third = 0] = times;
    expect(times).toHaveLength(3);
    expect(second - first).toBeGreaterThan(990);
    expect(third - second).toBeGreaterThan(1_990);
    expect(handler.ids).toEqual(['bad', 'good', 'bad', 'bad']);
    const reason = 'its handler failed 3 times in a row, the last time with TypeError';
    expect(await allOf(queue.failed())).toMatchObject([{ id: 'bad', data: 1, attempts: 3, reason }]);
  });

  it('resets the fault count at each outcome, and does not count faults of the store', async () => {
    const queue = bench.queue<number>();
    const handler = new RecordingHandler<number>(({ attempt }) => {
      if (attempt === 1 || attempt === 3) throw new Error('a fault');
      if (attempt === 2) return { kind: 'again', inMs: 0 };
      if (handler.jobs.length < 6) throw new OurSmsStorageError('It is away.', { fault: 'unreachable' });
      return DONE;
    });
    queue.consume(handler.handle, { concurrency: 1, faults: 2 });
    await queue.add([{ id: 'one', data: 1 }]);
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(await queue.counts()).toMatchObject({ failed: 0 });
    expect(handler.jobs.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 4, 4]);
  });
}

/** A consumer of many jobs. */
export function manyJobsContract(kind: EngineKind): void {
  const bench = engineForEach(kind);

  it('loses and repeats no job when it is stopped at any moment', async () => {
    const queue = bench.queue<number>();
    await queue.add(jobsNamed('job', 300));
    const handler = new RecordingHandler<number>();
    for (let round = 0; (await queue.counts()).waiting > 0; round++) {
      const consumer = queue.consume(handler.handle, { concurrency: 1 + (round % 7) });
      await pause(round % 5);
      await consumer.stop();
      expect((await queue.counts()).active).toBe(0);
    }
    expect(handler.ids.sort()).toEqual(
      jobsNamed('job', 300)
        .map(({ id }) => id)
        .sort(),
    );
    expect(handler.jobs.every(({ attempt, interrupted }) => attempt === 1 && !interrupted)).toBe(true);
  });

  it('delivers jobs in order when they are added while the previous one ends', async () => {
    const queue = bench.queue<number>();
    const handler = new RecordingHandler<number>();
    queue.consume(handler.handle, { concurrency: 1 });
    const ids: string[] = [];
    for (let round = 0; round < 2_000; round++) {
      const jobs = jobsNamed(`${round}/`, 2);
      ids.push(...jobs.map(({ id }) => id));
      for (const job of jobs) void queue.add([job]);
      while (handler.ids.length < ids.length) await turn();
      // Any moment of what is written about the last one.
      const end = performance.now() + (round % 60) / 100;
      while (performance.now() < end) await turn();
    }
    expect(handler.ids).toEqual(ids);
  });

  it('delivers thousands of jobs, each exactly once', async () => {
    const queue = bench.queue<number>();
    const handler = new RecordingHandler<number>();
    queue.consume(handler.handle, { concurrency: 50 });
    for (let i = 0; i < 10; i++) {
      await queue.add(jobsNamed(`${i}/`, 500));
    }
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(handler.jobs).toHaveLength(5_000);
    expect(new Set(handler.ids).size).toBe(5_000);
  });
}
