import { expect, it } from '@jest/globals';
import type { DurableQueue, JobOutcome } from '../../../lib/queue/durable-queue.js';
import {
  allOf,
  DONE,
  engineForEach,
  eventually,
  FAILED,
  jobsNamed,
  RecordingHandler,
  untilCounts,
  type EngineKind,
} from './engine-under-test.js';

/** More than an engine reads at a time. */
const MANY = 450;

/** Listing, retrying and removing failed jobs. */
export function failedJobsContract(kind: EngineKind): void {
  const bench = engineForEach(kind);

  /** A queue with failed jobs, and a consumer that lets them fail again while `fails` is true. */
  const failedQueue = async (
    count: number,
  ): Promise<{ queue: DurableQueue<number>; handler: RecordingHandler<number>; mend: () => void }> => {
    const queue = bench.queue<number>();
    let fails = true;
    const handler = new RecordingHandler<number>((): JobOutcome<number> => (fails ? FAILED : DONE));
    queue.consume(handler.handle, { concurrency: 20 });
    await queue.add(jobsNamed('job', count));
    await untilCounts(queue, { waiting: 0, active: 0, failed: count });
    handler.jobs.length = 0;
    return { queue, handler, mend: () => (fails = false) };
  };

  it('lists failed jobs, oldest first', async () => {
    const queue = bench.queue<number>();
    queue.consume(async () => FAILED, { concurrency: 1 });
    await queue.add(jobsNamed('job', MANY));
    await untilCounts(queue, { failed: MANY });
    const ids = (await allOf(queue.failed())).map(({ id }) => id);
    expect(ids).toEqual(jobsNamed('job', MANY).map(({ id }) => id));
  });

  it('lists nothing when no job failed', async () => {
    await bench.queue().add([{ id: 'one', data: 1 }]);
    expect(await allOf(bench.queue().failed())).toEqual([]);
  });

  it('lets the caller stop listing early', async () => {
    const { queue } = await failedQueue(5);
    for await (const { id } of queue.failed()) {
      expect(id).toMatch(/^job/);
      break;
    }
    expect(await queue.counts()).toMatchObject({ failed: 5 });
  });

  it('redelivers a retried job by its id, as if it were new', async () => {
    const { queue, handler, mend } = await failedQueue(3);
    mend();
    expect(await queue.retry('job1')).toBe(true);
    await untilCounts(queue, { waiting: 0, active: 0, failed: 2 });
    expect(handler.jobs).toMatchObject([{ id: 'job1', data: 1, attempt: 1, interrupted: false }]);
  });

  it('retries and removes no job that does not exist or has not failed', async () => {
    const { queue } = await failedQueue(1);
    await queue.add([{ id: 'waiting', data: 0, delayMs: 60_000 }]);
    for (const id of ['unknown', 'waiting', '']) {
      expect(await queue.retry(id)).toBe(false);
      expect(await queue.remove(id)).toBe(false);
    }
    expect(await queue.counts()).toMatchObject({ waiting: 1, failed: 1 });
  });

  it('removes a job by its id, which can then be added again', async () => {
    const { queue } = await failedQueue(3);
    expect(await queue.remove('job1')).toBe(true);
    expect(await queue.remove('job1')).toBe(false);
    expect(await queue.retry('job1')).toBe(false);
    expect((await allOf(queue.failed())).map(({ id }) => id).sort()).toEqual(['job0', 'job2']);
    await queue.add([{ id: 'job1', data: 1, delayMs: 60_000 }]);
    expect(await queue.counts()).toMatchObject({ waiting: 1, failed: 2 });
  });

  it('retries a job only once when many callers retry it concurrently', async () => {
    const { queue, handler, mend } = await failedQueue(1);
    mend();
    const answers = await Promise.all(Array.from({ length: 10 }, () => queue.retry('job0')));
    expect(answers.filter((answer) => answer)).toHaveLength(1);
    await untilCounts(queue, { waiting: 0, active: 0, failed: 0 });
    expect(handler.jobs).toHaveLength(1);
  });

  it('retries all jobs, and returns how many', async () => {
    const { queue, handler, mend } = await failedQueue(MANY);
    mend();
    expect(await queue.retryAll()).toBe(MANY);
    await untilCounts(queue, { waiting: 0, active: 0, failed: 0 });
    expect(handler.jobs).toHaveLength(MANY);
    expect(handler.jobs.every(({ attempt }) => attempt === 1)).toBe(true);
    expect(await queue.retryAll()).toBe(0);
  });

  it('redelivers each job once on retryAll even if the jobs fail again at once', async () => {
    const { queue, handler } = await failedQueue(MANY);
    expect(await queue.retryAll()).toBe(MANY);
    await untilCounts(queue, { waiting: 0, active: 0, failed: MANY });
    expect(handler.jobs).toHaveLength(MANY);
  });

  it('counts each job once when two callers retry all jobs concurrently', async () => {
    const { queue, mend } = await failedQueue(MANY);
    mend();
    const [first, second] = await Promise.all([queue.retryAll(), queue.retryAll()]);
    expect(first + second).toBe(MANY);
    await untilCounts(queue, { waiting: 0, active: 0, failed: 0 });
  });

  it('finishes listing even if the listed jobs are retried and fail again at once', async () => {
    const { queue, handler } = await failedQueue(MANY);
    const untouched: number[] = [];
    for await (const { id, data } of queue.failed()) {
      if (data % 2 === 1) untouched.push(data);
      else await queue.retry(id);
    }
    expect(untouched).toEqual(jobsNamed('', MANY / 2).map(({ data }) => 2 * data + 1));
    await untilCounts(queue, { waiting: 0, active: 0, failed: MANY });
    expect(handler.jobs.length).toBeGreaterThanOrEqual(MANY / 2);
  });

  it('lists each remaining job while others are retried and removed', async () => {
    const { queue, mend } = await failedQueue(MANY);
    mend();
    const seen: number[] = [];
    for await (const { data } of queue.failed()) {
      seen.push(data);
      if (seen.length === 1) {
        await Promise.all(jobsNamed('job', 300).map(({ id, data: n }) => (n % 2 ? queue.retry(id) : queue.remove(id))));
      }
    }
    expect(new Set(seen).size).toBe(seen.length);
    for (let n = 300; n < MANY; n++) expect(seen).toContain(n);
    await untilCounts(queue, { waiting: 0, active: 0, failed: MANY - 300 });
  });

  if (!kind.isDurable) return;

  it('keeps failed, retried and removed jobs as they were when the engine is reopened', async () => {
    const queue = bench.queue<number>();
    const consumer = queue.consume(async () => FAILED, { concurrency: 1 });
    await queue.add(jobsNamed('job', 3));
    await untilCounts(queue, { failed: 3 });
    await consumer.stop();
    await queue.retry('job0');
    await queue.remove('job1');
    await bench.reopen();
    expect(await bench.queue().counts()).toMatchObject({ waiting: 1, active: 0, failed: 1 });
    expect(await allOf(bench.queue().failed())).toMatchObject([{ id: 'job2', data: 2, reason: 'no reason' }]);
    const handler = new RecordingHandler();
    bench.queue().consume(handler.handle, { concurrency: 1 });
    await eventually('the retried job is delivered', () => handler.jobs.length === 1);
    expect(handler.jobs).toMatchObject([{ id: 'job0', attempt: 1 }]);
  });
}
