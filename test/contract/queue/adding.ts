import { expect, it } from '@jest/globals';
import type { NewJob } from '../../../lib/queue/durable-queue.js';
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

/** What becomes of the jobs that are added. */
export function addingContract(kind: EngineKind): void {
  const bench = engineForEach(kind);

  it('delivers a job with the name and the data that it was added with', async () => {
    const queue = bench.queue();
    await queue.add([{ id: 'one', data: { text: 'hello' } }]);
    const handler = new RecordingHandler();
    const consumer = queue.consume(handler.handle, { concurrency: 1 });
    await untilCounts(queue, { waiting: 0, active: 0 });
    await consumer.stop();
    expect(handler.jobs).toMatchObject([{ id: 'one', data: { text: 'hello' }, attempt: 1, interrupted: false }]);
  });

  it('accepts an empty list', async () => {
    const queue = bench.queue();
    await queue.add([]);
    expect(await queue.counts()).toEqual({ waiting: 0, active: 0, failed: 0, oldestAt: undefined });
  });

  it('adds all jobs of a list or none', async () => {
    const queue = bench.queue();
    const unreadable = { id: 'third', data: 3n };
    await expect(
      queue.add([{ id: 'first', data: 1 }, { id: 'second', data: 2 }, unreadable] as NewJob<unknown>[]),
    ).rejects.toThrow();
    expect(await queue.counts()).toMatchObject({ waiting: 0 });
    await queue.add([{ id: 'first', data: 1 }]);
    expect(await queue.counts()).toMatchObject({ waiting: 1 });
  });

  it('adds all jobs of a list atomically: a concurrent count sees all of them or none', async () => {
    const queue = bench.queue<number>();
    const seen = new Set<number>();
    let added = false;
    const adding = queue.add(jobsNamed('job', 1_000)).then(() => (added = true));
    while (!added) seen.add((await queue.counts()).waiting);
    await adding;
    seen.add((await queue.counts()).waiting);
    seen.delete(0);
    expect([...seen]).toEqual([1_000]);
  });

  it('tells whether it has fewer jobs than a limit: waiting, delayed and active ones count, failed ones do not', async () => {
    const queue = bench.queue<number>();
    const gate = new Gate();
    const fewer = (): Promise<boolean[]> => Promise.all([1, 2, 3, 4].map((limit) => queue.hasFewerThan(limit)));
    expect(await fewer()).toEqual([true, true, true, true]);
    await queue.add([...jobsNamed('job', 2), { id: 'later', data: 3, delayMs: 60_000 }]);
    expect(await fewer()).toEqual([false, false, false, true]);
    const handler = new RecordingHandler<number>(({ id }) =>
      id === 'job0' ? gate.opened.then(() => FAILED) : Promise.resolve(DONE),
    );
    queue.consume(handler.handle, { concurrency: 2 });
    await untilCounts(queue, { waiting: 1, active: 1 });
    expect(await fewer()).toEqual([false, false, true, true]);
    gate.open();
    await untilCounts(queue, { failed: 1 });
    expect(await fewer()).toEqual([false, true, true, true]);
  });

  it('ignores a second job with the same id while the first one waits', async () => {
    const queue = bench.queue();
    await queue.add([{ id: 'same', data: 'first' }]);
    await queue.add([
      { id: 'same', data: 'second' },
      { id: 'other', data: 'other' },
    ]);
    expect(await queue.counts()).toMatchObject({ waiting: 2 });
    const handler = new RecordingHandler();
    queue.consume(handler.handle, { concurrency: 1 });
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(handler.jobs.map(({ data }) => data)).toEqual(['first', 'other']);
  });

  it('ignores a second job with the same id while the first one is delayed', async () => {
    const queue = bench.queue();
    await queue.add([{ id: 'same', data: 'first', delayMs: 60_000 }]);
    await queue.add([{ id: 'same', data: 'second' }]);
    expect(await queue.counts()).toMatchObject({ waiting: 1 });
  });

  it('ignores a second job with the same id while the first one is in flight', async () => {
    const queue = bench.queue();
    const gate = new Gate();
    const handler = new RecordingHandler<unknown>(() => gate.opened.then(() => DONE));
    queue.consume(handler.handle, { concurrency: 2 });
    await queue.add([{ id: 'same', data: 'first' }]);
    await eventually('the job is delivered', () => handler.jobs.length === 1);
    await queue.add([{ id: 'same', data: 'second' }]);
    expect(await queue.counts()).toMatchObject({ waiting: 0, active: 1 });
    gate.open();
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(handler.jobs).toHaveLength(1);
  });

  it('ignores a second job with the same id while the first one is stored as failed', async () => {
    const queue = bench.queue();
    queue.consume(async () => FAILED, { concurrency: 1 });
    await queue.add([{ id: 'same', data: 'first' }]);
    await untilCounts(queue, { failed: 1 });
    await queue.add([{ id: 'same', data: 'second' }]);
    expect(await queue.counts()).toMatchObject({ waiting: 0, active: 0, failed: 1 });
  });

  it('delivers a job whose name is new, and ignores a second one of that name', async () => {
    const queue = bench.queue();
    await queue.add([{ id: 'same', data: 'first', isNew: true }]);
    await queue.add([
      { id: 'same', data: 'second' },
      { id: 'other', data: 'other', isNew: true },
    ]);
    const handler = new RecordingHandler();
    queue.consume(handler.handle, { concurrency: 1 });
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(handler.jobs.map(({ data }) => data)).toEqual(['first', 'other']);
  });

  it('keeps the first of two jobs with the same id in one list', async () => {
    const queue = bench.queue();
    await queue.add([
      { id: 'same', data: 'first' },
      { id: 'same', data: 'second' },
    ]);
    expect(await queue.counts()).toMatchObject({ waiting: 1 });
    const handler = new RecordingHandler();
    queue.consume(handler.handle, { concurrency: 1 });
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(handler.jobs).toMatchObject([{ id: 'same', data: 'first' }]);
  });

  it('adds one job when many callers add the same id concurrently', async () => {
    const queue = bench.queue<number>();
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => queue.add([{ id: 'same', data: i }, ...jobsNamed('job', i)])),
    );
    expect(await queue.counts()).toMatchObject({ waiting: 1 + 19 });
  });

  it('accepts an id again once its job is done', async () => {
    const queue = bench.queue();
    const handler = new RecordingHandler();
    queue.consume(handler.handle, { concurrency: 1 });
    for (const data of ['first', 'second']) {
      await queue.add([{ id: 'same', data }]);
      await untilCounts(queue, { waiting: 0, active: 0 });
    }
    expect(handler.jobs.map(({ data }) => data)).toEqual(['first', 'second']);
  });

  it('deletes a note together with adding jobs', async () => {
    const { engine } = bench;
    await engine.note('intent/1', 'download');
    await engine.note('intent/2', 'download');
    await bench.queue().add([{ id: 'page', data: 'text' }], [{ name: 'intent/1' }]);
    expect(await allOf(engine.notes('intent/'))).toEqual([{ name: 'intent/2', text: 'download' }]);
  });

  it('stores notes together with the jobs', async () => {
    await bench.queue().add(
      [{ id: 'page', data: 'text' }],
      [
        { name: 'list/1', text: 'one' },
        { name: 'list/2', text: '' },
      ],
    );
    await bench.queue().add([], [{ name: 'list/2', text: 'two' }]);
    expect(await allOf(bench.engine.notes('list/'))).toEqual([
      { name: 'list/1', text: 'one' },
      { name: 'list/2', text: 'two' },
    ]);
  });

  it('keeps the note when adding the jobs fails', async () => {
    const { engine } = bench;
    await engine.note('intent/1', 'download');
    await expect(bench.queue().add([{ id: 'page', data: 1n }], [{ name: 'intent/1' }])).rejects.toThrow();
    expect(await allOf(engine.notes('intent/'))).toHaveLength(1);
  });

  it('deletes the note even if the jobs exist already', async () => {
    const { engine } = bench;
    await bench.queue().add([{ id: 'page', data: 'text' }]);
    await engine.note('intent/1', 'download');
    await bench.queue().add([{ id: 'page', data: 'text' }], [{ name: 'intent/1' }]);
    expect(await allOf(engine.notes('intent/'))).toEqual([]);
    expect(await bench.queue().counts()).toMatchObject({ waiting: 1 });
  });

  if (!kind.isDurable) return;

  it('has stored a job durably once add resolves', async () => {
    await bench.engine.note('intent/1', 'download');
    await bench.queue<number>().add([{ id: 'one', data: 1 }, ...jobsNamed('job', 300)], [{ name: 'intent/1' }]);
    await bench.queue().add([{ id: 'late', data: 0, delayMs: 60_000 }]);
    await bench.reopen();
    expect(await bench.queue().counts()).toMatchObject({ waiting: 302, active: 0, failed: 0 });
    expect(await allOf(bench.engine.notes(''))).toEqual([]);
    const handler = new RecordingHandler();
    bench.queue().consume(handler.handle, { concurrency: 1 });
    await untilCounts(bench.queue(), { waiting: 1, active: 0 });
    expect(handler.ids).toEqual(['one', ...jobsNamed('job', 300).map(({ id }) => id)]);
  });

  it('still ignores a second job with the same id after the engine was reopened', async () => {
    await bench.queue().add([{ id: 'same', data: 'first' }]);
    await bench.reopen();
    await bench.queue().add([{ id: 'same', data: 'second' }]);
    expect(await bench.queue().counts()).toMatchObject({ waiting: 1 });
  });
}
