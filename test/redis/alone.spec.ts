import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { DlrInbox, OurSmsModule } from 'nestjs-oursms';
import { bullMqEngine } from 'nestjs-oursms/bullmq';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { DEMO, DlrListener, startApplication, until, type TestApplication } from '../support/application.js';
import { mobiles } from '../support/campaign-bench.js';
import { TestRedis } from '../support/redis.js';
import { describeWithRedis, itWithOwnRedis, reachRedis, type RedisAtHand } from '../support/redis-at-hand.js';
import { SharedCampaigns } from '../support/shared-campaigns.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

jest.setTimeout(120_000);

const NOWHERE = 'http://127.0.0.1:9/api-a';

describeWithRedis('several instances on one Redis', () => {
  let redis: RedisAtHand;
  beforeEach(async () => void (redis = await reachRedis()));
  afterEach(() => redis.remove());

  describe('when the polling instance', () => {
    let gateway: GatewaySimulator;
    let instances: TestApplication[];
    beforeEach(async () => {
      instances = [];
      gateway = await GatewaySimulator.start();
    });
    afterEach(async () => {
      await Promise.all(instances.map((one) => one.close()));
      await gateway.stop();
    });

    const join = async (options: { baseUrl?: string } = {}): Promise<TestApplication> => {
      const { baseUrl = gateway.url } = options;
      const storage = bullMqEngine({ connection: redis.connection, prefix: redis.prefix, leaseMs: 1_000 });
      const dlr = { poll: { everyMs: 50 } };
      const account = OurSmsModule.forRoot({ baseUrl, auth: DEMO, storage, dlr });
      const instance = await startApplication([account], [DlrListener]);
      instances.push(instance);
      return instance;
    };
    const push = (count: number): void => {
      for (let i = 0; i < count; i++) gateway.pushReport('demo', { msgId: `m${i}`, status: 'delivered' });
    };

    it('cannot reach the gateway, let another one poll', async () => {
      const alone = await join({ baseUrl: NOWHERE });
      await until(
        'the first poll has failed',
        () => alone.logs.matching('Polling for delivery reports failed').length > 0,
      );
      const other = await join();
      const handled: string[] = [];
      for (const { app } of [alone, other]) {
        app.get(DlrListener).onReport = ({ msgId }) => void handled.push(msgId ?? '');
      }
      push(20);
      await until('all reports are handled', () => handled.length === 20, 30_000);
    });

    it('has no listener any more, let another one poll', async () => {
      const first = await join();
      await until('the first instance polls', () => gateway.requests.length > 0);
      first.app.get(EventEmitter2).removeAllListeners();
      const other = (await join()).app.get(DlrInbox);
      await until('the other instance polls', async () => (await other.stats()).lastPoll?.result === 'downloaded');
    });
  });

  itWithOwnRedis('report a campaign that was lost by Redis as lost, not as done', async () => {
    await redis.remove();
    redis = await TestRedis.start();
    const bench = await SharedCampaigns.start(redis);
    try {
      const [first, second] = await bench.joinAll(2);
      bench.gateway.faults.chance('latency', 1, { ms: 100, on: 'send' });
      const message = { src: 'MyBrand', body: 'Half price today' };
      const campaign = await first!.face.start({ id: 'sale', message, recipients: mobiles(20_000) });
      const theirs = await second!.found('sale');
      await bench.untilUnderWay(4);
      const client = redis.client();
      await client.flushall();
      client.disconnect();
      for (const one of [campaign, theirs]) {
        const { state, pending, sent } = await one.done;
        expect({ state, isPending: pending > 0 }).toEqual({ state: 'lost', isPending: true });
        expect(sent).toBeLessThan(20_000);
      }
      // Nest has one logger in a process: that of the application that started last.
      expect(second!.application.logs.matching('Campaign sale was lost by its store')).toHaveLength(2);
    } finally {
      await bench.remove();
    }
  });
});

afterAll(endWhatIsLeft);
