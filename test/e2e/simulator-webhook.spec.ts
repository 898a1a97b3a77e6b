import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GatewaySimulator, type GatewaySimulatorOptions } from 'nestjs-oursms/testing';
import { until } from '../support/application.js';
import { get, helloJson, overWire, postJson } from '../support/simulator-client.js';
import { startReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

let receiver: WebhookReceiver;
let gateway: GatewaySimulator;

beforeEach(async () => void (receiver = await startReceiver()));
afterEach(async () => {
  await gateway?.stop();
  await receiver.close();
});

async function start(webhook: object = {}, options: GatewaySimulatorOptions = {}): Promise<void> {
  gateway = await GatewaySimulator.start({ webhook: { url: receiver.url, retryDelayMs: 20, ...webhook }, ...options });
}

const push = (count: number, username = 'demo'): void => {
  for (let i = 1; i <= count; i++) gateway.pushReport(username, { msgId: `m${i}`, status: 'delivered' });
};
const settled = (): Promise<void> =>
  until('all is pushed', () => gateway.pendingPushes === 0 && receiver.received.length > 0);
const ids = (): (string | undefined)[] => receiver.rows().map(({ msgId }) => msgId);

describe('the webhook of the simulator', () => {
  it('gets the report of a message as the provider pushes it, and the inbox does not', async () => {
    await start();
    await overWire(gateway.jsonUrl, postJson({ ...helloJson, dlr: true }));
    await settled();
    expect(receiver.received).toMatchObject([
      { method: 'POST', path: '/reports/a-secret?x=1', headers: { 'content-type': 'application/json' }, isWhole: true },
    ]);
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toEqual({
      statuses: [
        {
          ...{ msgId: gateway.messages[0]?.msgId, jobId: gateway.messages[0]?.jobId, status: 'delivered' },
          ...{ src: 'MyBrand', dest: '966501234567', msgDate: expect.any(String), statusDate: expect.any(String) },
        },
      ],
    });
    expect((await overWire(gateway.url, get('/inbox/dlrs'))).body.toString()).toBe('[]');
    expect(gateway.pushes).toMatchObject([{ username: 'demo', attempt: 1, status: 200 }]);
    expect(gateway.totals.pushes).toBe(1);
  });

  it('gets reports in batches, in order', async () => {
    await start({ batch: 10 });
    push(25);
    await settled();
    expect(gateway.pushes.map(({ reports }) => reports.length)).toEqual([10, 10, 5]);
    expect(ids()).toEqual(Array.from({ length: 25 }, (_, i) => `m${i + 1}`));
  });

  it.each([300, 404, 500, 503])('gets a push again that it answers with %i, later each time', async (status) => {
    await start({ batch: 2 });
    receiver.statuses.push(status, status, status);
    push(2);
    await settled();
    expect(gateway.pushes.map((one) => [one.attempt, one.status])).toEqual([
      ...[
        [1, status],
        [2, status],
        [3, status],
        [4, 200],
      ],
    ]);
    const [first = 0, second = 0, third = 0, fourth = 0] = gateway.pushes.map(({ at }) => at);
    expect(second - first).toBeGreaterThanOrEqual(18);
    expect(third - second).toBeGreaterThanOrEqual(38);
    expect(fourth - third).toBeGreaterThanOrEqual(78);
  });

  it('gets a push again that it does not answer, and meanwhile the others', async () => {
    await start({ batch: 1, timeoutMs: 50, concurrency: 2, retryDelayMs: 100 });
    receiver.statuses.push(0);
    push(3);
    await settled();
    expect(ids()).toEqual(['m1', 'm2', 'm3', 'm1']);
    expect(gateway.pushes.find(({ status }) => status === undefined)).toMatchObject({ attempt: 1 });
  });

  it('waits no longer than maxRetryDelayMs', async () => {
    await start({ maxRetryDelayMs: 25 });
    receiver.statuses.push(...Array<number>(12).fill(500));
    push(1);
    await settled();
    expect(gateway.pushes).toHaveLength(13);
  });

  it.each([200, 201, 204, 299])('is done with %i', async (status) => {
    await start();
    receiver.statuses.push(status);
    push(1);
    await settled();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(gateway.pushes).toHaveLength(1);
  });

  it('can have reports in the inbox as well', async () => {
    await start({ alsoInInbox: true });
    push(1);
    await settled();
    expect(JSON.parse((await overWire(gateway.url, get('/inbox/dlrs'))).body.toString())).toEqual(receiver.rows());
  });

  it('can be another one for an account', async () => {
    const other = await startReceiver();
    try {
      const accounts = [
        { username: 'demo', apiKey: 'demo-key' },
        { username: 'bulk', token: 'b', webhook: other.url },
      ];
      await start({}, { accounts });
      push(1);
      push(2, 'bulk');
      await until('both got theirs', () => ids().length === 1 && other.rows().length === 2);
    } finally {
      await other.close();
    }
  });

  it('gets nothing while the gateway is away', async () => {
    await start();
    await gateway.refuseConnections();
    push(1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(receiver.received).toEqual([]);
    await gateway.acceptConnections();
    await settled();
    expect(ids()).toEqual(['m1']);
  });

  it('keeps no simulator from stopping, and gets nothing after that', async () => {
    await start();
    receiver.statuses.push(0);
    push(1);
    await until('it is in flight', () => gateway.pendingPushes === 1);
    await new Promise((resolve) => setTimeout(resolve, 40));
    await gateway.stop();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(receiver.received).toHaveLength(1);
  });
});

describe('a webhook that is changed while the simulator runs', () => {
  const inbox = async (): Promise<unknown> =>
    JSON.parse((await overWire(gateway.url, get('/inbox/dlrs'))).body.toString());

  it('gets the reports from then on, and those in the inbox stay there', async () => {
    gateway = await GatewaySimulator.start();
    gateway.pushReport('demo', { msgId: 'before' });
    await gateway.pushTo({ url: receiver.url, batch: 1 });
    push(2);
    await settled();
    expect(ids()).toEqual(['m1', 'm2']);
    expect(await inbox()).toEqual([{ msgId: 'before' }]);
  });

  it('gets none any more once it is taken away: they wait to be downloaded', async () => {
    await start();
    push(1);
    await settled();
    await gateway.pushTo(undefined);
    gateway.pushReport('demo', { msgId: 'after' });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await inbox()).toEqual([{ msgId: 'after' }]);
    expect(ids()).toEqual(['m1']);
  });

  it('leaves what it has refused, or not answered, to the inbox', async () => {
    await start({ batch: 1, concurrency: 2, retryDelayMs: 60_000 });
    receiver.statuses.push(500, 0);
    push(3);
    await until('one is taken', () => gateway.pushes.some(({ status }) => status === 200));
    expect(gateway.pendingPushes).toBe(2);
    await gateway.pushTo(undefined);
    expect(gateway.pendingPushes).toBe(0);
    expect(
      gateway
        .waitingReports('demo')
        .map(({ msgId }) => msgId)
        .sort(),
    ).toEqual(['m1', 'm2']);
  });

  it('leaves what it has refused to the next one, and to the inbox what is there already once', async () => {
    const other = await startReceiver();
    try {
      await start({ alsoInInbox: true, retryDelayMs: 60_000 });
      receiver.statuses.push(500);
      push(1);
      await until('it is refused', () => gateway.pushes.length === 1);
      await Promise.all([gateway.pushTo(undefined), gateway.pushTo({ url: other.url, alsoInInbox: true })]);
      push(1);
      await until('the next one has it', () => other.rows().length === 1);
      expect(await inbox()).toHaveLength(2);
    } finally {
      await other.close();
    }
  });

  it('stays that of an account of its own', async () => {
    const accounts = [{ username: 'demo', apiKey: 'demo-key', webhook: receiver.url }];
    gateway = await GatewaySimulator.start({ accounts });
    await gateway.pushTo(undefined);
    push(1);
    await settled();
    expect(ids()).toEqual(['m1']);
  });

  it('may not be on another machine, nor come after the end', async () => {
    await start();
    await expect(gateway.pushTo('http://192.168.0.1/s3cret')).rejects.toThrow(/pushed nowhere else$/);
    push(1);
    await settled();
    await gateway.stop();
    await expect(gateway.pushTo(undefined)).rejects.toThrow('the simulator was stopped');
  });
});

describe('faults of pushes', () => {
  it('repeat: what was taken comes again', async () => {
    await start();
    gateway.pushFaults.next('repeat');
    push(2);
    await settled();
    expect(ids()).toEqual(['m1', 'm2', 'm1', 'm2']);
    expect(gateway.pushes).toMatchObject([
      { attempt: 1, status: 200, fault: 'repeat' },
      { attempt: 2, status: 200 },
    ]);
  });

  it('disorder: in reverse, and after later ones', async () => {
    await start({ batch: 2 });
    gateway.pushFaults.next('disorder');
    push(4);
    await settled();
    expect(ids()).toEqual(['m3', 'm4', 'm2', 'm1']);
  });

  it('noAnswer: it comes whole, and again', async () => {
    await start();
    gateway.pushFaults.next('noAnswer');
    push(1);
    await settled();
    expect(ids()).toEqual(['m1', 'm1']);
    expect(gateway.pushes.map(({ status }) => status)).toEqual([undefined, 200]);
  });

  it('cut: half of it comes, and then all of it', async () => {
    await start();
    gateway.pushFaults.next('cut', { times: 2 });
    push(1);
    await settled();
    expect(receiver.received.map(({ isWhole }) => isWhole)).toEqual([false, false, true]);
    expect(receiver.received[0]?.body.length).toBeGreaterThan(10);
    expect(ids()).toEqual(['m1']);
  });

  it.each([undefined, 'surprise'])('garbage: %s, and then the reports', async (body) => {
    await start();
    receiver.statuses.push(500);
    gateway.pushFaults.next('garbage', { body });
    push(1);
    await settled();
    expect(receiver.received).toHaveLength(2);
    expect(receiver.received[0]?.body).toBe(body ?? '{"statuses":[{"msgId":');
    expect(ids()).toEqual(['m1']);
  });

  it('come by chance, the same with each seed, until they are cleared', async () => {
    await start({ batch: 1, retryDelayMs: 1 });
    gateway.pushFaults.chance('noAnswer', 0.5, { seed: 7 });
    push(10);
    await settled();
    const { length } = gateway.pushes;
    expect(length).toBeGreaterThan(10);
    expect(new Set(ids()).size).toBe(10);
    gateway.pushFaults.clear();
    push(10);
    await until('all is pushed', () => gateway.pendingPushes === 0);
    expect(gateway.pushes).toHaveLength(length + 10);
  });

  it('are refused with numbers that make no sense', async () => {
    await start();
    for (const times of [0, 1.5, Infinity, NaN])
      expect(() => gateway.pushFaults.next('repeat', { times })).toThrow(RangeError);
    for (const probability of [-0.1, 1.1, NaN])
      expect(() => gateway.pushFaults.chance('repeat', probability)).toThrow(RangeError);
  });
});

describe('an address of a webhook', () => {
  it.each(['http://localhost:1/', 'http://127.0.0.1:1', 'http://127.1.2.3/x?y', 'http://[::1]:1/'])(
    'may be %s',
    async (url) => {
      gateway = await GatewaySimulator.start({ webhook: url });
    },
  );

  it.each([
    ...[
      'http://192.168.0.1/s3cret',
      'http://sms.example.com/s3cret',
      'https://127.0.0.1/s3cret',
      'http://0.0.0.0/s3cret',
    ],
    ...[
      'http://127.0.0.1.example.com/s3cret',
      'http://[::2]/s3cret',
      'ftp://127.0.0.1/s3cret',
      '/s3cret',
      '',
      'http://localhost.example.com/s3cret',
    ],
    ...['http://127.0.0.1@example.com/s3cret', 'http://10.127.0.1/s3cret'],
  ])('may not be %s, and is not shown', async (url) => {
    const refused = /^simulator: webhook must be an http address of this machine .*pushed nowhere else$/;
    const fault = await GatewaySimulator.start({ webhook: url }).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(TypeError);
    expect((fault as Error).message).toMatch(refused);
    expect((fault as Error).message).not.toContain('s3cret');
    const accounts = [{ username: 'demo', token: 't', webhook: url }];
    await expect(GatewaySimulator.start({ accounts })).rejects.toThrow(refused);
    gateway = await GatewaySimulator.start();
  });

  it.each(['batch', 'concurrency', 'everyMs', 'timeoutMs', 'retryDelayMs', 'maxRetryDelayMs'])(
    'comes with whole numbers of 1 or more: %s',
    async (name) => {
      for (const value of [0, -1, 1.5, NaN, Infinity])
        await expect(start({ [name]: value })).rejects.toThrow(`webhook.${name} must be a whole number of 1 or more`);
      await start({ [name]: undefined });
    },
  );
});
