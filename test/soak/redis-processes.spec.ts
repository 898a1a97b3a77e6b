import { afterAll, expect, it } from '@jest/globals';
import { OurSmsStorageError } from '../../lib/errors/oursms-storage.error.js';
import type { Job, JobOutcome } from '../../lib/queue/durable-queue.js';
import { allOf, DONE, eventually, jobsNamed, untilCounts } from '../contract/queue/engine-under-test.js';
import { rejection } from '../support/application.js';
import { RedisBench } from '../support/redis-bench.js';
import { describeWithRedis, itWithOwnRedis } from '../support/redis-at-hand.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

describeWithRedis('several processes with one Redis', () => {
  const bench = RedisBench.forEach();

  it('redeliver the jobs of a disconnected process to another process, marked as interrupted', async () => {
    const redis = await bench.reach();
    const relay = await bench.relay(redis);
    const gone = await bench.open(redis, { connection: { ...redis.connection, ...relay.connection } });
    const jobs: Job<number>[] = [];
    let settle: (outcome: JobOutcome<number>) => void = () => undefined;
    gone.queue<number>('q').consume(
      (job) => {
        jobs.push(job);
        return new Promise((resolve) => (settle = resolve));
      },
      { concurrency: 1 },
    );
    const lease = await gone.exclusive('right');
    await gone.queue<number>('q').add([{ id: 'one', data: 1 }]);
    await eventually('the job is delivered', () => jobs.length === 1);
    expect([jobs[0]?.isHeld(), lease?.isValid()]).toEqual([true, true]);
    const began = Date.now();
    relay.cut();

    const other = await bench.open(redis);
    const taken: Job<number>[] = [];
    const wasHeld: unknown[] = [];
    other.queue<number>('q').consume(
      async (job) => {
        wasHeld.push(jobs[0]?.isHeld());
        taken.push(job);
        return DONE;
      },
      { concurrency: 1 },
    );
    await eventually('the exclusive lock is free', async () => {
      const next = await other.exclusive('right');
      if (next) wasHeld.push(lease?.isValid());
      return next !== undefined;
    });
    await eventually('the job is redelivered to the other process', () => taken.length === 1);
    expect(wasHeld).toEqual([false, false]);
    expect(taken).toMatchObject([{ id: 'one', attempt: 2, interrupted: true }]);
    expect(taken[0]?.interruptedAt).toBeLessThanOrEqual(began);

    // The first process settles the job too late: its outcome is ignored.
    relay.mend();
    await bench.untilAnswers(gone);
    settle({ kind: 'failed', reason: 'too late', notes: [{ name: 'late', text: '' }] });
    await untilCounts(gone.queue('q'), { waiting: 0, active: 0, failed: 0 });
    expect(await allOf(gone.notes('late'))).toEqual([]);
    expect([jobs[0]?.isHeld(), lease?.isValid()]).toEqual([false, false]);
  });

  itWithOwnRedis('add a job once when the response to the first attempt was lost and the caller retries', async () => {
    const redis = await bench.redis();
    const relay = await bench.relay(redis);
    const engine = await bench.open(redis, { connection: { ...redis.connection, ...relay.connection } });
    const other = await bench.open(redis);
    await bench.untilAnswers(engine);
    redis.freeze();
    const lost = rejection(engine.queue<number>('q').add([{ id: 'one', data: 1 }]), OurSmsStorageError);
    await eventually('the request is in flight', () => new Promise((resolve) => setTimeout(() => resolve(true), 200)));
    relay.cut();
    redis.freeze(false);
    await untilCounts(other.queue('q'), { waiting: 1 });
    const handled: string[] = [];
    other.queue<number>('q').consume(
      async ({ id }) => {
        handled.push(id);
        return DONE;
      },
      { concurrency: 1 },
    );
    await untilCounts(other.queue('q'), { waiting: 0, active: 0 });
    expect(await lost).toMatchObject({ fault: 'unreachable' });
    relay.mend();
    await bench.untilAnswers(engine);
    await engine.queue<number>('q').add([{ id: 'one', data: 1 }]);
    await engine.queue<number>('q').add([{ id: 'two', data: 2 }]);
    await eventually('the second job is handled', () => handled.includes('two'));
    expect(handled).toEqual(['one', 'two']);
  });

  it('share the rate limit of a name and the total concurrency of a queue', async () => {
    const redis = await bench.reach();
    const [one, two] = [await bench.open(redis), await bench.open(redis)];
    const waits = await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 ? one : two).turn('rate', 1_000)));
    const [first = 0, ...later] = waits.sort((a, b) => a - b);
    expect(first).toBeLessThan(1_000);
    later.forEach((wait, i) => expect(wait).toBeGreaterThan((waits[i] ?? 0) + 500));
    let running = 0;
    let most = 0;
    let handled = 0;
    const handle = async (): Promise<typeof DONE> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      handled += 1;
      return DONE;
    };
    for (const engine of [one, two]) engine.queue<number>('q').consume(handle, { concurrency: 4, total: 3 });
    await one.queue<number>('q').add(jobsNamed('job', 60));
    await eventually('all jobs are handled', () => handled === 60);
    expect(most).toBe(3);
  });
});

afterAll(endWhatIsLeft);
