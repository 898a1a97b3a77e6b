import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataPointType, InstrumentType } from '@opentelemetry/sdk-metrics';
import { getOurSmsToken, OurSmsError, OurSmsModule, type OurSmsService, type OurSmsStorageEngine } from 'nestjs-oursms';
import { openTelemetry } from 'nestjs-oursms/opentelemetry';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { DEMO, rejection, startApplication, startBench, until, type TestApplication } from '../support/application.js';
import { CampaignBench, mobiles } from '../support/campaign-bench.js';
import { InboxBench } from '../support/inbox-bench.js';
import { RecordedTelemetry, type RecordedPoint } from '../support/recorded-telemetry.js';
import { pushOf, SECRET, WebhookBench } from '../support/webhook-bench.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567', '0507654321'], body: 'Your code is 483920' };
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const GAUGES = [
  ...['oursms.credits', 'oursms.inbox.waiting', 'oursms.inbox.oldest_age', 'oursms.inbox.gaps'],
  'oursms.campaign.pending',
];

let recorded: RecordedTelemetry;
const ends: (() => Promise<unknown>)[] = [];
beforeEach(() => void (recorded = RecordedTelemetry.start()));
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await recorded.stop();
});

const start = async (options: Parameters<typeof startBench>[0] = {}): ReturnType<typeof startBench> => {
  const bench = await startBench({ telemetry: openTelemetry(), ...options });
  ends.push(() => bench.close());
  return bench;
};

const startInbox = async (...[options, ...others]: Parameters<InboxBench['start']>): Promise<InboxBench> => {
  const bench = new InboxBench();
  ends.push(() => bench.remove());
  await bench.start({ telemetry: openTelemetry(), ...options }, ...others);
  await until('the first poll has ended', async () => (await bench.face.stats()).lastPoll !== undefined);
  return bench;
};

const poll = { everyMs: 60_000 };

/** The counters of sends above zero. */
const sends = async (): Promise<RecordedPoint[]> =>
  (await recorded.points('oursms.sends')).filter(({ value }) => value > 0);

describe('the metrics of sends', () => {
  it('are a histogram in seconds and counters of messages and of sends', async () => {
    const { sms, gateway } = await start();
    await sms.send(MESSAGE);
    const operation = {
      'messaging.system': 'oursms',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'sms',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(gateway.url).port),
      'oursms.account': 'default',
    };
    const metrics = await recorded.collect();
    expect(metrics.get('messaging.client.operation.duration')?.descriptor).toMatchObject({
      ...{ unit: 's', type: InstrumentType.HISTOGRAM },
    });
    expect(metrics.get('messaging.client.sent.messages')?.descriptor).toMatchObject({
      ...{ unit: '{message}', type: InstrumentType.COUNTER },
    });
    expect(metrics.get('oursms.sends')?.descriptor).toMatchObject({ unit: '{send}', type: InstrumentType.COUNTER });
    const [duration] = await recorded.points('messaging.client.operation.duration');
    expect(duration).toMatchObject({ attributes: operation, value: 1, buckets: SECONDS });
    expect(duration?.sum).toBeGreaterThan(0);
    expect(duration?.sum).toBeLessThan(10);
    expect(await recorded.points('messaging.client.sent.messages')).toEqual([{ attributes: operation, value: 2 }]);
    expect(await sends()).toEqual([
      { attributes: { 'oursms.account': 'default', 'oursms.origin': 'message', 'oursms.outcome': 'sent' }, value: 1 },
    ]);
  });

  it('distinguish failures by error.type and outcome', async () => {
    const { sms, gateway } = await start();
    gateway.faults.next('resetAfter');
    await rejection(sms.send(MESSAGE), OurSmsError);
    gateway.faults.next('rateLimit');
    await rejection(sms.send(MESSAGE), OurSmsError);
    const outcomes = (await sends()).map(({ attributes, value }) => [attributes['oursms.outcome'], value]);
    expect(Object.fromEntries(outcomes)).toEqual({ unknown: 1, notSent: 1 });
    const messages = await recorded.points('messaging.client.sent.messages');
    expect(messages.map(({ attributes, value }) => [attributes['error.type'], value])).toEqual([
      ['OurSmsConnectionError', 2],
      ['rateLimit', 2],
    ]);
  });

  it('start with each outcome at 0, so that the first send is an increase', async () => {
    await start();
    const points = await recorded.points('oursms.sends');
    expect(points.map(({ value }) => value)).toEqual(Array.from({ length: 8 }, () => 0));
    expect(points.map(({ attributes }) => [attributes['oursms.origin'], attributes['oursms.outcome']])).toEqual(
      ['message', 'campaign'].flatMap((origin) =>
        ['sent', 'notSent', 'unknown', 'withdrawn'].map((outcome) => [origin, outcome]),
      ),
    );
  });

  it('count a withdrawn send, and none of its messages', async () => {
    const { sms, gateway } = await start({ rate: { concurrency: 1 } });
    gateway.faults.next('latency', { ms: 100 });
    const first = sms.send(MESSAGE);
    const caller = new AbortController();
    const second = rejection(sms.send(MESSAGE, { signal: caller.signal }), OurSmsError);
    caller.abort();
    await second;
    expect((await sends()).map(({ attributes }) => attributes['oursms.outcome'])).toEqual(['withdrawn']);
    expect(await recorded.points('messaging.client.sent.messages')).toEqual([]);
    await first;
  });

  it('keep accounts apart, also those that share one telemetry', async () => {
    const gateway = await GatewaySimulator.start();
    ends.push(() => gateway.stop());
    const telemetry = openTelemetry();
    const account = { baseUrl: gateway.url, auth: DEMO, telemetry, storage: 'memory' } as const;
    const application: TestApplication = await startApplication([
      OurSmsModule.forRoot(account),
      OurSmsModule.forRoot({ ...account, name: 'otp' }),
      OurSmsModule.forRoot({ ...account, name: 'silent', telemetry: undefined }),
    ]);
    ends.push(() => application.close());
    const sms = (name?: string): OurSmsService => application.app.get(getOurSmsToken(name), { strict: false });
    await sms().send(MESSAGE);
    await sms('otp').send(MESSAGE);
    await sms('otp').send(MESSAGE);
    await sms('silent').send(MESSAGE);
    await sms('otp').getCredits();
    const byAccount = async (name: string): Promise<unknown> =>
      (await recorded.points(name)).map(({ attributes, value }) => [attributes['oursms.account'], value]);
    expect((await sends()).map(({ attributes, value }) => [attributes['oursms.account'], value])).toEqual([
      ['default', 1],
      ['otp', 2],
    ]);
    expect(await byAccount('oursms.credits')).toEqual([['otp', expect.any(Number)]]);
    expect(await byAccount('oursms.campaign.pending')).toEqual([
      ['default', 0],
      ['otp', 0],
    ]);
  });
});

