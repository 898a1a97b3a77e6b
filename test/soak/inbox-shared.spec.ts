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

/** An instance of an application, and what it has handled. */
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

  /** Whether it polls, or leaves that to another. */
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

  /** The messages whose reports were handled, by whomever. */
  const handled = (): string[] => instances.flatMap((one) => one.handled.map(({ msgId }) => msgId ?? ''));
  const allHandled = (count: number): Promise<void> =>
    until(`${count} reports are handled`, () => new Set(handled()).size === count, 60_000);
  const downloads = (): number => gateway.requests.filter(({ call }) => call === 'dlrs').length;

  it('are downloaded by one of them, and handled by all, each once', async () => {
    const slow = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));
    for (let i = 0; i < 3; i++) await start({ onReport: slow });
    push(1_000);
    await allHandled(1_000);
    expect(handled()).toHaveLength(1_000);
    expect(instances.map((one) => one.handled.length > 0)).toEqual([true, true, true]);
    const polls = await Promise.all(instances.map((one) => one.polls()));
    expect(polls.filter((one) => one)).toHaveLength(1);
  });

  it('are downloaded by another as soon as the one that did has ended', async () => {
    const first = await start();
    await until('the first one polls', () => first.polls());
    const second = await start();
    await until('the second one looks', async () => (await second.inbox.stats()).lastPoll !== undefined);
    expect((await second.inbox.pollNow()).why).toBe('another process polls this account');
    await first.application.close();
    await until('the second one polls', () => second.polls());
    push(5);
    await allHandled(5);
  });

  it('are downloaded by another while the one that did is paused', async () => {
    const first = await start();
    await until('the first one polls', () => first.polls());
    const second = await start();
    await first.inbox.pause();
    await until('the second one polls', () => second.polls());
    push(5);
    await allHandled(5);
    expect(second.handled).toHaveLength(5);
  });

  it('are handled again by one that continues after a pause', async () => {
    const only = await start();
    push(5);
    await allHandled(5);
    await only.inbox.pause();
    push(5);
    await only.inbox.resume();
    await allHandled(10);
  });

  it('are not left to an instance without a listener', async () => {
    const silent = await start({ listen: false });
    push(5);
    const said = (): number => silent.application.logs.matching('no listener for oursms.dlr in this process').length;
    await until('it says so', () => said() === 1);
    expect(downloads()).toBe(0);
    await start();
    await allHandled(5);
    expect(silent.handled).toEqual([]);
    expect(said()).toBe(1);
  });

  it('are kept where the BullModule of the application keeps its jobs, when no other place is given', async () => {
    const imports = [BullModule.forRoot({ connection: redis.connection })];
    const one = await start({ imports, options: { storage: bullMqEngine({ prefix: redis.prefix }) } });
    push(5);
    await allHandled(5);
    const client = redis.client();
    expect(await client.keys(`{${redis.prefix}}*`)).not.toEqual([]);
    client.disconnect();
    expect(one.handled).toHaveLength(5);
  });

  it('come to a listener that is there only later', async () => {
    const { application } = await start({ listen: false });
    push(5);
    const heard: Dlr[] = [];
    application.app.get(EventEmitter2).on('oursms.dlr', (dlr: Dlr) => void heard.push(dlr));
    await until('they are handled', () => heard.length === 5);
  });

  it('that a listener fails on are offered again, and kept as failed for all to see and to retry', async () => {
    let fails = true;
    const onReport = (): void => {
      if (fails) throw new Error('no database');
    };
    const [here, there] = [await start({ onReport }), await start({ onReport })];
    push(3);
    await until('they are given up', async () => (await here.inbox.stats()).failed === 3);
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

  it('are announced as a gap when the one that downloaded them is gone, once, and not while it may still bring them', async () => {
    const first = await start();
    await until('the first one polls', () => first.polls());
    gateway.faults.next('latency', { on: 'dlrs', ms: 300 });
    const before = downloads();
    await until('a download is under way', () => downloads() > before);
    // It starts in the middle of another's download, and leaves it alone.
    const second = await start();
    push(5);
    await allHandled(5);
    expect([first, second].flatMap(({ gaps }) => gaps)).toEqual([]);

    // What a process that was killed in the middle of a download leaves.
    const { connection, prefix } = redis;
    const source = bullMqEngine({ connection, prefix, leaseMs: LEASE_MS });
    const killed = await source.openEngine({ account: 'default', find: () => undefined });
    const noted = Date.now();
    const note = 'default/download/of-the-dead';
    await killed.noteExpiring(note, '', 1_000);
    await killed.note(note, JSON.stringify({ at: new Date(noted).toISOString(), asked: 10 }));
    await killed.close();
    const all = (): DlrGap[] => [first, second].flatMap(({ gaps }) => gaps);
    await until('it is announced', () => all().length > 0);
    // It might still have brought them within the time of a request.
    expect(Date.now() - noted).toBeGreaterThanOrEqual(990);
    push(5);
    await allHandled(10);
    expect(all()).toMatchObject([{ id: 'of-the-dead', account: 'default', atMost: 10 }]);
    expect((await second.inbox.stats()).gaps).toBe(1);
  });

  itWithOwnRedis('wait while Redis is away, from the start or later, and everything resumes by itself', async () => {
    await redis.remove();
    const own = await TestRedis.start();
    redis = own;
    await own.stop();
    const instance = await start();
    push(5);
    await until('it has looked', async () => instance.application.logs.matching(/Redis .* does not answer/).length > 0);
    expect(downloads()).toBe(0);
    await own.start();
    await allHandled(5);
    await own.stop();
    const before = downloads();
    push(5);
    await new Promise((resolve) => setTimeout(resolve, 2 * LEASE_MS));
    expect(downloads() - before).toBeLessThanOrEqual(1);
    await own.start();
    await until('all are handled', () => new Set(handled()).size === 10, 60_000);
  });
});

afterAll(endWhatIsLeft);
