import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Dlr, SendReceipt } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { explainStartFault } from '../../sample-app/explain-start-fault.js';
import type { InboxStats } from '../../sample-app/inbox/inbox-view.js';
import { Settings } from '../../sample-app/settings.js';
import { startSampleApp } from '../../sample-app/start-sample-app.js';
import { LogRecorder } from '../support/application.js';
import { SampleBench, type Answer } from '../support/sample-bench.js';

jest.setTimeout(60_000);

let sample: SampleBench;
let gateway: GatewaySimulator | undefined;

afterEach(async () => {
  await sample?.close();
  await gateway?.stop();
  gateway = undefined;
});

const way = async (): Promise<unknown> => (await sample.get<InboxStats>('/inbox')).json.way;
const turn = (to: string): Promise<Answer<InboxStats>> => sample.post('/inbox/way', { way: to });
const reportOf = async (msgId: string | undefined): Promise<Dlr> =>
  (await sample.event<Dlr>(({ data }) => data.msgId === msgId)).data;

describe('delivery of reports in the sample application without credentials', () => {
  beforeEach(async () => void (sample = await SampleBench.start()));

  /** Sends a message; resolves to the way its report arrived: poll or push. */
  async function sent(): Promise<Dlr['via']> {
    const message = { src: 'MyBrand', dests: ['0501234567'], body: 'hello', dlr: true };
    const { json } = await sample.post<SendReceipt>('/messages', message);
    return (await reportOf(json.acceptedMsgs[0]?.msgId)).via;
  }

  it('is by polling, by push once it is switched, and by polling again once it is switched back', async () => {
    expect(await way()).toBe('poll');
    expect(await sent()).toBe('poll');
    expect((await turn('push')).json).toMatchObject({ way: 'push' });
    expect(await way()).toBe('push');
    expect(await sent()).toBe('push');
    expect((await turn('poll')).json).toMatchObject({ way: 'poll' });
    expect(await sent()).toBe('poll');
  });

  it('is by polling again after a restart, and stored reports still show how they arrived', async () => {
    await turn('push');
    expect(await sent()).toBe('push');
    await sample.restart();
    expect(await way()).toBe('poll');
    expect((await sample.event<Dlr>(({ data }) => data.dest === '966501234567')).data.via).toBe('push');
  });

  it('can be switched to poll or push only', async () => {
    for (const other of ['pigeon', '', true])
      expect((await sample.post('/inbox/way', { way: other })).status).toBe(400);
    expect(await way()).toBe('poll');
  });

  it('exposes the webhook secret neither in a response nor in a log line', async () => {
    const { app } = sample.running;
    const secret = app.get(Settings, { strict: false }).webhookSecret;
    expect(secret).toMatch(/^[\w-]{32}$/);
    const logs = new LogRecorder();
    app.useLogger(logs);
    const answers: unknown[] = [await turn('push')];
    expect(await sent()).toBe('push');
    for (const path of ['/status', '/inbox', '/inbox/failed', '/api-json']) answers.push(await sample.get(path));
    expect(logs.matching('Report ')).toHaveLength(1);
    expect(JSON.stringify([answers, logs.matching('')])).not.toContain(secret);
    await sample.restart();
    expect(sample.running.app.get(Settings, { strict: false }).webhookSecret).not.toBe(secret);
  });
});

describe('the webhook of the sample application with credentials', () => {
  const secret = 'hush-hush-of-the-webhook';

  async function start(env: NodeJS.ProcessEnv): Promise<void> {
    gateway = await GatewaySimulator.start();
    sample = await SampleBench.start({ OURSMS_API_KEY: 'demo-key', OURSMS_BASE_URL: gateway.jsonUrl, ...env });
  }

  /** The response status of a push whose Host header does not name this machine. */
  function pushed(path: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const headers = { host: 'sms.example.com', 'content-type': 'text/plain' };
      request(sample.url + path, { method: 'POST', headers, agent: false }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      })
        .on('error', reject)
        .end('{"statuses":[{"msgId":"m2","status":"delivered"}]}');
    });
  }

  it('accepts reports that the gateway pushes, and cannot be switched to polling', async () => {
    await start({ OURSMS_WEBHOOK_SECRET: secret });
    await gateway?.pushTo(`${sample.url}/sms/reports/${secret}`);
    gateway?.pushReport('demo', { msgId: 'm1', status: 'delivered' });
    expect((await reportOf('m1')).via).toBe('push');
    expect(await way()).toBeUndefined();
    expect((await turn('poll')).status).toBe(409);
  });

  it('accepts pushes through a proxy only with the right secret', async () => {
    await start({ OURSMS_WEBHOOK_SECRET: secret });
    expect(await pushed(`/sms/reports/${secret}-`)).toBe(404);
    expect(await pushed(`/sms/reports/${secret}`)).toBe(200);
    expect((await reportOf('m2')).via).toBe('push');
    for (const path of [`/sms/reports/${secret}/more`, '/sms/reports', '/messages']) {
      expect(await pushed(path)).toBe(403);
    }
  });

  it('does not exist without a secret, and reports are polled instead', async () => {
    await start({});
    expect(await pushed(`/sms/reports/${secret}`)).toBe(404);
    gateway?.pushReport('demo', { msgId: 'm1', status: 'delivered' });
    await sample.post('/inbox/poll');
    expect((await reportOf('m1')).via).toBe('poll');
  });

  it('is refused when its secret is too short, and the error does not show the secret', async () => {
    const env = { OURSMS_API_KEY: 'demo-key', OURSMS_WEBHOOK_SECRET: 'hush-hush' };
    const fault: unknown = await startSampleApp({ env, port: 0, logger: false }).catch((error: unknown) => error);
    expect(explainStartFault(fault)).toMatch(/dlr\.webhook\.secret: [^\n]*16/);
    expect(explainStartFault(fault)).not.toContain('hush-hush');
  });
});
