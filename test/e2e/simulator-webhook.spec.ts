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
  until('all reports are pushed', () => gateway.pendingPushes === 0 && receiver.received.length > 0);
const ids = (): (string | undefined)[] => receiver.rows().map(({ msgId }) => msgId);

describe('the webhook of the simulator', () => {
  it('receives the report of a message in the format of the provider, and the inbox does not', async () => {
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

  it('receives reports in batches, in order', async () => {
    await start({ batch: 10 });
    push(25);
    await settled();
    expect(gateway.pushes.map(({ reports }) => reports.length)).toEqual([10, 10, 5]);
    expect(ids()).toEqual(Array.from({ length: 25 }, (_, i) => `m${i + 1}`));
  });

  it.each([300, 404, 500, 503])('receives a push again with growing delays when it answers with %i', async (status) => {
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

  it('receives an unanswered push again, and the other pushes meanwhile', async () => {
    await start({ batch: 1, timeoutMs: 50, concurrency: 2, retryDelayMs: 100 });
    receiver.statuses.push(0);
    push(3);
    await settled();
    expect(ids()).toEqual(['m1', 'm2', 'm3', 'm1']);
    expect(gateway.pushes.find(({ status }) => status === undefined)).toMatchObject({ attempt: 1 });
  });

  it('receives a retry after at most maxRetryDelayMs', async () => {
    await start({ maxRetryDelayMs: 25 });
    receiver.statuses.push(...Array<number>(12).fill(500));
    push(1);
    await settled();
    expect(gateway.pushes).toHaveLength(13);
  });

  it.each([200, 201, 204, 299])('acknowledges a push with %i', async (status) => {
    await start();
    receiver.statuses.push(status);
    push(1);
    await settled();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(gateway.pushes).toHaveLength(1);
  });

  it('can be combined with reports in the inbox', async () => {
    await start({ alsoInInbox: true });
    push(1);
    await settled();
    expect(JSON.parse((await overWire(gateway.url, get('/inbox/dlrs'))).body.toString())).toEqual(receiver.rows());
  });

  it('can differ for each account', async () => {
    const other = await startReceiver();
    try {
      const accounts = [
        { username: 'demo', apiKey: 'demo-key' },
        { username: 'bulk', token: 'b', webhook: other.url },
      ];
      await start({}, { accounts });
      push(1);
      push(2, 'bulk');
      await until('both webhooks received their reports', () => ids().length === 1 && other.rows().length === 2);
    } finally {
      await other.close();
    }
  });

  it('receives nothing while the gateway is unavailable', async () => {
    await start();
    await gateway.refuseConnections();
    push(1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(receiver.received).toEqual([]);
    await gateway.acceptConnections();
    await settled();
    expect(ids()).toEqual(['m1']);
  });

  it('does not prevent the simulator from stopping, and receives nothing afterwards', async () => {
    await start();
    receiver.statuses.push(0);
    push(1);
    await until('the push is in flight', () => gateway.pendingPushes === 1);
    await new Promise((resolve) => setTimeout(resolve, 40));
    await gateway.stop();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(receiver.received).toHaveLength(1);
  });
});

describe('a webhook that is changed while the simulator runs', () => {
  const inbox = async (): Promise<unknown> =>
    JSON.parse((await overWire(gateway.url, get('/inbox/dlrs'))).body.toString());

  it('receives all later reports, and reports in the inbox stay there', async () => {
    gateway = await GatewaySimulator.start();
    gateway.pushReport('demo', { msgId: 'before' });
    await gateway.pushTo({ url: receiver.url, batch: 1 });
    push(2);
    await settled();
    expect(ids()).toEqual(['m1', 'm2']);
    expect(await inbox()).toEqual([{ msgId: 'before' }]);
  });

  it('receives no reports once it is removed: later reports wait to be downloaded', async () => {
    await start();
    push(1);
    await settled();
    await gateway.pushTo(undefined);
    gateway.pushReport('demo', { msgId: 'after' });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await inbox()).toEqual([{ msgId: 'after' }]);
    expect(ids()).toEqual(['m1']);
  });

  it('leaves refused and unanswered pushes to the inbox when it is removed', async () => {
    await start({ batch: 1, concurrency: 2, retryDelayMs: 60_000 });
    receiver.statuses.push(500, 0);
    push(3);
    await until('one push is acknowledged', () => gateway.pushes.some(({ status }) => status === 200));
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

  it('leaves refused pushes to the next webhook, without a second copy in the inbox', async () => {
    const other = await startReceiver();
    try {
      await start({ alsoInInbox: true, retryDelayMs: 60_000 });
      receiver.statuses.push(500);
      push(1);
      await until('the push is refused', () => gateway.pushes.length === 1);
      await Promise.all([gateway.pushTo(undefined), gateway.pushTo({ url: other.url, alsoInInbox: true })]);
      push(1);
      await until('the next webhook has the reports', () => other.rows().length === 1);
      expect(await inbox()).toHaveLength(2);
    } finally {
      await other.close();
    }
  });

  it('does not replace the webhook of a single account', async () => {
    const accounts = [{ username: 'demo', apiKey: 'demo-key', webhook: receiver.url }];
    gateway = await GatewaySimulator.start({ accounts });
    await gateway.pushTo(undefined);
    push(1);
    await settled();
    expect(ids()).toEqual(['m1']);
  });

  it('must be on this machine, and cannot be set after the simulator has stopped', async () => {
    await start();
    await expect(gateway.pushTo('http://192.168.0.1/s3cret')).rejects.toThrow(/pushed nowhere else$/);
    push(1);
    await settled();
    await gateway.stop();
    await expect(gateway.pushTo(undefined)).rejects.toThrow('the simulator was stopped');
  });
});

describe('faults of pushes', () => {
  it('repeat: an acknowledged push is sent again', async () => {
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

  it('disorder: reports arrive in reverse order, and after later ones', async () => {
    await start({ batch: 2 });
    gateway.pushFaults.next('disorder');
    push(4);
    await settled();
    expect(ids()).toEqual(['m3', 'm4', 'm2', 'm1']);
  });

  it('noAnswer: the whole push arrives, and arrives again', async () => {
    await start();
    gateway.pushFaults.next('noAnswer');
    push(1);
    await settled();
    expect(ids()).toEqual(['m1', 'm1']);
    expect(gateway.pushes.map(({ status }) => status)).toEqual([undefined, 200]);
  });

  it('cut: half of the push arrives, and then the whole push', async () => {
    await start();
    gateway.pushFaults.next('cut', { times: 2 });
    push(1);
    await settled();
    expect(receiver.received.map(({ isWhole }) => isWhole)).toEqual([false, false, true]);
    expect(receiver.received[0]?.body.length).toBeGreaterThan(10);
    expect(ids()).toEqual(['m1']);
  });

  it.each([undefined, 'surprise'])('garbage: the body %s arrives, and then the reports', async (body) => {
    await start();
    receiver.statuses.push(500);
    gateway.pushFaults.next('garbage', { body });
    push(1);
    await settled();
    expect(receiver.received).toHaveLength(2);
    expect(receiver.received[0]?.body).toBe(body ?? '{"statuses":[{"msgId":');
    expect(ids()).toEqual(['m1']);
  });

  it('are played by chance, the same for the same seed, until they are cleared', async () => {
    await start({ batch: 1, retryDelayMs: 1 });
    gateway.pushFaults.chance('noAnswer', 0.5, { seed: 7 });
    push(10);
    await settled();
    const { length } = gateway.pushes;
    expect(length).toBeGreaterThan(10);
    expect(new Set(ids()).size).toBe(10);
    gateway.pushFaults.clear();
    push(10);
    await until('all reports are pushed', () => gateway.pendingPushes === 0);
    expect(gateway.pushes).toHaveLength(length + 10);
  });

  it('are refused with invalid numbers', async () => {
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
  ])('may not be %s, and is not shown in the error', async (url) => {
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
    'is refused with an option %s that is not a whole number of 1 or more',
    async (name) => {
      for (const value of [0, -1, 1.5, NaN, Infinity])
        await expect(start({ [name]: value })).rejects.toThrow(`webhook.${name} must be a whole number of 1 or more`);
      await start({ [name]: undefined });
    },
  );
});
