import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bullMqEngine, type BullMqEngineOptions } from 'nestjs-oursms/bullmq';
import { Redis } from 'ioredis';
import { OurSmsConfigError } from '../../lib/errors/oursms-config.error.js';
import { OurSmsStorageError } from '../../lib/errors/oursms-storage.error.js';
import type { Job, QueueEngine, Verdict } from '../../lib/queue/durable-queue.js';
import { allOf, DONE, eventually, jobsNamed, untilCounts } from '../contract/queue/engine-under-test.js';
import { LogRecorder, rejection } from '../support/application.js';
import { hasRedis, TestRedis } from '../support/redis.js';
import { TcpRelay } from '../support/tcp-relay.js';

/** Long enough for a slow machine, short enough to wait for. */
const LEASE_MS = 2_000;

(hasRedis ? describe : describe.skip)('queues in Redis', () => {
  let logs: LogRecorder;
  let servers: TestRedis[];
  let relays: TcpRelay[];
  let engines: QueueEngine[];
  let prefix: string;

  beforeEach(() => {
    logs = new LogRecorder();
    Logger.overrideLogger(logs);
    [servers, relays, engines, prefix] = [[], [], [], randomUUID()];
  });

  afterEach(async () => {
    for (const server of servers) server.freeze(false);
    await Promise.all(engines.map((engine) => engine.close()));
    await Promise.all(relays.map((relay) => relay.close()));
    await Promise.all(servers.map((server) => server.remove()));
    Logger.overrideLogger(['log', 'error', 'warn']);
  });

  const startRedis = async (...settings: string[]): Promise<TestRedis> => {
    const server = await TestRedis.start(...settings);
    servers.push(server);
    return server;
  };
  const open = async (server: TestRedis, options: BullMqEngineOptions = {}): Promise<QueueEngine> => {
    const source = bullMqEngine({ connection: server.connection, prefix, leaseMs: LEASE_MS, ...options });
    const engine = await source.openEngine({ account: 'default', find: () => undefined });
    engines.push(engine);
    return engine;
  };
  const relayTo = async (server: TestRedis): Promise<TcpRelay> => {
    const relay = await TcpRelay.to(server.port);
    relays.push(relay);
    return relay;
  };
  const untilAnswers = (engine: QueueEngine): Promise<void> =>
    eventually('Redis answers', () =>
      engine.note('probe', '').then(
        () => true,
        () => false,
      ),
    );
  const never = (): Promise<never> => new Promise(() => undefined);

  it('loses nothing that was added, and no verdict, when Redis is killed at any moment', async () => {
    const redis = await startRedis();
    const engine = await open(redis);
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
      await eventually('some are handled', () => handled.size > before + 20);
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

  it('keeps a verdict that was given while Redis was away, also for longer than a lease', async () => {
    const redis = await startRedis();
    const engine = await open(redis, { leaseMs: 500 });
    const queue = engine.queue<number>('q');
    const jobs: Job<number>[] = [];
    let settle: (verdict: Verdict<number>) => void = () => undefined;
    queue.consume(
      (job) => {
        jobs.push(job);
        return new Promise((resolve) => (settle = resolve));
      },
      { concurrency: 1 },
    );
    await queue.add([{ id: 'one', data: 1 }]);
    await eventually('it is handed out', () => jobs.length === 1);
    await redis.stop('SIGKILL');
    settle({ kind: 'failed', reason: 'no reason' });
    await eventually('its time is over', () => jobs[0]?.isHeld() === false);
    await redis.start();
    await untilAnswers(engine);
    await untilCounts(queue, { waiting: 0, active: 0, failed: 1 });
    expect(jobs).toHaveLength(1);
  });

  it('opens while Redis is not there, says so once, and goes on by itself when it is', async () => {
    const redis = await startRedis();
    await redis.stop();
    const engine = await open(redis);
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
    for (const ask of [engine.note('a', 'b'), engine.exclusive('x'), engine.turn('t', 1), engine.checkRoom(1)]) {
      await rejection<OurSmsStorageError>(ask, OurSmsStorageError);
    }
    await redis.start();
    await untilAnswers(engine);
    await queue.add([{ id: 'one', data: 1 }]);
    await eventually('it is handled', () => handled.length === 1);
    expect(logs.matching('does not answer')).toHaveLength(1);
    expect(logs.matching('answers again')).toHaveLength(1);
    expect(logs.lines).toHaveLength(2);
  });

  it('waits no longer than a few seconds for a Redis that stands still', async () => {
    const redis = await startRedis();
    const engine = await open(redis);
    await untilAnswers(engine);
    redis.freeze();
    const start = performance.now();
    const error = await rejection(engine.note('a', 'b'), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'unreachable', retryable: true });
    expect(performance.now() - start).toBeLessThan(15_000);
    redis.freeze(false);
    await untilAnswers(engine);
  });

  it('ends within a moment while Redis stands still and a handler never ends', async () => {
    const redis = await startRedis();
    const engine = await open(redis);
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
    await eventually('it is handed out', () => jobs.length === 1);
    redis.freeze();
    const stopped = consumer.stop();
    const start = performance.now();
    await engine.close();
    await stopped;
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(jobs[0]?.isHeld()).toBe(false);
  });

  it('tells no password, whatever is wrong with it', async () => {
    const redis = await startRedis();
    const admin = redis.client();
    await admin.config('SET', 'requirepass', 'right-one');
    admin.disconnect();
    const url = `redis://someone:secret-pw@127.0.0.1:${redis.port}`;
    for (const connection of [{ ...redis.connection, password: 'secret-pw' }, { url }]) {
      const engine = await open(redis, { connection });
      const error = await rejection(engine.note('a', 'b'), OurSmsStorageError);
      expect(error.message).toMatch(/refuses the user name or the password/);
      expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain('secret-pw');
    }
    expect(logs.matching('secret-pw')).toEqual([]);
    expect(logs.matching('refuses the user name')).toHaveLength(2);
  });

  it('warns when Redis may delete what is in it, or keeps nothing on a disk', async () => {
    const redis = await startRedis('--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no');
    await untilAnswers(await open(redis));
    expect(logs.matching('set maxmemory-policy noeviction')).toHaveLength(1);
    expect(logs.matching('keeps nothing on a disk')).toHaveLength(1);
  });

  it('tells how much a Redis may lose that does not write at once, and is silent about one that does', async () => {
    await untilAnswers(await open(await startRedis('--appendfsync', 'everysec')));
    expect(logs.lines).toMatchObject([{ level: 'log', text: expect.stringContaining('appendfsync always') }]);
    logs.lines.length = 0;
    await untilAnswers(await open(await startRedis()));
    expect(logs.lines).toEqual([]);
  });

  it('adds all or nothing while Redis has no memory left, and keeps the verdicts of that time', async () => {
    const redis = await startRedis();
    const engine = await open(redis);
    const queue = engine.queue<number>('q');
    let settle: ((verdict: Verdict<number>) => void) | undefined;
    let handed = 0;
    const handle = (): Promise<Verdict<number>> => {
      handed += 1;
      return new Promise((resolve) => (settle = resolve));
    };
    queue.consume(handle, { concurrency: 1 });
    await queue.add([{ id: 'one', data: 1 }]);
    await eventually('it is at its handler', () => handed === 1);
    await engine.note('open', 'text');
    const admin = redis.client();
    await admin.config('SET', 'maxmemory', '1mb');
    const error = await rejection(queue.add(jobsNamed('more', 10), [{ name: 'open' }]), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'full', retryable: true });
    expect(await rejection(engine.checkRoom(1), OurSmsStorageError)).toMatchObject({ fault: 'full' });
    expect(await allOf(engine.notes('open'))).toHaveLength(1);
    settle?.({ kind: 'done', notes: [{ name: 'open' }] });
    await eventually('the verdict was refused', () => logs.matching('A verdict waits').length === 1);
    expect(await queue.counts()).toMatchObject({ waiting: 0, active: 1 });
    await admin.config('SET', 'maxmemory', '0');
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(await allOf(engine.notes('open'))).toHaveLength(0);
    expect(handed).toBe(1);
    await queue.add(jobsNamed('more', 10));
    await untilCounts(queue, { waiting: 9, active: 1 });
    admin.disconnect();
  });

  it('says that a Redis of another kind of data holds its keys, and that nobody gave it a connection', async () => {
    const redis = await startRedis();
    const engine = await open(redis);
    const admin = redis.client();
    await admin.set(`{${prefix}}/notes`, 'text');
    const error = await rejection(engine.note('a', 'b'), OurSmsStorageError);
    expect(error.message).toMatch(/choose another prefix/);
    admin.disconnect();
    const source = bullMqEngine({ configKey: 'jobs' });
    const unset = await rejection(source.openEngine({ account: 'a', find: () => undefined }), OurSmsConfigError);
    expect(unset.message).toMatch(/BullModule.forRoot\('jobs'/);
  });

  it("uses the application's connection, as options, as a URL or as a client, and leaves a client open", async () => {
    const redis = await startRedis();
    const client = new Redis({ ...redis.connection, maxRetriesPerRequest: null });
    const url = `redis://127.0.0.1:${redis.port}`;
    for (const connection of [redis.connection, { url }, client]) {
      const source = bullMqEngine({ prefix });
      const engine = await source.openEngine({ account: 'a', find: <T>() => ({ connection }) as T });
      await engine.note('one', 'text');
      expect(await allOf(engine.notes(''))).toEqual([{ name: 'one', text: 'text' }]);
      await engine.close();
    }
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  it('gives the jobs of a process that vanished to another, which knows that they were interrupted', async () => {
    const redis = await startRedis();
    const relay = await relayTo(redis);
    const gone = await open(redis, { connection: relay.connection });
    const jobs: Job<number>[] = [];
    let settle: (verdict: Verdict<number>) => void = () => undefined;
    gone.queue<number>('q').consume(
      (job) => {
        jobs.push(job);
        return new Promise((resolve) => (settle = resolve));
      },
      { concurrency: 1 },
    );
    const lease = await gone.exclusive('right');
    await gone.queue<number>('q').add([{ id: 'one', data: 1 }]);
    await eventually('it is handed out', () => jobs.length === 1);
    expect([jobs[0]?.isHeld(), lease?.isValid()]).toEqual([true, true]);
    const began = Date.now();
    relay.cut();

    const other = await open(redis);
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
    await eventually('the right is free', async () => {
      const next = await other.exclusive('right');
      if (next) wasHeld.push(lease?.isValid());
      return next !== undefined;
    });
    await eventually('it came to the other', () => taken.length === 1);
    expect(wasHeld).toEqual([false, false]);
    expect(taken).toMatchObject([{ id: 'one', attempt: 2, interrupted: true }]);
    expect(taken[0]?.interruptedAt).toBeLessThanOrEqual(began);

    // What the first says of it now is too late, and changes nothing.
    relay.mend();
    await untilAnswers(gone);
    settle({ kind: 'failed', reason: 'too late', notes: [{ name: 'late', text: '' }] });
    await untilCounts(gone.queue('q'), { waiting: 0, active: 0, failed: 0 });
    expect(await allOf(gone.notes('late'))).toEqual([]);
    expect([jobs[0]?.isHeld(), lease?.isValid()]).toEqual([false, false]);
  });

  it('adds a list once when the answer to it was lost, and it is tried again', async () => {
    const redis = await startRedis();
    const relay = await relayTo(redis);
    const engine = await open(redis, { connection: relay.connection });
    const other = await open(redis);
    await untilAnswers(engine);
    redis.freeze();
    const lost = rejection(engine.queue<number>('q').add([{ id: 'one', data: 1 }]), OurSmsStorageError);
    await eventually('it is on its way', () => new Promise((resolve) => setTimeout(() => resolve(true), 200)));
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
    await untilAnswers(engine);
    await engine.queue<number>('q').add([{ id: 'one', data: 1 }]);
    await engine.queue<number>('q').add([{ id: 'two', data: 2 }]);
    await eventually('the second came', () => handled.includes('two'));
    expect(handled).toEqual(['one', 'two']);
  });

  it('keeps turns of a name apart, and jobs at a time few, over several processes', async () => {
    const redis = await startRedis();
    const pair = [await open(redis), await open(redis)];
    const waits = await Promise.all(Array.from({ length: 10 }, (_, i) => pair[i % 2]?.turn('rate', 1_000) ?? 0));
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
    for (const engine of pair) engine.queue<number>('q').consume(handle, { concurrency: 4, total: 3 });
    await pair[0]?.queue<number>('q').add(jobsNamed('job', 60));
    await eventually('all are handled', () => handled === 60);
    expect(most).toBe(3);
  });
});
