import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { QueueEngine } from '../../lib/queue/durable-queue.js';
import { allOf, DONE, RecordingHandler, untilCounts } from '../contract/queue/engine-under-test.js';
import { RedisBench } from '../support/redis-bench.js';
import { describeWithRedis, type RedisAtHand } from '../support/redis-at-hand.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

/** What version 0.1.0 had in Redis when its process was killed: a request at work, one that failed, and others that waited. */
const EARLIER = join(dirname(fileURLToPath(import.meta.url)), '../support/fixtures/redis-0.1.0.json');

type Kept = { hash?: Record<string, string>; zset?: string[]; list?: string[]; string?: string };

describeWithRedis('jobs that version 0.1.0 left in Redis', () => {
  const bench = RedisBench.forEach();

  async function restored(redis: RedisAtHand): Promise<Redis> {
    const client = redis.client();
    const text = await readFile(EARLIER, 'utf8');
    const keys = Object.entries(JSON.parse(text) as Record<string, Kept>);
    for (const [name, { hash, zset, list, string }] of keys) {
      const key = name.replace('{earlier}', `{${bench.prefix}}`);
      if (hash) await client.hset(key, hash);
      if (list) await client.rpush(key, ...list);
      if (string !== undefined) await client.set(key, string);
      for (let i = 0; i < (zset?.length ?? 0); i += 2) await client.zadd(key, zset?.[i + 1] ?? '', zset?.[i] ?? '');
    }
    return client;
  }

  const nearly = async (engine: QueueEngine, queue: string, waiting: number): Promise<void> =>
    untilCounts(engine.queue(queue), { waiting, active: 0 });

  it('are counted, delivered and listed as they were', async () => {
    const redis = await bench.reach();
    const client = await restored(redis);
    const engine = await bench.open(redis);
    expect(await allOf(engine.notes(''))).toEqual([{ name: 'default/kept', text: 'نص' }]);

    const never = engine.queue<string>('default/never taken');
    expect(await never.counts()).toMatchObject({ waiting: 3, active: 0, failed: 0, oldestAt: 1795955469410 });
    const waiting = new RecordingHandler<string>();
    const consumer = never.consume(waiting.handle, { concurrency: 1 });
    await nearly(engine, 'default/never taken', 1);
    await consumer.stop();
    expect(waiting.jobs).toMatchObject([
      { id: 'waiting 1', data: 'w1', attempt: 1, interrupted: false },
      { id: 'waiting 2', data: 'w2', attempt: 4, interrupted: false },
    ]);

    const reports = engine.queue<{ n: number }>('default/reports');
    expect(await reports.counts()).toMatchObject({ waiting: 1, active: 1, failed: 1 });
    expect(await allOf(reports.failed())).toEqual([
      {
        id: 'failed one',
        data: { n: 1, more: 'نص' },
        attempts: 1,
        reason: 'the listener threw',
        failedAt: 1795955468414,
      },
    ]);
    const handler = new RecordingHandler<{ n: number }>();
    reports.consume(handler.handle, { concurrency: 1 });
    await nearly(engine, 'default/reports', 1);
    expect(handler.jobs).toMatchObject([
      // It began then at the latest, so it may have done its work.
      { id: 'at work', data: { n: 4 }, interrupted: true, interruptedAt: 1795955468408 },
    ]);
    expect(await reports.retry('failed one')).toBe(true);
    await untilCounts(reports, { waiting: 1, active: 0, failed: 0 });
    expect(handler.jobs[1]).toMatchObject({ id: 'failed one', attempt: 1, interrupted: false });
    client.disconnect();
  });

  it('are migrated exactly once, even when several instances start at the same moment', async () => {
    const redis = await bench.reach();
    const client = await restored(redis);
    const handlers = [0, 1, 2].map(() => new RecordingHandler<string>(() => DONE));
    for (const handler of handlers) {
      const queue = (await bench.open(redis)).queue<string>('default/never taken');
      queue.consume(handler.handle, { concurrency: 1 });
    }
    const later = await bench.open(redis);
    await nearly(later, 'default/never taken', 1);
    expect(handlers.flatMap(({ ids }) => ids).sort()).toEqual(['waiting 1', 'waiting 2']);
    expect(await later.queue('default/reports').counts()).toMatchObject({ failed: 1 });
    expect(await client.get(`{${bench.prefix}}/format`)).toBe('2 from 1');
    client.disconnect();
  });

  it('are not migrated in a store that this version created', async () => {
    const redis = await bench.reach();
    const client = redis.client();
    await (await bench.open(redis)).note('a', 'b');
    expect(await client.get(`{${bench.prefix}}/format`)).toBe('2');
    client.disconnect();
  });
});

afterAll(endWhatIsLeft);
