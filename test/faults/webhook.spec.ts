import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { Dlr } from 'nestjs-oursms';
import { bullMqEngine } from 'nestjs-oursms/bullmq';
import { DlrListener, TestStorage, until } from '../support/application.js';
import { describeWithOwnRedis } from '../support/redis-at-hand.js';
import { TestRedis } from '../support/redis.js';
import { scarceDisk } from '../support/scarce-disk.js';
import { pushOf, SECRET, WebhookBench } from '../support/webhook-bench.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

const RECOVERY_MS = 25_000;

const benches: WebhookBench[] = [];
const newBench = (): WebhookBench => {
  const bench = new WebhookBench();
  benches.push(bench);
  return bench;
};
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.remove();
});
afterAll(endWhatIsLeft);

const msgIds = (...lists: Dlr[][]): string[] => lists.flatMap((dlrs) => dlrs.map(({ msgId }) => msgId ?? '')).sort();

/** Pushes reports one after the other until `stop`, which resolves to the pushes by their answers. */
function keepPushing(bench: WebhookBench) {
  const answered: { taken: string[]; refused: string[]; others: number[] } = { taken: [], refused: [], others: [] };
  let isOver = false;
  const pushing = Promise.all(
    [0, 1, 2, 3].map(async (lane) => {
      for (let i = 0; !isOver; i++) {
        const name = `${lane}-${i}`;
        // Long enough to meet the end of the disk.
        const { status, headers } = await bench.push(pushOf(name).padEnd(20_000));
        if (status === 200) answered.taken.push(name);
        else if (status === 503 && headers.get('retry-after') === '15') answered.refused.push(name);
        else answered.others.push(status);
      }
    }),
  );
  const stop = async (): Promise<typeof answered> => {
    isOver = true;
    await pushing;
    return answered;
  };
  return { answered, stop };
}

describe('a push that arrives while the disk is full', () => {
  it('is answered with 503 until there is room; every push that was answered with 200 is delivered', async () => {
    const disk = scarceDisk(64);
    const bench = newBench();
    bench.storage = { path: disk.path, remove: async () => disk.remove() };
    await bench.start('express');
    const pushes = keepPushing(bench);
    await until('some pushes are accepted', () => pushes.answered.taken.length > 20);
    disk.fill();
    await until('pushes are refused', () => pushes.answered.refused.length > 20, RECOVERY_MS);
    await pause(300);
    const before = pushes.answered.taken.length;
    disk.makeRoom();
    await until('pushes are accepted again', () => pushes.answered.taken.length > before + 20, RECOVERY_MS);
    const { taken, refused, others } = await pushes.stop();
    expect(others).toEqual([]);
    const handled = (): string[] => msgIds(bench.handled);
    await until(
      'all accepted reports are delivered',
      () => taken.every((name) => handled().includes(name)),
      RECOVERY_MS,
    );
    // A write that failed may be on the disk all the same: then it is delivered, and its repeat would be recognised by its id.
    expect(handled().filter((name) => !taken.includes(name) && !refused.includes(name))).toEqual([]);
    const [repeated = ''] = refused;
    expect((await bench.push(pushOf(repeated).padEnd(20_000))).status).toBe(200);
    await until('the repeated push is delivered', () => handled().includes(repeated));
    expect(bench.logs.matching('Pushes of delivery reports (account default) are answered with 503')).toHaveLength(1);
  });
});

describeWithOwnRedis('instances that share a Redis', () => {
  const storageOf = (redis: TestRedis, spool?: string) => ({
    storage: bullMqEngine({ connection: redis.connection, leaseMs: 1_000, spool }),
  });

  it('accept pushes on each instance, and deliver the reports on any of them', async () => {
    const redis = await TestRedis.start();
    const [first, second] = [newBench(), newBench()];
    await first.start('express', { options: storageOf(redis) });
    await second.start('express', { options: storageOf(redis) });
    const names = Array.from({ length: 40 }, (_, i) => `m${i}`);
    const pushes = names.map((name, i) => (i % 2 === 0 ? first : second).push(pushOf(name)));
    expect(new Set((await Promise.all(pushes)).map(({ status }) => status))).toEqual(new Set([200]));
    await until('all reports are delivered', () => first.handled.length + second.handled.length === 40);
    expect(msgIds(first.handled, second.handled)).toEqual([...names].sort());
    await Promise.all([first.stop(), second.stop()]);
    await redis.remove();
  });

  it('deliver pushes that were accepted by an instance without a listener', async () => {
    const redis = await TestRedis.start();
    const [deaf, hearing] = [newBench(), newBench()];
    await deaf.start('express', { options: storageOf(redis), listens: false });
    expect((await deaf.push(pushOf('m1'))).status).toBe(200);
    await hearing.start('express', { options: storageOf(redis) });
    await until('the report is delivered', () => hearing.handled.length === 1);
    await Promise.all([deaf.stop(), hearing.stop()]);
    await redis.remove();
  });

  it('answer with 503 while Redis is unavailable, and accept pushes again automatically', async () => {
    const redis = await TestRedis.start();
    const bench = newBench();
    await bench.start('express', { options: storageOf(redis) });
    expect((await bench.push(pushOf('m1'))).status).toBe(200);
    await redis.stop('SIGKILL');
    const refused = await bench.push(pushOf('m2'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '15']);
    await redis.start();
    await until('a push is accepted', async () => (await bench.push(pushOf('m3'))).status === 200, RECOVERY_MS);
    await until('the report is delivered', () => msgIds(bench.handled).includes('m3'));
    await bench.stop();
    await redis.remove();
  });

  it('accept pushes while Redis is unavailable if they have a spool', async () => {
    const redis = await TestRedis.start();
    const spool = await TestStorage.make();
    const bench = newBench();
    await bench.start('express', { options: storageOf(redis, spool.path) });
    await redis.stop('SIGKILL');
    expect((await bench.push(pushOf('m1'))).status).toBe(200);
    await redis.start();
    await until('the report is delivered', () => bench.app.get(DlrListener).handled.length === 1, RECOVERY_MS);
    await bench.stop();
    await redis.remove();
    await spool.remove();
  });

  it('store concurrent pushes as one job, and read each push separately', async () => {
    const redis = await TestRedis.start();
    const [deaf, hearing] = [newBench(), newBench()];
    await deaf.start('express', { options: storageOf(redis), listens: false });
    const bodies = [...Array.from({ length: 20 }, (_, i) => pushOf(`m${i}`)), '<html>'];
    await Promise.all(bodies.map((body) => deaf.inbox.accept(body)));
    expect(await deaf.inbox.stats()).toMatchObject({ pages: 1 });
    await hearing.start('express', { options: storageOf(redis) });
    await until('all reports are delivered', () => hearing.handled.length === 20);
    await until('the unreadable push is stored', async () => (await hearing.inbox.stats()).unreadable === 1);
    for await (const { raw } of hearing.inbox.unreadable()) expect(raw).toBe('<html>');
    await Promise.all([deaf.stop(), hearing.stop()]);
    await redis.remove();
  });
});

it('the webhook secret is in no log line', async () => {
  const bench = newBench();
  await bench.start('express', { options: { http: { maxResponseBytes: 1_024 } } });
  for (const body of ['x'.repeat(2_000), '<html>', pushOf('m1')]) await bench.push(body);
  await bench.push(pushOf('m1'), { path: `/sms/reports/${SECRET}x` });
  await bench.stop();
  expect(bench.logs.lines.length).toBeGreaterThan(3);
  expect(bench.logs.matching(SECRET)).toEqual([]);
});
