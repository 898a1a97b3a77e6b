import { expect, it } from '@jest/globals';
import {
  DONE,
  engineForEach,
  eventually,
  FAILED,
  Gate,
  jobsNamed,
  pause,
  RecordingHandler,
  untilCounts,
  type EngineKind,
} from './engine-under-test.js';

/** In what order jobs are delivered, when, how many at a time, and what a stop means. */
export function deliveryContract(kind: EngineKind): void {
  const bench = engineForEach(kind);

  it('delivers in the order in which jobs were added', async () => {
    const queue = bench.queue<number>();
    await queue.add(jobsNamed('a', 30));
    for (const job of jobsNamed('b', 10)) await queue.add([job]);
    const handler = new RecordingHandler<number>();
    queue.consume(handler.handle, { concurrency: 1 });
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(handler.ids).toEqual([...jobsNamed('a', 30), ...jobsNamed('b', 10)].map(({ id }) => id));
  });

  it('delivers in the order in which jobs were added, even while the consumer has spare capacity', async () => {
    const queue = bench.queue<number>();
    const handler = new RecordingHandler<number>();
    queue.consume(handler.handle, { concurrency: 1 });
    const ids: string[] = [];
    for (let round = 0; round < 10; round++) {
      const jobs = [...jobsNamed(`a${round}-`, 3), ...jobsNamed(`b${round}-`, 2)];
      ids.push(...jobs.map(({ id }) => id));
      await Promise.all([queue.add(jobs.slice(0, 3)), queue.add(jobs.slice(3))]);
      if (round % 3 === 0) await untilCounts(queue, { waiting: 0, active: 0 });
    }
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(handler.ids).toEqual(ids);
  });

  it('respects the concurrency when jobs are added one by one', async () => {
    const queue = bench.queue<number>();
    let running = 0;
    let most = 0;
    const handle = async (): Promise<typeof DONE> => {
      most = Math.max(most, ++running);
      // The first ones wait for one another: on a busy machine each would be over before the next.
      if (most < 3) await eventually('three jobs run concurrently', () => most >= 3);
      await pause(3);
      running -= 1;
      return DONE;
    };
    queue.consume(handle, { concurrency: 3 });
    await Promise.all(jobsNamed('job', 30).map((job) => queue.add([job])));
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(most).toBe(3);
  });

  it('gives a handler the stored data, not the object that was added', async () => {
    const queue = bench.queue<{ list: number[] }>();
    const delivered: unknown[] = [];
    queue.consume(
      async ({ data }) => {
        delivered.push(structuredClone(data));
        data.list.push(2);
        return DONE;
      },
      { concurrency: 1 },
    );
    const data = { list: [1] };
    await queue.add([{ id: 'job', data }]);
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(data).toEqual({ list: [1] });
    expect(delivered).toEqual([{ list: [1] }]);
  });

  it('delivers as many jobs concurrently as allowed, and no more', async () => {
    const queue = bench.queue<number>();
    await queue.add(jobsNamed('job', 40));
    let running = 0;
    let most = 0;
    const handle = async (): Promise<typeof DONE> => {
      most = Math.max(most, ++running);
      await pause(3);
      running -= 1;
      return DONE;
    };
    queue.consume(handle, { concurrency: 4 });
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(most).toBe(4);
  });

  it('continues with other jobs while one is slow', async () => {
    const queue = bench.queue<number>();
    await queue.add(jobsNamed('job', 30));
    const gate = new Gate();
    const handler = new RecordingHandler<number>(({ id }) => (id === 'job0' ? gate.opened.then(() => DONE) : DONE));
    queue.consume(handler.handle, { concurrency: 2 });
    await untilCounts(queue, { waiting: 0, active: 1 });
    expect(handler.jobs).toHaveLength(30);
    gate.open();
    await untilCounts(queue, { active: 0 });
  });

  it('delivers a job that is added while the consumer is idle', async () => {
    const queue = bench.queue<number>();
    const handler = new RecordingHandler<number>();
    queue.consume(handler.handle, { concurrency: 3 });
    for (let i = 1; i <= 40; i++) {
      await queue.add([{ id: 'same', data: i }]);
      await eventually(`job ${i} is delivered`, () => handler.jobs.length === i);
      await untilCounts(queue, { active: 0 });
    }
  });

  it('delivers jobs that are added from within a handler', async () => {
    const queue = bench.queue<number>();
    const handler = new RecordingHandler<number>(async ({ data }) => {
      if (data > 0) await queue.add([{ id: `job${data - 1}`, data: data - 1 }]);
      return DONE;
    });
    queue.consume(handler.handle, { concurrency: 1 });
    await queue.add([{ id: 'job20', data: 20 }]);
    await eventually('all jobs are delivered', () => handler.jobs.length === 21);
  });

  it('waits for the delay of a job', async () => {
    const queue = bench.queue<number>();
    const came = new Map<string, number>();
    const handler = new RecordingHandler<number>(({ id }) => {
      came.set(id, performance.now());
      return DONE;
    });
    queue.consume(handler.handle, { concurrency: 4 });
    const start = performance.now();
    await queue.add([
      { id: 'late', data: 1, delayMs: 400 },
      { id: 'soon', data: 2, delayMs: 150 },
      { id: 'now', data: 3 },
    ]);
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(handler.ids).toEqual(['now', 'soon', 'late']);
    // A timer may fire a moment early.
    expect((came.get('soon') ?? 0) - start).toBeGreaterThan(145);
    expect((came.get('late') ?? 0) - start).toBeGreaterThan(395);
  });

  it('delivers jobs whose delay has passed before jobs without a delay, the earliest due first', async () => {
    const queue = bench.queue<number>();
    await queue.add(jobsNamed('plain', 3));
    await queue.add([{ id: 'due second', data: 0, delayMs: 60 }]);
    await queue.add([{ id: 'due first', data: 0, delayMs: 5 }]);
    await queue.add([{ id: 'not due', data: 0, delayMs: 60_000 }]);
    await pause(120);
    const handler = new RecordingHandler<number>();
    queue.consume(handler.handle, { concurrency: 1 });
    await untilCounts(queue, { waiting: 1, active: 0 });
    expect(handler.ids).toEqual(['due first', 'due second', 'plain0', 'plain1', 'plain2']);
  });

  it('starts counting attempts from the number given with the job', async () => {
    const queue = bench.queue<number>();
    await queue.add([
      { id: 'new', data: 0 },
      { id: 'tried', data: 0, attempts: 3 },
    ]);
    const handler = new RecordingHandler<number>();
    queue.consume(handler.handle, { concurrency: 1 });
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(handler.jobs).toMatchObject([{ attempt: 1 }, { attempt: 4 }]);
  });

  it('counts waiting, active and failed jobs, and returns the time of the oldest waiting one', async () => {
    const queue = bench.queue<number>();
    const before = Date.now();
    await queue.add(jobsNamed('old', 3));
    const between = Date.now();
    await pause(5);
    await queue.add([...jobsNamed('new', 3), { id: 'late', data: 0, delayMs: 60_000 }]);
    expect(await queue.counts()).toEqual({ waiting: 7, active: 0, failed: 0, oldestAt: expect.any(Number) });
    const gate = new Gate();
    const handle = async ({ id }: { id: string }): Promise<typeof DONE> => {
      if (id === 'old0') return FAILED;
      if (id.startsWith('new')) await gate.opened;
      return DONE;
    };
    const { oldestAt } = await queue.counts();
    expect(oldestAt).toBeGreaterThanOrEqual(before);
    expect(oldestAt).toBeLessThanOrEqual(between);
    queue.consume(handle, { concurrency: 2 });
    await untilCounts(queue, { waiting: 2, active: 2, failed: 1 });
    expect((await queue.counts()).oldestAt).toBeGreaterThan(between);
    gate.open();
    await untilCounts(queue, { waiting: 1, active: 0, failed: 1 });
  });

  it('delivers nothing after a stop, and resumes with a new consumer', async () => {
    const queue = bench.queue<number>();
    await queue.add(jobsNamed('job', 5));
    const gate = new Gate();
    const first = new RecordingHandler<number>(() => gate.opened.then(() => DONE));
    const consumer = queue.consume(first.handle, { concurrency: 2 });
    await eventually('two jobs are delivered', () => first.jobs.length === 2);
    let stopped = false;
    const stopping = consumer.stop().then(() => (stopped = true));
    await pause(100);
    expect(stopped).toBe(false);
    expect(await queue.counts()).toMatchObject({ waiting: 3, active: 2 });
    gate.open();
    await stopping;
    expect(await queue.counts()).toMatchObject({ waiting: 3, active: 0 });
    await queue.add([{ id: 'job5', data: 5 }]);
    await pause(50);
    expect(first.jobs).toHaveLength(2);

    const second = new RecordingHandler<number>();
    const next = queue.consume(second.handle, { concurrency: 1 });
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(second.ids).toEqual(['job2', 'job3', 'job4', 'job5']);
    await next.stop();
  });

  it('stops at once when idle, even when stopped twice', async () => {
    const consumer = bench.queue().consume(async () => DONE, { concurrency: 1 });
    await consumer.stop();
    await consumer.stop();
  });
}
