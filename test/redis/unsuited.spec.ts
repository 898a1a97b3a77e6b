import { afterAll, expect, it } from '@jest/globals';
import { OurSmsStorageError } from '../../lib/errors/oursms-storage.error.js';
import { eventually } from '../contract/queue/engine-under-test.js';
import { rejection } from '../support/application.js';
import { RedisBench } from '../support/redis-bench.js';
import { describeWithOwnRedis } from '../support/redis-at-hand.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

const ALL_SLOTS = [0, 16_383];

describeWithOwnRedis('an unsuitable Redis server', () => {
  const bench = RedisBench.forEach();

  it('is reported as a node of a Redis Cluster, whether or not it knows the other nodes', async () => {
    const [asked, other] = [
      await bench.redis('--cluster-enabled', 'yes'),
      await bench.redis('--cluster-enabled', 'yes'),
    ];
    const unready = await rejection((await bench.open(asked)).note('a', 'b'), OurSmsStorageError);
    expect(unready.message).toMatch(/is a Redis Cluster, which is not supported.* \(CLUSTERDOWN\)/);
    expect(unready).toMatchObject({ fault: 'unsuited', retryable: false });

    const [here, there] = [asked.client(), other.client()];
    await there.call('CLUSTER', 'ADDSLOTSRANGE', ...ALL_SLOTS);
    await here.call('CLUSTER', 'MEET', '127.0.0.1', other.port);
    const knows = async (): Promise<boolean> => String(await here.call('CLUSTER', 'INFO')).includes('cluster_state:ok');
    await eventually('one knows the other', knows);
    const moved = await rejection((await bench.open(asked)).note('a', 'b'), OurSmsStorageError);
    expect(moved.message).toMatch(/is a Redis Cluster.* \(MOVED\)/);
    expect(bench.logs.matching('is a Redis Cluster')).toHaveLength(2);
    for (const client of [here, there]) client.disconnect();
  });

  it('is reported as short of memory, with the amount that is needed', async () => {
    const redis = await bench.redis('--maxmemory', '8mb');
    const engine = await bench.open(redis);
    await engine.checkRoom(1_000_000);
    const error = await rejection(engine.checkRoom(8_000_000), OurSmsStorageError);
    expect(error.fault).toBe('full');
    expect(error.message).toMatch(/12000000 bytes are needed, and \d{7} of 8388608 \(maxmemory\) are free/);
  });

  it('has enough memory for a download after checkRoom has succeeded', async () => {
    const redis = await bench.redis();
    const engine = await bench.open(redis);
    const admin = redis.client();
    const report = JSON.stringify({ msgId: '0123456789', status: 'delivered', dest: '966501234567' });
    const text = `[${Array.from({ length: 4_000_000 / (report.length + 1) }, () => report).join(',')}]`;
    const queue = engine.queue('pages');
    let written = 0;
    for (const room of [8_500_000, 9_500_000, 10_500_000, 11_500_000, 12_500_000]) {
      await engine.note('intent', 'text');
      const [, used] = /used_memory:(\d+)/.exec(await admin.info('memory')) ?? [];
      await admin.config('SET', 'maxmemory', String(Number(used) + room));
      // As an inbox asks for a page.
      const isPromised = await engine.checkRoom(2 * text.length).then(
        () => true,
        () => false,
      );
      if (isPromised) {
        await queue.add([{ id: `page${room}`, data: { text } }], [{ name: 'intent' }]);
        // A mark or an outcome has its room as well.
        await engine.note('more', 'text');
        written += 1;
      }
      await admin.config('SET', 'maxmemory', '0');
    }
    expect(written).toBeGreaterThan(0);
    admin.disconnect();
  });
});

afterAll(endWhatIsLeft);