describe('the metrics of reports', () => {
  it('count each report once, and measure its listeners at each delivery', async () => {
    let left = 2;
    const inbox = await startInbox({ dlr: { poll, retryDelayMs: 1 } }, () => {
      if (left-- > 0) throw new RangeError('no');
    });
    inbox.push(3);
    await inbox.face.pollNow();
    await until('all are handled', () => inbox.handled.length === 3);
    const attributes = {
      'messaging.system': 'oursms',
      'messaging.operation.name': 'receive',
      'messaging.operation.type': 'receive',
      'messaging.destination.name': 'dlrs',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(inbox.gateway.url).port),
      'oursms.account': 'default',
      'oursms.report.source': 'poll',
    };
    expect(await recorded.points('messaging.client.consumed.messages')).toEqual([{ attributes, value: 3 }]);
    const processed = await recorded.points('messaging.process.duration');
    expect(processed.map(({ attributes, value, buckets }) => [attributes['error.type'], value, buckets])).toEqual([
      ['RangeError', 2, SECONDS],
      [undefined, 3, SECONDS],
    ]);
    const [received] = await recorded.points('messaging.client.operation.duration');
    expect(received).toMatchObject({ attributes, value: 2 });
    const metrics = await recorded.collect();
    expect(metrics.get('messaging.process.duration')?.descriptor.unit).toBe('s');
    expect(metrics.get('messaging.client.consumed.messages')?.descriptor.unit).toBe('{message}');
    // The time of their sends is unknown.
    expect(metrics.has('oursms.delivery.duration')).toBe(false);
  });

  it('count pushed reports once they are read, and those of downloadDlrs once they arrive', async () => {
    const webhook = new WebhookBench();
    ends.push(() => webhook.remove());
    await webhook.start('express', { options: { telemetry: openTelemetry(), dlr: { webhook: { secret: SECRET } } } });
    await webhook.push(pushOf('m1', 'm2'));
    await until('all are handled', () => webhook.handled.length === 2);
    const { sms, gateway } = await start();
    gateway.pushReport('demo', { msgId: 'm3', status: 'delivered' });
    await sms.downloadDlrs();
    const consumed = await recorded.points('messaging.client.consumed.messages');
    expect(consumed.map(({ attributes, value }) => [attributes['oursms.report.source'], value])).toEqual([
      ['push', 2],
      ['call', 1],
    ]);
  });
});

