import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from '@jest/globals';
import { OurSmsStorageError } from '../../lib/errors/oursms-storage.error.js';
import type { DurableQueue, QueueEngine } from '../../lib/queue/durable-queue.js';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { allOf, DONE, jobsNamed, untilCounts } from '../contract/queue/engine-under-test.js';
import { rejection, TestStorage } from '../support/application.js';
import { RedisBench } from '../support/redis-bench.js';
import { describeWithRedis, itWithOwnRedis } from '../support/redis-at-hand.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

describeWithRedis('the spool', () => {
  const bench = RedisBench.forEach();
  let storage: TestStorage;
  let spool: string;

  beforeEach(async () => {
    storage = await TestStorage.make();
    spool = storage.path;
  });

  afterEach(async () => {
    await storage.remove();
  });

  const pagesOf = (engine: QueueEngine): DurableQueue<number> =>
    engine.queue<number>('default/pages', { isPrecious: true });
  const handledBy = (queue: DurableQueue<number>): string[] => {
    const handled: string[] = [];
    queue.consume(
      async ({ id }) => {
        handled.push(id);
        return DONE;
      },
      { concurrency: 1 },
    );
    return handled;
  };

  itWithOwnRedis('stores pages while Redis is unavailable, and transfers them in order once it answers', async () => {
    const redis = await bench.redis();
    const engine = await bench.open(redis, { spool });
    await engine.note('open', 'text');
    await redis.stop();
    const pages = pagesOf(engine);
    await pages.add([{ id: 'one', data: 1 }], [{ name: 'open' }]);
    await pages.add(jobsNamed('more', 3));
    await redis.start();
    await bench.untilAnswers(engine);
    // What is on its way counts.
    await untilCounts(pages, { waiting: 4 });
    expect(await allOf(engine.notes('open'))).toEqual([]);
    const handled = handledBy(pages);
    await untilCounts(pages, { waiting: 0, active: 0 });
    expect(handled).toEqual(['one', 'more0', 'more1', 'more2']);
    expect(bench.logs.matching('are kept in')).toHaveLength(1);
  });

  itWithOwnRedis('transfers the pages of an earlier process exactly once', async () => {
    const redis = await bench.redis();
    const first = await bench.open(redis, { spool });
    await first.note('open', 'text');
    await redis.stop();
    await pagesOf(first).add([{ id: 'one', data: 1 }], [{ name: 'open' }]);
    await first.close();
    await redis.start();
    const second = await bench.open(redis, { spool });
    // Also before it has come.
    expect(await allOf(second.notes('open'))).toEqual([]);
    const handled = handledBy(pagesOf(second));
    await untilCounts(pagesOf(second), { waiting: 0, active: 0 });
    await second.close();
    const third = await bench.open(redis, { spool });
    await bench.untilAnswers(third);
    expect(await pagesOf(third).counts()).toMatchObject({ waiting: 0, active: 0 });
    expect(handled).toEqual(['one']);
  });

  itWithOwnRedis('transfers no page twice when the process ended before it noted the transfer', async () => {
    const redis = await bench.redis();
    const first = await bench.open(redis, { spool });
    await redis.stop();
    await pagesOf(first).add([{ id: 'one', data: 1 }]);
    await first.close();
    const path = join(spool, 'default');
    const kept = await StoredEngine.inDirectory(path);
    const [left] = await allOf(kept.notes(''));
    await kept.close();
    await redis.start();

    // As if it had died between the two: Redis has it, it is handled, and the directory has it still.
    const second = await bench.open(redis, { spool });
    const handled = handledBy(pagesOf(second));
    const admin = redis.client();
    const marker = `{${bench.prefix}}/addition/${(JSON.parse(left?.text ?? '') as { id: string }).id}`;
    await untilCounts(pagesOf(second), { waiting: 0, active: 0 });
    await second.close();
    await admin.set(marker, '1');
    const again = await StoredEngine.inDirectory(path);
    await again.note(left?.name ?? '', left?.text ?? '');
    await again.close();

    const third = await bench.open(redis, { spool });
    handled.push(...handledBy(pagesOf(third)));
    await untilCounts(pagesOf(third), { waiting: 0, active: 0 });
    await third.close();
    expect(handled).toEqual(['one']);
    expect(await admin.exists(marker)).toBe(0);
    admin.disconnect();
  });

  it('belongs to one process: a second process with the same directory is refused', async () => {
    const redis = await bench.reach();
    await bench.open(redis, { spool });
    const error = await rejection(bench.open(redis, { spool }), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'locked' });
    expect(error.message).toContain('its own spool');
  });

  it('names its own option in the error when its directory cannot be used', async () => {
    const redis = await bench.reach();
    await writeFile(join(spool, 'file'), '');
    const error = await rejection(bench.open(redis, { spool: join(spool, 'file') }), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'notWritable' });
    expect(error.message).toContain('or set spool');
  });

  it('does not affect other queues, nor a page that cannot be serialized', async () => {
    const redis = await bench.reach();
    await mkdir(spool, { recursive: true });
    const engine = await bench.open(redis, { spool });
    await engine.queue('default/reports').add([{ id: 'one', data: 1 }]);
    await expect(pagesOf(engine).add([{ id: 'two', data: 2n as unknown as number }])).rejects.toThrow(TypeError);
    await engine.checkRoom(1_000);
    expect(await pagesOf(engine).counts()).toMatchObject({ waiting: 0 });
    expect(await readdir(spool)).toContain('default');
  });
});

afterAll(endWhatIsLeft);
