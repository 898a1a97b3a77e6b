import { afterAll, expect, it } from '@jest/globals';
import { bullMqEngine } from 'nestjs-oursms/bullmq';
import { Redis } from 'ioredis';
import { OurSmsConfigError } from '../../lib/errors/oursms-config.error.js';
import { OurSmsStorageError } from '../../lib/errors/oursms-storage.error.js';
import { allOf } from '../contract/queue/engine-under-test.js';
import { rejection } from '../support/application.js';
import { RedisBench } from '../support/redis-bench.js';
import { describeWithRedis } from '../support/redis-at-hand.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

describeWithRedis('an engine on Redis', () => {
  const bench = RedisBench.forEach();

  it('rejects with advice when its prefix is used by other data, and when it got no connection', async () => {
    const redis = await bench.reach();
    const engine = await bench.open(redis);
    const admin = redis.client();
    await admin.set(`{${bench.prefix}}/notes`, 'text');
    const error = await rejection(engine.note('a', 'b'), OurSmsStorageError);
    expect(error.message).toMatch(/choose another prefix/);
    admin.disconnect();
    const source = bullMqEngine({ configKey: 'jobs' });
    const unset = await rejection(source.openEngine({ account: 'a', find: () => undefined }), OurSmsConfigError);
    expect(unset.message).toMatch(/BullModule.forRoot\('jobs'/);
  });

  it('uses the connection of the application, as options, URL or client, and leaves a client open', async () => {
    const redis = await bench.reach();
    const client = new Redis({ ...redis.connection, maxRetriesPerRequest: null });
    const { url } = redis;
    for (const connection of [redis.connection, { url }, client]) {
      const source = bullMqEngine({ prefix: bench.prefix });
      const engine = await source.openEngine({ account: 'a', find: <T>() => ({ connection }) as T });
      await engine.note('one', 'text');
      expect(await allOf(engine.notes(''))).toEqual([{ name: 'one', text: 'text' }]);
      await engine.close();
    }
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });
});

afterAll(endWhatIsLeft);
