import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { ClassicLevel } from 'classic-level';
import { bullMqEngine } from 'nestjs-oursms/bullmq';
import { noteKey } from '../../lib/queue/note-key.js';
import { DlrListener, TestStorage, until } from '../support/application.js';
import { HealthBench, type HealthAnswer } from '../support/health-bench.js';
import { describeWithOwnRedis } from '../support/redis-at-hand.js';
import { TestRedis } from '../support/redis.js';
import { scarceDisk } from '../support/scarce-disk.js';
import { passTime } from '../support/set-clock.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

const RECOVERY_MS = 25_000;
const MINUTE = 60_000;

const benches: HealthBench[] = [];
async function start(...setting: Parameters<typeof HealthBench.start>): Promise<HealthBench> {
  const bench = await HealthBench.start(...setting);
  benches.push(bench);
  return bench;
}
afterEach(async () => {
  jest.restoreAllMocks();
  for (const bench of benches.splice(0)) await bench.remove();
});
afterAll(endWhatIsLeft);

const isUp = ({ sms }: HealthAnswer): boolean => sms.status === 'up';

describe('the health of an account whose disk is full', () => {
  it('is down, without any detail about the disk, until there is room', async () => {
    const disk = scarceDisk(48);
    try {
      const bench = await start({ options: { storage: { path: disk.path } } });
      await bench.untilIt('the account is up', isUp);
      disk.fill();
      const { code, overall, sms, body } = await bench.untilIt(
        'the account is down',
        ({ sms }) => sms.status === 'down',
      );
      expect({ code, overall, reason: sms.reasons[0] }).toEqual({
        ...{ code: 503, overall: 'error', reason: 'storeNotWritable' },
      });
      expect(body).not.toContain(disk.path);
      expect(body).not.toContain('disk');
      disk.makeRoom();
      await bench.untilIt('the store is writable again', isUp, RECOVERY_MS);
      await bench.remove();
    } finally {
      disk.remove();
    }
  });
});

describe('the health of an account whose store is damaged', () => {
  it('is down: the store accepts writes, but cannot be read', async () => {
    const storage = await TestStorage.make();
    try {
      const level = new ClassicLevel<string, string>(join(storage.path, 'default'));
      await level.put(noteKey('default/gaps/last'), 'without its checksum');
      await level.close();
      const bench = await start({ options: { storage: { path: storage.path } } });
      const { code, sms, body } = await bench.probe();
      expect({ code, sms }).toEqual({ code: 503, sms: { status: 'down', reasons: ['storeNotReadable'] } });
      expect(body).not.toContain(storage.path);
      await bench.remove();
    } finally {
      await storage.remove();
    }
  });
});

describeWithOwnRedis('the health of an account that keeps its reports in Redis', () => {
  let redis: TestRedis;
  const startOn = async (): Promise<HealthBench> =>
    start({ options: { storage: bullMqEngine({ connection: redis.connection }) } });

  afterEach(async () => {
    redis.freeze(false);
    for (const bench of benches.splice(0)) await bench.remove();
    await redis.remove();
  });

  it('is down while Redis is unavailable, and up again afterwards', async () => {
    redis = await TestRedis.start();
    const bench = await startOn();
    await bench.untilIt('the account is up', isUp);
    await redis.stop();
    const { code, sms, body } = await bench.untilIt('the account is down', ({ sms }) => sms.status === 'down');
    expect({ code, reasons: sms.reasons }).toEqual({ code: 503, reasons: ['storeNotWritable'] });
    expect(body).not.toContain(String(redis.port));
    await redis.start();
    await bench.untilIt('Redis is available again', isUp, RECOVERY_MS);
  });

  it('is reported within the timeout when Redis does not answer, however many requests ask for it', async () => {
    redis = await TestRedis.start();
    const bench = (await startOn()).check({ timeoutMs: 300 });
    await bench.untilIt('the account is up', isUp);
    redis.freeze();
    const answers = await Promise.all(Array.from({ length: 100 }, () => bench.probe()));
    for (const { code, sms, tookMs } of answers) {
      expect({ code, reasons: sms.reasons }).toEqual({ code: 503, reasons: ['storeTimeout'] });
      expect(tookMs).toBeLessThan(3_000);
    }
    redis.freeze(false);
    await bench.untilIt('Redis answers again', isUp, RECOVERY_MS);
  });

  it('is down when Redis is out of memory, although it can be read', async () => {
    redis = await TestRedis.start();
    const bench = await startOn();
    await bench.untilIt('the account is up', isUp);
    const admin = redis.client();
    await admin.config('SET', 'maxmemory', '1mb');
    const { sms } = await bench.untilIt('the account is down', ({ sms }) => sms.status === 'down');
    expect(sms.reasons).toEqual(['storeNotWritable']);
    expect(sms.reports).toMatchObject({ waiting: 0, failed: 0 });
    await admin.config('SET', 'maxmemory', '0');
    admin.disconnect();
    await bench.untilIt('Redis has memory again', isUp, RECOVERY_MS);
  });

  it('is degraded on every instance when messages are missing, whichever instance sent them', async () => {
    redis = await TestRedis.start();
    const storage = bullMqEngine({ connection: redis.connection });
    const options = { storage, tracking: { missingAfterMs: 1_000 }, dlr: { poll: { everyMs: 50 } } };
    const one = await start({ options, simulator: { reports: false } });
    const other = await start({ options: { ...options, baseUrl: one.gateway.url } });
    await one.sms.send({ src: 'MyBrand', dests: ['0501234567'], body: 'hush', dlr: true });
    for (const bench of [one, other]) {
      const { sms, body } = await bench.untilIt('the instance is degraded', ({ sms }) => sms.status === 'degraded');
      expect(sms).toMatchObject({ reasons: ['messagesMissing'], messages: { missing: 1 } });
      expect(body).not.toMatch(/hush|966|MyBrand/);
    }
  });

  it('is up on a standby instance, as long as another one polls', async () => {
    redis = await TestRedis.start();
    const [one, other] = [await startOn(), await startOn()];
    const skips = async ({ inbox }: HealthBench): Promise<boolean> =>
      (await inbox.stats()).lastPoll?.why === 'another process polls this account';
    await until('one of the instances polls', async () => (await skips(one)) || (await skips(other)));
    const standingBy = (await skips(one)) ? one : other;
    let passedMs = 0;
    passTime(() => passedMs);
    passedMs = 10 * MINUTE;
    await one.untilIt('one is up', isUp);
    await other.untilIt('the other is up', isUp);
    expect(standingBy.web.app.get(DlrListener).handled).toEqual([]);
  });
});
