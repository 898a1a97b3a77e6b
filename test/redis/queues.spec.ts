import { afterAll, expect, it } from '@jest/globals';
import { OurSmsStorageError } from '../../lib/errors/oursms-storage.error.js';
import type { Job, JobOutcome } from '../../lib/queue/durable-queue.js';
import { allOf, DONE, eventually, jobsNamed, untilCounts } from '../contract/queue/engine-under-test.js';
import { rejection } from '../support/application.js';
import { RedisBench } from '../support/redis-bench.js';
import { describeWithOwnRedis } from '../support/redis-at-hand.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

describeWithOwnRedis('a queue in Redis', () => {
  const bench = RedisBench.forEach();
  const never = (): Promise<never> => new Promise(() => undefined);

  it('loses no added job and no outcome when Redis is killed at any moment', async () => {
    const redis = await bench.redis();
    const engine = await bench.open(redis);
    const queue = engine.queue<number>('q');
    const handled = new Map<string, Job<number>[]>();
    queue.consume(
      async (job) => {
        handled.set(job.id, [...(handled.get(job.id) ?? []), job]);
        return { ...DONE, notes: [{ name: `done/${job.id}`, text: '' }] };
      },
      { concurrency: 4 },
    );
    const added = new Set<string>();
    let isOver = false;
    const adding = (async () => {
      for (let i = 0; !isOver; i++) {
        const id = `job${i}`;
        // As the inbox does: it tries until it succeeds.
        const add = (): Promise<boolean> =>
          queue.add([{ id, data: i }], [{ name: `open/${id}` }]).then(
            () => true,
            () => false,
          );
        await eventually(`${id} is added`, add);
        added.add(id);
      }
    })();
    for (let round = 0; round < 3; round++) {
      const before = handled.size;
      await eventually('some jobs are handled', () => handled.size > before + 20);
      await redis.stop('SIGKILL');
      await redis.start();
    }
    isOver = true;
    await adding;
    await untilCounts(queue, { waiting: 0, active: 0, failed: 0 });
    expect([...handled.keys()].sort()).toEqual([...added].sort());
    expect(await allOf(engine.notes('done/'))).toHaveLength(added.size);
    for (const jobs of handled.values()) {
      // One that comes again says why.
      expect(jobs.slice(1).every(({ interrupted }) => interrupted)).toBe(true);
    }
  });

  it('reports Redis as unavailable, whichever call was in flight when the connection broke', async () => {
    const redis = await bench.redis();
    const engine = await bench.open(redis);
    const queue = engine.queue<number>('q');
    await queue.add([{ id: 'one', data: 1 }]);
    const questions = [
      () => queue.counts(),
      () => queue.pending(),
      () => allOf(queue.failed()),
      () => queue.retryAll(),
      () => queue.add([{ id: 'two', data: 2 }]),
      () => engine.read('a'),
      () => engine.readMany(['a', 'b']),
      () => allOf(engine.notes('a')),
      () => engine.note('a', 'b'),
      () => engine.exclusive('a'),
    ];
    redis.freeze();
    const answers = questions.map((ask) => rejection<Error>(ask(), OurSmsStorageError));
    // They are on their way.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await redis.stop('SIGKILL');
    for (const answer of answers) expect(await answer).toMatchObject({ fault: 'unreachable' });
  });

  it('keeps an outcome that was returned while Redis was unavailable, even for longer than a lease', async () => {
    const redis = await bench.redis();
    const engine = await bench.open(redis, { leaseMs: 500 });
    const queue = engine.queue<number>('q');
    const jobs: Job<number>[] = [];
    let settle: (outcome: JobOutcome<number>) => void = () => undefined;
    queue.consume(
      (job) => {
        jobs.push(job);
        return new Promise((resolve) => (settle = resolve));
      },
      { concurrency: 1 },
    );
    await queue.add([{ id: 'one', data: 1 }]);
    await eventually('the job is delivered', () => jobs.length === 1);
    await redis.stop('SIGKILL');
    settle({ kind: 'failed', reason: 'no reason' });
    await eventually('the lease has expired', () => jobs[0]?.isHeld() === false);
    await redis.start();
    await bench.untilAnswers(engine);
    await untilCounts(queue, { waiting: 0, active: 0, failed: 1 });
    expect(jobs).toHaveLength(1);
  });

  it('opens while Redis is unavailable, logs that once, and resumes automatically', async () => {
    const redis = await bench.redis();
    await redis.stop();
    const engine = await bench.open(redis);
    const queue = engine.queue<number>('q');
    const handled: number[] = [];
    queue.consume(
      async ({ data }) => {
        handled.push(data);
        return DONE;
      },
      { concurrency: 1 },
    );
    const error = await rejection(queue.add([{ id: 'one', data: 1 }]), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'unreachable', retryable: true });
    expect(error.message).toContain(`127.0.0.1:${redis.port}`);
    for (const ask of [
      engine.note('a', 'b'),
      engine.exclusive('x'),
      engine.turn('t', 1),
      engine.checkRoom(1),
      engine.checkWritable(),
    ]) {
      await rejection<OurSmsStorageError>(ask, OurSmsStorageError);
    }
    await redis.start();
    await bench.untilAnswers(engine);
    await queue.add([{ id: 'one', data: 1 }]);
    await eventually('the job is handled', () => handled.length === 1);
    expect(bench.logs.matching('does not answer')).toHaveLength(1);
    expect(bench.logs.matching('answers again')).toHaveLength(1);
    expect(bench.logs.lines).toHaveLength(2);
  });

  it('waits at most a few seconds for a suspended Redis', async () => {
    const redis = await bench.redis();
    const engine = await bench.open(redis);
    await bench.untilAnswers(engine);
    redis.freeze();
    const start = performance.now();
    const error = await rejection(engine.note('a', 'b'), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'unreachable', retryable: true });
    expect(performance.now() - start).toBeLessThan(15_000);
    redis.freeze(false);
    await bench.untilAnswers(engine);
  });

  it('closes promptly while Redis is suspended and a handler never settles', async () => {
    const redis = await bench.redis();
    const engine = await bench.open(redis);
    const queue = engine.queue<number>('q');
    const jobs: Job<number>[] = [];
    const consumer = queue.consume(
      (job) => {
        jobs.push(job);
        return never();
      },
      { concurrency: 1 },
    );
    await queue.add([{ id: 'one', data: 1 }]);
    await eventually('the job is delivered', () => jobs.length === 1);
    redis.freeze();
    const stopped = consumer.stop();
    const start = performance.now();
    await engine.close();
    await stopped;
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(jobs[0]?.isHeld()).toBe(false);
  });

  it('shows no password when the credentials are refused', async () => {
    const redis = await bench.redis();
    const admin = redis.client();
    await admin.config('SET', 'requirepass', 'right-one');
    admin.disconnect();
    const url = `redis://someone:secret-pw@127.0.0.1:${redis.port}`;
    for (const connection of [{ ...redis.connection, password: 'secret-pw' }, { url }]) {
      const engine = await bench.open(redis, { connection });
      const error = await rejection(engine.note('a', 'b'), OurSmsStorageError);
      expect(error.message).toMatch(/refuses the user name or the password/);
      expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain('secret-pw');
    }
    expect(bench.logs.matching('secret-pw')).toEqual([]);
    expect(bench.logs.matching('refuses the user name')).toHaveLength(2);
  });

  it('warns when Redis may evict keys or has no persistence', async () => {
    const redis = await bench.redis('--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no');
    await bench.untilAnswers(await bench.open(redis));
    expect(bench.logs.matching('set maxmemory-policy noeviction')).toHaveLength(1);
    expect(bench.logs.matching('has no persistence')).toHaveLength(1);
  });

  it('logs how much a Redis without appendfsync always may lose, and nothing about one with it', async () => {
    await bench.untilAnswers(await bench.open(await bench.redis('--appendfsync', 'everysec')));
    expect(bench.logs.lines).toMatchObject([{ level: 'log', text: expect.stringContaining('appendfsync always') }]);
    bench.logs.lines.length = 0;
    await bench.untilAnswers(await bench.open(await bench.redis()));
    expect(bench.logs.lines).toEqual([]);
  });

  it('adds all jobs or none while Redis is out of memory, and keeps the outcomes returned meanwhile', async () => {
    const redis = await bench.redis();
    const engine = await bench.open(redis);
    const queue = engine.queue<number>('q');
    let settle: ((outcome: JobOutcome<number>) => void) | undefined;
    let handed = 0;
    const handle = (): Promise<JobOutcome<number>> => {
      handed += 1;
      return new Promise((resolve) => (settle = resolve));
    };
    queue.consume(handle, { concurrency: 1 });
    await queue.add([{ id: 'one', data: 1 }]);
    await eventually('the job is delivered', () => handed === 1);
    await engine.note('open', 'text');
    const admin = redis.client();
    await admin.config('SET', 'maxmemory', '1mb');
    const error = await rejection(queue.add(jobsNamed('more', 10), [{ name: 'open' }]), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'full', retryable: true });
    for (const ask of [engine.checkRoom(1), engine.checkWritable()]) {
      expect(await rejection<OurSmsStorageError>(ask, OurSmsStorageError)).toMatchObject({ fault: 'full' });
    }
    expect(await allOf(engine.notes('open'))).toHaveLength(1);
    settle?.({ kind: 'done', notes: [{ name: 'open' }, { name: 'result', text: 'of one' }] });
    await eventually(
      'the outcome was refused',
      () => bench.logs.matching('is not stored yet, and is retried').length === 1,
    );
    expect(await queue.counts()).toMatchObject({ waiting: 0, active: 1 });
    await admin.config('SET', 'maxmemory', '0');
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(await allOf(engine.notes(''))).toEqual([{ name: 'result', text: 'of one' }]);
    expect(handed).toBe(1);
    await queue.add(jobsNamed('more', 10));
    await untilCounts(queue, { waiting: 9, active: 1 });
    admin.disconnect();
  });

  it('delivers stored jobs even if the keys of BullMQ were deleted', async () => {
    const redis = await bench.redis();
    const first = await bench.open(redis);
    await first.queue<number>('q').add(jobsNamed('job', 150));
    await first.close();
    const admin = redis.client();
    const theirs = await admin.keys(`{${bench.prefix}}:*`);
    expect(theirs.length).toBeGreaterThan(150);
    await admin.del(...theirs);
    const queue = (await bench.open(redis)).queue<number>('q');
    const handled: number[] = [];
    queue.consume(async ({ data }) => (handled.push(data), DONE), { concurrency: 8 });
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(handled.sort((a, b) => a - b)).toEqual(jobsNamed('job', 150).map(({ data }) => data));
    admin.disconnect();
  });

  it('delivers a job whose process ended before the job was added to BullMQ', async () => {
    const redis = await bench.redis();
    const queue = (await bench.open(redis, { leaseMs: 500 })).queue<string>('q');
    const handled: string[] = [];
    queue.consume(async ({ id, data }) => (handled.push(`${id}: ${data}`), DONE), { concurrency: 1 });
    await queue.add([{ id: 'one', data: 'known' }]);
    await eventually('the first job is handled', () => handled.length === 1);
    const admin = redis.client();
    const start = `{${bench.prefix}}/queue/q`;
    const fields = { delivery: 'job-two!abcdefgh', data: '"unknown"', tries: '0', due: '' };
    await admin
      .multi()
      .hset(`${start}/job/two`, fields)
      .zadd(`${start}/live`, Date.now(), 'two')
      .zadd(`${start}/unsent`, Date.now(), 'job-two!abcdefgh')
      .exec();
    await eventually('the second job is handled', () => handled.length === 2);
    expect(handled).toEqual(['one: known', 'two: unknown']);
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(await admin.exists(`${start}/unsent`, `${start}/live`, `${start}/job/two`)).toBe(0);
    admin.disconnect();
  });

  it('ends the BullMQ job of an outcome that is already stored, and redelivers nothing', async () => {
    const redis = await bench.redis();
    const admin = redis.client();
    const queue = (await bench.open(redis, { leaseMs: 500 })).queue<number>('q');
    const started: number[] = [];
    let finish: (() => void) | undefined;
    const handle = async ({ data }: Job<number>): Promise<JobOutcome<number>> => {
      started.push(data);
      if (data === 0) await new Promise<void>((resolve) => (finish = resolve));
      return DONE;
    };
    queue.consume(handle, { concurrency: 2 });
    await queue.add(jobsNamed('job', 1));
    await eventually('the job is delivered', () => started.length === 1);
    // As if its process had ended after its outcome was kept, and before BullMQ heard of it.
    const start = `{${bench.prefix}}/queue/q`;
    await admin.multi().del(`${start}/job/job0`).zrem(`${start}/live`, 'job0').exec();
    finish?.();
    await queue.add([{ id: 'job0', data: 1 }]);
    await eventually('a new job with this id is handled', () => started.length === 2);
    await untilCounts(queue, { waiting: 0, active: 0, failed: 0 });
    await eventually(
      'BullMQ has no jobs left',
      async () => (await admin.keys(`{${bench.prefix}}:q:job-*`)).length === 0,
    );
    expect(started).toEqual([0, 1]);
    admin.disconnect();
  });

  it('continues after the scripts were flushed from Redis', async () => {
    const redis = await bench.redis();
    const engine = await bench.open(redis);
    const queue = engine.queue<number>('q');
    const handled: number[] = [];
    const handle = async ({ data }: Job<number>): Promise<JobOutcome<number>> => {
      handled.push(data);
      return data % 2 ? DONE : { kind: 'failed', reason: 'no reason' };
    };
    queue.consume(handle, { concurrency: 1 });
    const admin = redis.client();
    for (let data = 0; data < 6; data++) {
      await queue.add([{ id: `job${data}`, data }], [{ name: `note/${data}`, text: '' }]);
      await admin.script('FLUSH');
      await eventually('the job is handled', () => handled.length === data + 1);
      await admin.script('FLUSH');
    }
    await untilCounts(queue, { waiting: 0, active: 0, failed: 3 });
    expect(await allOf(engine.notes('note/'))).toHaveLength(6);
    admin.disconnect();
  });
});

afterAll(endWhatIsLeft);
