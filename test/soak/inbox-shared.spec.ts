import { afterAll, afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { BullModule } from '@nestjs/bullmq';
import type { DynamicModule } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { DlrInbox, OurSmsModule, type Dlr, type DlrGap, type OurSmsModuleOptions } from 'nestjs-oursms';
import { bullMqEngine } from 'nestjs-oursms/bullmq';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { DEMO, DlrListener, startApplication, until, type TestApplication } from '../support/application.js';
import { TestRedis } from '../support/redis.js';
import { describeWithRedis, itWithOwnRedis, reachRedis, type RedisAtHand } from '../support/redis-at-hand.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

jest.setTimeout(120_000);

const LEASE_MS = 1_000;
const EVERY_MS = 30;

/** An instance of an application, with the reports and gaps that it has handled. */
class Instance {
  readonly handled: Dlr[] = [];
  readonly gaps: DlrGap[] = [];

  constructor(readonly application: TestApplication) {
    const { app } = application;
    app.get(EventEmitter2).on('oursms.dlr.gap', (gap: DlrGap) => void this.gaps.push(gap));
  }

  get inbox(): DlrInbox {
    return this.application.app.get(DlrInbox);
  }

  /** Whether this instance polls. */
  async polls(): Promise<boolean> {
    return (await this.inbox.stats()).lastPoll?.result === 'downloaded';
  }
}

describeWithRedis('delivery reports of several instances on one Redis', () => {
  let redis: RedisAtHand;
  let gateway: GatewaySimulator;
  let instances: Instance[];
  let pushed: number;

  beforeEach(async () => {
    redis = await reachRedis();
    gateway = await GatewaySimulator.start();
    instances = [];
    pushed = 0;
  });

  afterEach(async () => {
    await Promise.all(instances.map(({ application }) => application.close()));
    await gateway.stop();
    await redis.remove();
  });

  async function start({
    listen = true,
    imports = [],
    onReport = (): unknown => undefined,
    options = {},
  }: {
    listen?: boolean;
    imports?: DynamicModule[];
    onReport?: (dlr: Dlr) => unknown;
    options?: Partial<OurSmsModuleOptions>;
  } = {}): Promise<Instance> {
    const account = OurSmsModule.forRoot({
      ...{ baseUrl: gateway.url, auth: DEMO, http: { timeoutMs: 500 } },
      dlr: { poll: { everyMs: EVERY_MS, count: 10 }, retryDelayMs: 10, maxAttempts: 2 },
      storage: bullMqEngine({ connection: redis.connection, prefix: redis.prefix, leaseMs: LEASE_MS }),
      ...options,
    });
    const instance = new Instance(await startApplication([...imports, account], listen ? [DlrListener] : []));
    if (listen) {
      instance.application.app.get(DlrListener).onReport = async (dlr) => {
        await onReport(dlr);
        instance.handled.push(dlr);
      };
    }
    instances.push(instance);
    return instance;
  }

  function push(count: number): void {
    for (let i = 0; i < count; i++) gateway.pushReport('demo', { msgId: `m${pushed++}`, status: 'delivered' });
  }

  /** Ids of the messages whose reports any instance has handled. */
  const handled = (): string[] => instances.flatMap((one) => one.handled.map(({ msgId }) => msgId ?? ''));
  const allHandled = (count: number): Promise<void> =>
    until(`${count} reports are handled`, () => new Set(handled()).size === count, 60_000);
  const downloads = (): number => gateway.requests.filter(({ call }) => call === 'dlrs').length;

  it('are downloaded by one instance and handled by all instances, each report once', async () => {
    const slow = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));
    for (let i = 0; i < 3; i++) await start({ onReport: slow });
    push(1_000);
    await allHandled(1_000);
    expect(handled()).toHaveLength(1_000);
    expect(instances.map((one) => one.handled.length > 0)).toEqual([true, true, true]);
    const polls = await Promise.all(instances.map((one) => one.polls()));
    expect(polls.filter((one) => one)).toHaveLength(1);
  });

  it('are downloaded by another instance as soon as the first one has shut down', async () => {
    const first = await start();
    await until('the first one polls', () => first.polls());
    const second = await start();
    await until('the second one tries to poll', async () => (await second.inbox.stats()).lastPoll !== undefined);
    expect((await second.inbox.pollNow()).why).toBe('another process polls this account');
    await first.application.close();
    await until('the second one polls', () => second.polls());
    push(5);
    await allHandled(5);
  });

  it('are downloaded by another instance while the first one is paused', async () => {
    const first = await start();
    await until('the first one polls', () => first.polls());
    const second = await start();
    await first.inbox.pause();
    await until('the second one polls', () => second.polls());
    push(5);
    await allHandled(5);
    expect(second.handled).toHaveLength(5);
  });

  it('are handled again once a paused instance is resumed', async () => {
    const only = await start();
    push(5);
    await allHandled(5);
    await only.inbox.pause();
    push(5);
    await only.inbox.resume();
    await allHandled(10);
  });

  it('are not downloaded by an instance without a listener', async () => {
    const silent = await start({ listen: false });
    push(5);
    const said = (): number => silent.application.logs.matching('no listener for oursms.dlr in this process').length;
    await until('the missing listener is logged', () => said() === 1);
    expect(downloads()).toBe(0);
    await start();
    await allHandled(5);
    expect(silent.handled).toEqual([]);
    expect(said()).toBe(1);
  });

  it('are stored in the Redis of the BullModule when bullMqEngine() has no connection of its own', async () => {
    const imports = [BullModule.forRoot({ connection: redis.connection })];
    const one = await start({ imports, options: { storage: bullMqEngine({ prefix: redis.prefix }) } });
    push(5);
    await allHandled(5);
    const client = redis.client();
    expect(await client.keys(`{${redis.prefix}}*`)).not.toEqual([]);
    client.disconnect();
    expect(one.handled).toHaveLength(5);
  });

  it('are delivered to a listener that is registered later', async () => {
    const { application } = await start({ listen: false });
    push(5);
    const heard: Dlr[] = [];
    application.app.get(EventEmitter2).on('oursms.dlr', (dlr: Dlr) => void heard.push(dlr));
    await until('the reports are handled', () => heard.length === 5);
  });

  it('whose listener fails are redelivered, then kept as failed, and any instance can list and retry them', async () => {
    let fails = true;
    const onReport = (): void => {
      if (fails) throw new Error('no database');
    };
    const [here, there] = [await start({ onReport }), await start({ onReport })];
    push(3);
    await until('the reports are kept as failed', async () => (await here.inbox.stats()).failed === 3);
    for (const { inbox } of [here, there]) {
      const ids: string[] = [];
      for await (const { id, attempts } of inbox.failed()) ids.push(`${id} ${attempts}`);
      expect(ids).toHaveLength(3);
    }
    fails = false;
    expect(await there.inbox.retryAll()).toBe(3);
    await allHandled(3);
    expect((await here.inbox.stats()).failed).toBe(0);
  });

  it('are announced once as a gap when their instance crashed, but not before its download times out', async () => {
    const first = await start();
    await until('the first one polls', () => first.polls());
    gateway.faults.next('latency', { on: 'dlrs', ms: 300 });
    const before = downloads();
    await until('a download is in flight', () => downloads() > before);
    // It starts during a download of the first instance, and must not announce that as a gap.
    const second = await start();
    push(5);
    await allHandled(5);
    expect([first, second].flatMap(({ gaps }) => gaps)).toEqual([]);

    // The notes that a process killed during a download leaves behind.
    const { connection, prefix } = redis;
    const source = bullMqEngine({ connection, prefix, leaseMs: LEASE_MS });
    const killed = await source.openEngine({ account: 'default', find: () => undefined });
    const noted = Date.now();
    const note = 'default/download/of-the-dead';
    await killed.noteExpiring(note, '', 1_000);
    await killed.note(note, JSON.stringify({ at: new Date(noted).toISOString(), asked: 10 }));
    await killed.close();
    const all = (): DlrGap[] => [first, second].flatMap(({ gaps }) => gaps);
    await until('the gap is announced', () => all().length > 0);
    // The download could still have finished before its request timed out.
    expect(Date.now() - noted).toBeGreaterThanOrEqual(990);
    push(5);
    await allHandled(10);
    expect(all()).toMatchObject([{ id: 'of-the-dead', account: 'default', atMost: 10 }]);
    expect((await second.inbox.stats()).gaps).toBe(1);
  });

  itWithOwnRedis(
    'wait while Redis is unavailable, at startup or later, and are handled once it is available',
    async () => {
      await redis.remove();
      const own = await TestRedis.start();
      redis = own;
      await own.stop();
      const instance = await start();
      push(5);
      await until(
        'the outage is logged',
        async () => instance.application.logs.matching(/Redis .* does not answer/).length > 0,
      );
      expect(downloads()).toBe(0);
      await own.start();
      await allHandled(5);
      await own.stop();
      const before = downloads();
      push(5);
      await new Promise((resolve) => setTimeout(resolve, 2 * LEASE_MS));
      expect(downloads() - before).toBeLessThanOrEqual(1);
      await own.start();
      await until('all reports are handled', () => new Set(handled()).size === 10, 60_000);
    },
  );
});

afterAll(endWhatIsLeft);
