import { afterAll, afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { OurSmsModule } from 'nestjs-oursms';
import { bullMqEngine, type BullMqEngineOptions } from 'nestjs-oursms/bullmq';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { OurSmsStorageError } from '../../lib/errors/oursms-storage.error.js';
import { allOf, DONE, FAILED, RecordingHandler, untilCounts } from '../contract/queue/engine-under-test.js';
import { DEMO, DlrListener, rejection, startApplication, until } from '../support/application.js';
import { RedisBench } from '../support/redis-bench.js';
import { describeWithOwnRedis } from '../support/redis-at-hand.js';
import type { TestRedis } from '../support/redis.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

jest.setTimeout(60_000);

const WITHOUT_INFO = '+@all -@dangerous';
/** As the README says. */
const ENOUGH = '+@all -@dangerous +info +config|get';

describeWithOwnRedis('a Redis user with limited rights', () => {
  const bench = RedisBench.forEach();
  // ioredis warns once that it may not run INFO.
  const said: unknown[] = [];
  beforeEach(() => {
    said.length = 0;
    jest.spyOn(console, 'warn').mockImplementation((text) => void said.push(text));
  });
  afterEach(() => void jest.restoreAllMocks());

  /** The connection of a user with these rights, on the keys of a prefix. */
  async function userOf(redis: TestRedis, rights: string, prefix = bench.prefix): Promise<BullMqEngineOptions> {
    const admin = redis.client();
    const rules = ['reset', 'on', '>pw', `~{${prefix}}*`, ...rights.split(' ')];
    await admin.acl('SETUSER', 'app', ...rules);
    await admin.acl('LOG', 'RESET');
    admin.disconnect();
    return { connection: { ...redis.connection, username: 'app', password: 'pw' } };
  }

  /** The commands that were refused. */
  async function refusals(redis: TestRedis): Promise<unknown[]> {
    const admin = redis.client();
    const log = (await admin.acl('LOG')) as unknown[][];
    admin.disconnect();
    return log;
  }

  it('can do everything with the rights from the README, and with no more', async () => {
    const redis = await bench.redis();
    const engine = await bench.open(redis, await userOf(redis, ENOUGH));
    const queue = engine.queue<number>('q');
    const handler = new RecordingHandler<number>(({ data, attempt }) => {
      if (data === 1 && attempt === 1) return { kind: 'again', inMs: 10 };
      return data === 2 ? FAILED : DONE;
    });
    queue.consume(handler.handle, { concurrency: 2, total: 2 });
    await queue.add(
      [0, 1, 2].map((data) => ({ id: `job${data}`, data, delayMs: data })),
      [{ name: 'n', text: 't' }],
    );
    await untilCounts(queue, { waiting: 0, active: 0, failed: 1 });
    expect(await allOf(queue.failed())).toHaveLength(1);
    expect(await queue.retryAll()).toBe(1);
    await untilCounts(queue, { waiting: 0, active: 0, failed: 1 });
    expect(await queue.remove('job2')).toBe(true);
    expect(await allOf(engine.notes(''))).toEqual([{ name: 'n', text: 't' }]);
    await engine.forget('n');
    await engine.turn('t', 5);
    await engine.checkRoom(10);
    await engine.checkWritable();
    const lease = await engine.exclusive('x');
    await lease?.release();
    await queue.release();
    expect(await refusals(redis)).toEqual([]);
    expect(bench.logs.lines).toEqual([]);
  });

  it('gets reports without the right to run INFO, which is logged once', async () => {
    const redis = await bench.redis();
    const { connection } = await userOf(redis, WITHOUT_INFO, 'oursms');
    const gateway = await GatewaySimulator.start();
    const storage = bullMqEngine({ connection });
    const account = OurSmsModule.forRoot({ baseUrl: gateway.url, auth: DEMO, storage, dlr: { poll: { everyMs: 50 } } });
    const application = await startApplication([account], [DlrListener]);
    for (let i = 0; i < 3; i++) gateway.pushReport('demo', { msgId: `m${i}`, status: 'delivered' });
    await until('the reports are handled', () => application.app.get(DlrListener).handled.length === 3);
    expect(application.logs.matching('Polling for delivery reports failed')).toEqual([]);
    expect(said).toHaveLength(1);
    expect(application.logs.matching(/Cannot check memory and persistence of .* \+info/)).toHaveLength(1);
    await application.close();
    await gateway.stop();
  });

  it('is warned about missing persistence, as far as that can be determined', async () => {
    const redis = await bench.redis('--appendonly', 'no');
    await bench.untilAnswers(await bench.open(redis, await userOf(redis, '+@all -config')));
    expect(bench.logs.lines).toMatchObject([
      { level: 'warn', text: expect.stringMatching(/if at all.*appendonly yes/) },
    ]);
  });

  it('that lacks the right to write is reported, and writing continues once the right is granted', async () => {
    const redis = await bench.redis();
    const engine = await bench.open(redis, await userOf(redis, '+@all -@write'));
    const error = await rejection(engine.note('a', 'b'), OurSmsStorageError);
    expect(error.message).toMatch(/grant it \(ACL\) \(NOPERM\)/);
    await userOf(redis, '+@all -time');
    await bench.untilAnswers(engine);
    const inScript = await rejection(engine.turn('t', 1), OurSmsStorageError);
    expect(inScript.message).toMatch(/grant it \(ACL\)/);
  });
});

afterAll(endWhatIsLeft);
