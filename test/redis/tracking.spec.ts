import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { DlrInbox, Messages, OURSMS_MESSAGE_MISSING, type Dlr, type MessagesMissing } from 'nestjs-oursms';
import { until } from '../support/application.js';
import { mobiles, normalized } from '../support/campaign-bench.js';
import { describeWithRedis, reachRedis, type RedisAtHand } from '../support/redis-at-hand.js';
import { SharedCampaigns, type CampaignInstance } from '../support/shared-campaigns.js';

const MESSAGE = { src: 'MyBrand', body: 'News', dlr: true };
const OPTIONS = { tracking: {}, dlr: { poll: { everyMs: 30, count: 50 } } };

describeWithRedis('tracking by several instances on one Redis', () => {
  let redis: RedisAtHand;
  let shared: SharedCampaigns;
  let handled: Dlr[];

  beforeEach(async () => {
    redis = await reachRedis();
    handled = [];
  });

  afterEach(async () => {
    await shared?.remove();
    await redis.remove();
  });

  /** Instances that all listen, and an interval of looks that a test can wait for. */
  async function start(count: number, options: object = {}): Promise<CampaignInstance[]> {
    shared = await SharedCampaigns.start(redis, { reports: false });
    const instances = await shared.joinAll(count, { ...OPTIONS, ...options });
    for (const { application } of instances) {
      application.app.get(EventEmitter2).on('oursms.dlr', (dlr: Dlr) => void handled.push(dlr));
    }
    return instances;
  }

  const messagesOf = ({ application }: CampaignInstance): Messages => application.app.get(Messages);
  const report = (row: Record<string, unknown>): unknown =>
    shared.gateway.pushReport('demo', { status: 'delivered', ...row });

  it('matches the report of a message that another instance sent, and resolves its pending settled() call', async () => {
    const [one, other] = (await start(2)) as [CampaignInstance, CampaignInstance];
    // Only one of them gets the report.
    await one.application.app.get(DlrInbox).pause();
    const { acceptedMsgs } = await one.application.sms.send(
      { ...MESSAGE, dests: [normalized(1)] },
      { reference: 'order-1' },
    );
    const settled = messagesOf(one).settled('order-1', { timeoutMs: 20_000 });
    report({ msgId: acceptedMsgs[0]?.msgId });
    expect(await settled).toMatchObject({ isFinal: true, recipients: [{ state: 'delivered' }] });
    expect(handled[0]).toMatchObject({ reference: 'order-1', matched: 'msgId' });
    expect(await messagesOf(other).get('order-1')).toMatchObject({ isFinal: true });
  });

  it('counts each report of a campaign once, whichever instance receives it', async () => {
    const instances = await start(3);
    const campaign = await instances[0]?.face.start({ id: 'spring', message: MESSAGE, recipients: mobiles(2_000) });
    await campaign?.done;
    const { requests } = shared.gateway;
    const jobs = new Map(shared.gateway.messages.map(({ dest, jobId }) => [dest, jobId]));
    expect(requests.filter(({ call }) => call === 'send').length).toBe(4);
    for (let i = 0; i < 2_000; i++) {
      const dest = normalized(i);
      const status = i % 10 === 3 ? 'undelivered' : 'delivered';
      if (i % 2 === 0) report({ dest, jobId: jobs.get(dest), status: 'sent' });
      report({ dest, jobId: jobs.get(dest), status });
    }
    await until('all reports are handled', () => handled.length >= 3_000, 20_000);
    const expected = { sent: 2_000, delivered: 1_800, undelivered: 200, noReportYet: 0, missing: 0 };
    for (const { face } of instances) {
      await until(
        'all reports are counted',
        async () => (await face.get('spring'))?.snapshot().delivered === expected.delivered,
        20_000,
      );
      expect((await face.get('spring'))?.snapshot()).toMatchObject(expected);
    }
    expect(handled.every((dlr) => dlr.campaign === 'spring' && dlr.matched === 'job')).toBe(true);
  });

  it('forgets a message that another instance is still sending, even if the answer arrives later', async () => {
    const [one, other] = (await start(2)) as [CampaignInstance, CampaignInstance];
    shared.gateway.faults.next('latency', { ms: 1_500, on: 'send' });
    const sending = one.application.sms.send({ ...MESSAGE, dests: [normalized(1)] }, { reference: 'order-1' });
    await until('the record is stored', async () => (await messagesOf(other).get('order-1')) !== undefined);
    expect(await messagesOf(other).forget('order-1')).toBe(true);
    const { acceptedMsgs } = await sending;
    await messagesOf(one).get('any: the answer is kept then');
    for (const instance of [one, other]) expect(await messagesOf(instance).get('order-1')).toBeUndefined();
    expect(await redisText(redis)).not.toContain('order-1');
    report({ msgId: acceptedMsgs[0]?.msgId, dest: normalized(1) });
    await until('the report is handled', () => handled.length === 1);
    expect(handled[0]).not.toHaveProperty('reference');
    expect(handled[0]).not.toHaveProperty('matched');
  });

  it('announces a missing report from one instance only', async () => {
    const instances = await start(3, { tracking: { missingAfterMs: 1_000 } });
    const missing: MessagesMissing[] = [];
    for (const { application } of instances) {
      application.app
        .get(EventEmitter2)
        .on(OURSMS_MESSAGE_MISSING, (event: MessagesMissing) => void missing.push(event));
    }
    await Promise.all(
      instances.map(({ application }, i) =>
        application.sms.send({ ...MESSAGE, dests: [normalized(i)] }, { reference: `order-${i}` }),
      ),
    );
    await until(
      'the missing reports are announced',
      () => missing.flatMap(({ messages }) => messages).length >= 3,
      20_000,
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    const references = missing.flatMap(({ messages }) => messages.map(({ reference }) => reference));
    expect(references.sort()).toEqual(['order-0', 'order-1', 'order-2']);
  });
});

/** All notes that are kept in Redis, as one text. */
async function redisText(redis: RedisAtHand): Promise<string> {
  const client = redis.client();
  try {
    const texts: string[] = [];
    for (const key of await client.keys(`*${redis.prefix}*`)) {
      if ((await client.type(key)) === 'hash') texts.push(JSON.stringify(await client.hgetall(key)));
    }
    expect(texts.join()).toContain('/tracking/');
    return texts.join();
  } finally {
    client.disconnect();
  }
}