describe('the gauges', () => {
  it('have documented units and the type gauge', async () => {
    const { sms } = await startInbox({ dlr: { poll } }).then(({ application }) => application);
    await sms.getCredits();
    const metrics = await recorded.collect();
    const units = GAUGES.map((name) => metrics.get(name)?.descriptor.unit);
    expect(units).toEqual(['{credit}', '{report}', 's', '{gap}', '{recipient}']);
    expect(GAUGES.map((name) => metrics.get(name)?.dataPointType)).toEqual(GAUGES.map(() => DataPointType.GAUGE));
  });

  it('show the last known balance, and none before it is known', async () => {
    const { sms } = await start();
    expect(await recorded.points('oursms.credits')).toEqual([]);
    const { credits } = await sms.getCredits();
    const attributes = { 'oursms.account': 'default' };
    expect(await recorded.points('oursms.credits')).toEqual([{ attributes, value: credits }]);
    await sms.send(MESSAGE);
    await sms.estimate(MESSAGE);
    expect(await recorded.points('oursms.credits')).toEqual([{ attributes, value: credits - 2 }]);
  });

  it('show the waiting reports, the age of the oldest and the number of gaps', async () => {
    let isBroken = true;
    const inbox = await startInbox({ dlr: { poll, retryDelayMs: 60_000 } }, () => {
      if (isBroken) throw new Error('no');
    });
    const value = async (name: string): Promise<number | undefined> => (await recorded.points(name))[0]?.value;
    expect(await value('oursms.inbox.waiting')).toBe(0);
    expect(await value('oursms.inbox.oldest_age')).toBe(0);
    expect(await value('oursms.inbox.gaps')).toBe(0);
    inbox.push(2);
    await inbox.face.pollNow();
    await inbox.untilStats('both wait', ({ waiting, pages }) => waiting === 2 && pages === 0);
    expect(await value('oursms.inbox.waiting')).toBe(2);
    const age = (await value('oursms.inbox.oldest_age')) ?? 0;
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThan(30);
    inbox.gateway.faults.next('resetAfter');
    await inbox.face.pollNow();
    expect(await value('oursms.inbox.gaps')).toBe(1);
    isBroken = false;
  });

  it('show the recipients of campaigns that have no outcome yet', async () => {
    const bench = new CampaignBench();
    ends.push(() => bench.remove());
    await bench.start({ telemetry: openTelemetry() });
    const message = { src: 'MyBrand', body: 'Half price today' };
    const pending = async (): Promise<unknown> =>
      (await recorded.points('oursms.campaign.pending')).map(({ value }) => value);
    bench.gateway.faults.next('latency', { ms: 300, times: Infinity, on: 'send' });
    const [one, other] = [
      await bench.face.start({ id: 'one', message, recipients: mobiles(600), concurrency: 1 }),
      await bench.face.start({ id: 'other', message, recipients: mobiles(7, 600) }),
    ];
    expect(await pending()).toEqual([607]);
    await Promise.all([one.done, other.done]);
    expect(await pending()).toEqual([0]);
  });

  it('read the store once per collection, however many gauges there are', async () => {
    let reads = 0;
    const storage: OurSmsStorageEngine = {
      openEngine: async () => {
        const engine = StoredEngine.inMemory();
        const read = engine.read.bind(engine);
        engine.read = (name): ReturnType<typeof read> => {
          if (name.endsWith('/gaps/count')) reads += 1;
          return read(name);
        };
        return engine;
      },
    };
    await startInbox({ dlr: { poll }, storage });
    for (let collections = 1; collections <= 3; collections++) {
      reads = 0;
      const metrics = await recorded.collect();
      expect(GAUGES.filter((name) => metrics.has(name))).toHaveLength(4);
      expect(reads).toBe(1);
    }
  });

  it('omit the inbox of an account without one', async () => {
    await start();
    const metrics = await recorded.collect();
    expect(GAUGES.filter((name) => metrics.has(name))).toEqual(['oursms.campaign.pending']);
    expect(recorded.errors).toEqual([]);
  });

  it('stop with their application, and those of other applications continue', async () => {
    const first = new InboxBench();
    ends.push(() => first.remove());
    await first.start({ telemetry: openTelemetry(), dlr: { poll } });
    const { sms } = await start();
    await sms.getCredits();
    expect((await recorded.points('oursms.inbox.waiting')).length).toBe(1);
    expect((await recorded.points('oursms.campaign.pending')).length).toBe(1);
    await first.stop();
    expect(await recorded.points('oursms.inbox.waiting')).toEqual([]);
    expect((await recorded.points('oursms.credits')).length).toBe(1);
    expect(recorded.errors).toEqual([]);
  });
});
