import { expect, it } from '@jest/globals';
import type { Job } from '../../../lib/queue/durable-queue.js';
import { DONE, engineForEach, eventually, Gate, RecordingHandler, type EngineKind } from './engine-under-test.js';

/** Redelivery and attempt counts when a handler marks the start of its work. */
export function beginningContract(kind: EngineKind): void {
  const bench = engineForEach(kind);

  /** Delivers a job to a handler that acts on it and never settles, reopens the engine, and returns the redelivered job. */
  const endMeanwhile = async (does: (job: Job<number>) => Promise<unknown>): Promise<Job<number>> => {
    const queue = bench.queue<number>();
    await queue.add([{ id: 'job', data: 1 }]);
    let isDone = false;
    const never = new Gate();
    const handle = async (job: Job<number>): Promise<typeof DONE> => {
      await does(job);
      isDone = true;
      await never.opened;
      return DONE;
    };
    queue.consume(handle, { concurrency: 1, idleAtFirst: true });
    await eventually('the first handler has acted', () => isDone);
    await bench.reopen();
    const handler = new RecordingHandler<number>();
    bench.queue<number>().consume(handler.handle, { concurrency: 1 });
    await eventually('the job is redelivered', () => handler.jobs.length === 1);
    never.open();
    return handler.jobs[0] as Job<number>;
  };

  const ifDurable = (name: string, test: () => Promise<void>): void => {
    if (kind.isDurable) it(name, test);
  };

  ifDurable('redelivers a job as not interrupted when its handler had not started work', async () => {
    expect(await endMeanwhile(() => Promise.resolve())).toMatchObject({ id: 'job', data: 1, interrupted: false });
  });

  ifDurable('redelivers a job as interrupted, with the time, when its handler had started work', async () => {
    let before = 0;
    const begin = async (job: Job<number>): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      before = Date.now();
      await job.atWork(true);
    };
    const job = await endMeanwhile(begin);
    expect(job.interrupted).toBe(true);
    expect(job.interruptedAt).toBeGreaterThanOrEqual(before);
  });

  ifDurable('redelivers a job as not interrupted when its handler had withdrawn the start mark', async () => {
    const job = await endMeanwhile(async (one) => {
      await one.atWork(true);
      await one.atWork(false);
    });
    expect(job.interrupted).toBe(false);
  });

  ifDurable('redelivers the text that the handler stored with its start mark', async () => {
    const mark = JSON.stringify({ wall: 1, note: 'ساعة' });
    const job = await endMeanwhile((one) => one.atWork(true, mark));
    expect(job.interruptedMark).toBe(mark);
  });

  ifDurable('redelivers no text when the handler stored none with its start mark', async () => {
    expect((await endMeanwhile((one) => one.atWork(true))).interruptedMark).toBeUndefined();
  });

  ifDurable('remembers an earlier interruption after an attempt that was not started', async () => {
    const queue = bench.queue<number>('account/other');
    await queue.add([{ id: 'job', data: 1 }]);
    const deliverTo = async (does: (job: Job<number>) => Promise<void>): Promise<Job<number>> => {
      let seen: Job<number> | undefined;
      const handle = async (job: Job<number>): Promise<typeof DONE> => {
        await does(job);
        seen = job;
        return new Promise(() => undefined);
      };
      bench.queue<number>('account/other').consume(handle, { concurrency: 1, idleAtFirst: true });
      await eventually('the job is delivered', () => seen !== undefined);
      await bench.reopen();
      return seen as unknown as Job<number>;
    };
    await deliverTo((job) => job.atWork(true, 'first'));
    const { interruptedAt, interruptedMark } = await deliverTo(() => Promise.resolve());
    expect([interruptedAt, interruptedMark]).toEqual([expect.any(Number), 'first']);
    const first = { interrupted: true, interruptedAt, interruptedMark };
    expect(await deliverTo((job) => job.atWork(false))).toMatchObject(first);
    expect(await deliverTo((job) => job.atWork(true, 'second'))).toMatchObject(first);
    expect(await deliverTo(() => Promise.resolve())).toMatchObject(first);
  });

  ifDurable('adds only started attempts to the number of earlier attempts', async () => {
    const queue = bench.queue<number>('account/counted');
    await queue.add([{ id: 'job', data: 1, attempts: 3 }]);
    const attempts: number[] = [];
    for (const begins of [false, true, false, false, true, false]) {
      const seen = attempts.length;
      const handle = async (job: Job<number>): Promise<typeof DONE> => {
        if (begins) await job.atWork(true);
        attempts.push(job.attempt);
        return new Promise(() => undefined);
      };
      bench.queue<number>('account/counted').consume(handle, { concurrency: 1, idleAtFirst: true });
      await eventually('the job is delivered', () => attempts.length > seen);
      await bench.reopen();
    }
    expect(attempts).toEqual([4, 4, 5, 5, 5, 6]);
  });

  ifDurable('counts an attempt only when its handler had started work', async () => {
    const queue = bench.queue<number>('account/attempts');
    await queue.add([{ id: 'job', data: 1 }]);
    const attempts: number[] = [];
    for (const begins of [false, true, false, true, true]) {
      let isDone = false;
      const handle = async (job: Job<number>): Promise<typeof DONE> => {
        attempts.push(job.attempt);
        if (begins) await job.atWork(true);
        isDone = true;
        return new Promise(() => undefined);
      };
      bench.queue<number>('account/attempts').consume(handle, { concurrency: 1, idleAtFirst: true });
      await eventually('the job is delivered', () => isDone);
      await bench.reopen();
    }
    expect(attempts).toEqual([1, 1, 2, 2, 3]);
  });

  it('acknowledges a job whether or not its handler marked the start', async () => {
    const queue = bench.queue<number>();
    await queue.add([
      { id: 'begun', data: 1 },
      { id: 'not', data: 2 },
    ]);
    const handle = async (job: Job<number>): Promise<typeof DONE> => {
      if (job.id === 'begun') await job.atWork(true);
      return DONE;
    };
    const consumer = queue.consume(handle, { concurrency: 2, idleAtFirst: true });
    await eventually('both jobs are done', async () => (await queue.pending()) === 0);
    await consumer.stop();
    expect(await queue.counts()).toMatchObject({ waiting: 0, active: 0, failed: 0 });
  });
}
