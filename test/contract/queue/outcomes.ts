import { expect, it } from '@jest/globals';
import type { JobOutcome } from '../../../lib/queue/durable-queue.js';
import {
  allOf,
  DONE,
  engineForEach,
  eventually,
  FAILED,
  Gate,
  jobsNamed,
  RecordingHandler,
  untilCounts,
  type EngineKind,
} from './engine-under-test.js';

/** Effects of an outcome, and of its absence. */
export function outcomeContract(kind: EngineKind): void {
  const bench = engineForEach(kind);

  it('redelivers a job no earlier than the outcome says, and counts the attempts', async () => {
    const queue = bench.queue<number>();
    const times: number[] = [];
    const handler = new RecordingHandler<number>(({ attempt }) => {
      times.push(performance.now());
      return attempt < 3 ? { kind: 'again', inMs: 150 } : DONE;
    });
    queue.consume(handler.handle, { concurrency: 1 });
    await queue.add([{ id: 'one', data: 7 }]);
    await eventually('three attempts are made', () => handler.jobs.length === 3);
    expect(handler.jobs).toMatchObject([
      { attempt: 1, data: 7 },
      { attempt: 2, data: 7 },
      { attempt: 3, data: 7 },
    ]);
    // A timer may fire a moment early.
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(145);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThan(145);
  });

  it('redelivers a job with the data from the outcome', async () => {
    const queue = bench.queue<string | null>();
    const handler = new RecordingHandler<string | null>(({ data, attempt }) =>
      attempt < 4 ? { kind: 'again', inMs: 0, data: data === null ? 'third' : null } : DONE,
    );
    queue.consume(handler.handle, { concurrency: 1 });
    await queue.add([{ id: 'one', data: 'first' }]);
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(handler.jobs.map(({ data }) => data)).toEqual(['first', null, 'third', null]);
  });

  it.each<JobOutcome<number>>([DONE, FAILED, { kind: 'again', inMs: 60_000 }])(
    'changes the notes of the outcome in the same write: %j',
    async (outcome) => {
      const { engine } = bench;
      await engine.note('open/1', 'text');
      const notes = [{ name: 'open/1' }, { name: 'result/1', text: 'sent' }];
      const queue = bench.queue<number>();
      queue.consume(async () => ({ ...outcome, notes }), { concurrency: 1 });
      await queue.add([{ id: 'one', data: 1 }]);
      await eventually('the outcome is stored', async () => (await allOf(engine.notes('open/'))).length === 0);
      expect(await allOf(engine.notes(''))).toEqual([{ name: 'result/1', text: 'sent' }]);
    },
  );

  it('does not count an attempt that the outcome marks as uncounted', async () => {
    const queue = bench.queue<number>();
    const attempts: number[] = [];
    const handle = async ({ attempt }: { attempt: number }): Promise<JobOutcome<number>> => {
      attempts.push(attempt);
      const tries = attempts.length;
      return tries < 5 ? { kind: 'again', inMs: 0, uncounted: tries % 2 === 1 } : DONE;
    };
    queue.consume(handle, { concurrency: 1 });
    await queue.add([{ id: 'one', data: 0, attempts: 2 }]);
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(attempts).toEqual([3, 3, 4, 4, 5]);
  });

  it('redelivers each of many jobs that are requeued at the same moment', async () => {
    const queue = bench.queue<number>();
    const tries = new Map<string, number>();
    const handle = async ({ id }: { id: string }): Promise<JobOutcome<number>> => {
      const tried = (tries.get(id) ?? 0) + 1;
      tries.set(id, tried);
      return tried < 6 ? { kind: 'again', inMs: tried % 3, uncounted: true } : DONE;
    };
    queue.consume(handle, { concurrency: 16 });
    for (let i = 0; i < 10; i++) await queue.add(jobsNamed(`${i}/`, 20));
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect([...tries.values()].filter((tried) => tried === 6)).toHaveLength(200);
  });

  it('stores a failed job with its reason, attempts and data', async () => {
    const queue = bench.queue<string>();
    const before = Date.now();
    queue.consume(
      async ({ id }) => ({ kind: 'failed', reason: `no ${id}`, data: id === 'changed' ? 'new' : undefined }),
      { concurrency: 1 },
    );
    await queue.add([
      { id: 'changed', data: 'old', attempts: 4 },
      { id: 'same', data: 'old' },
    ]);
    await untilCounts(queue, { waiting: 0, active: 0, failed: 2 });
    const failed = await allOf(queue.failed());
    expect(failed).toEqual([
      { id: 'changed', data: 'new', attempts: 5, reason: 'no changed', failedAt: expect.any(Number) },
      { id: 'same', data: 'old', attempts: 1, reason: 'no same', failedAt: expect.any(Number) },
    ]);
    for (const { failedAt } of failed) {
      expect(failedAt).toBeGreaterThanOrEqual(before);
      expect(failedAt).toBeLessThanOrEqual(Date.now());
    }
  });

  it('stores the outcomes of all delivered jobs before a stop resolves', async () => {
    const queue = bench.queue<number>();
    const gate = new Gate();
    const outcomes: Record<string, JobOutcome<number>> = {
      job0: DONE,
      job1: { kind: 'again', inMs: 60_000, data: 11 },
      job2: FAILED,
    };
    const handler = new RecordingHandler<number>(({ id }) => gate.opened.then(() => outcomes[id] ?? DONE));
    const consumer = queue.consume(handler.handle, { concurrency: 3 });
    await queue.add(jobsNamed('job', 3));
    await eventually('all jobs are delivered', () => handler.jobs.length === 3);
    const stopping = consumer.stop();
    gate.open();
    await stopping;
    if (kind.isDurable) await bench.reopen();
    expect(await bench.queue().counts()).toMatchObject({ waiting: 1, active: 0, failed: 1 });
  });

  if (!kind.isDurable) return;

  it('keeps outcomes when the engine is reopened', async () => {
    const queue = bench.queue<number>();
    const handle = async ({ id }: { id: string }): Promise<JobOutcome<number>> =>
      id === 'job0' ? DONE : id === 'job1' ? { kind: 'again', inMs: 60_000 } : FAILED;
    const consumer = queue.consume(handle, { concurrency: 1 });
    await queue.add(jobsNamed('job', 3));
    await untilCounts(queue, { waiting: 1, active: 0, failed: 1 });
    await consumer.stop();
    await bench.reopen();
    expect(await bench.queue().counts()).toMatchObject({ waiting: 1, active: 0, failed: 1 });
    expect(await allOf(bench.queue().failed())).toMatchObject([{ id: 'job2', data: 2, attempts: 1 }]);
  });

  it('redelivers a job as interrupted when the engine was closed without its outcome', async () => {
    const handed = new RecordingHandler<number>(() => new Promise(() => undefined));
    await bench.queue<number>().add(jobsNamed('job', 3));
    bench.queue<number>().consume(handed.handle, { concurrency: 2 });
    await eventually('two jobs are delivered', () => handed.jobs.length === 2);
    await bench.reopen();
    const queue = bench.queue<number>();
    const handler = new RecordingHandler<number>(({ id, attempt }) =>
      id === 'job1' && attempt === 2 ? { kind: 'again', inMs: 0 } : DONE,
    );
    queue.consume(handler.handle, { concurrency: 1 });
    await untilCounts(queue, { waiting: 0, active: 0, failed: 0 });
    const of = (name: string): unknown => handler.jobs.filter(({ id }) => id === name);
    expect(of('job0')).toMatchObject([{ attempt: 2, interrupted: true, data: 0 }]);
    expect(of('job1')).toMatchObject([
      { attempt: 2, interrupted: true, data: 1 },
      { attempt: 3, interrupted: true, data: 1 },
    ]);
    expect(of('job2')).toMatchObject([{ attempt: 1, interrupted: false, data: 2 }]);
  });

  it('counts jobs as waiting that were in flight when the engine closed', async () => {
    const handed = new RecordingHandler<number>(() => new Promise(() => undefined));
    await bench.queue<number>().add(jobsNamed('job', 3));
    bench.queue<number>().consume(handed.handle, { concurrency: 2 });
    await eventually('two jobs are delivered', () => handed.jobs.length === 2);
    await bench.reopen();
    await untilCounts(bench.queue(), { waiting: 3, active: 0, failed: 0 });
  });
}
