import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Dlr, DlrPoll, SendReceipt } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { explainStartFault } from '../../sample-app/explain-start-fault.js';
import type { FailedReport, InboxStats } from '../../sample-app/inbox/inbox-view.js';
import { startSampleApp } from '../../sample-app/start-sample-app.js';
import { SampleBench, type SampleEvent } from '../support/sample-bench.js';

jest.setTimeout(60_000);

type Picture = { stats: InboxStats; failed: FailedReport[] };

const hello = { src: 'MyBrand', dests: ['0501234567'], body: 'hello', dlr: true };

describe('the inbox of the sample application', () => {
  let sample: SampleBench;

  beforeEach(async () => {
    sample = await SampleBench.start();
  });

  afterEach(async () => {
    await sample.close();
  });

  const letFail = (failing: boolean): Promise<unknown> => sample.post('/inbox/demo-failure', { failing });
  const untilFailed = async (number: number): Promise<Picture> => {
    const fits = ({ type, data }: SampleEvent<Picture>): boolean => type === 'inbox' && data.stats.failed === number;
    return (await sample.event<Picture>(fits)).data;
  };

  /** Sends a message whose reports fail, and waits until they are kept as failed. */
  async function fail(dests: string[]): Promise<FailedReport[]> {
    await letFail(true);
    await sample.post('/messages', { ...hello, dests });
    return (await untilFailed(dests.length)).failed;
  }

  it('reports its contents and the result of the last poll', async () => {
    const polled = await sample.post<DlrPoll>('/inbox/poll');
    expect(polled).toMatchObject({ status: 200, json: { result: 'downloaded', reports: 0 } });
    const { status, json } = await sample.get<InboxStats>('/inbox');
    expect(status).toBe(200);
    expect(json).toMatchObject({ account: 'default', waiting: 0, handling: 0, failed: 0, unreadable: 0, gaps: 0 });
    expect(json).toMatchObject({ paused: false, failing: false, lastPoll: { result: 'downloaded' } });
    expect((await sample.get('/inbox/failed')).json).toEqual([]);
  });

  it('downloads nothing while it is paused, and continues when it is resumed', async () => {
    expect((await sample.post<InboxStats>('/inbox/pause')).json.paused).toBe(true);
    const poll = await sample.post<DlrPoll>('/inbox/poll');
    expect(poll.json).toMatchObject({ result: 'skipped', why: 'the inbox is paused' });
    await sample.post('/messages', hello);
    expect((await sample.post<InboxStats>('/inbox/resume')).json.paused).toBe(false);
    expect((await sample.event<Dlr>(({ data }) => data.dest === '966501234567')).data.status).toBe('delivered');
  });

  it('keeps a report as failed after three failed attempts, with its number masked', async () => {
    const failed = await fail(['0501234567']);
    const reason = 'Error: the handler was told to fail';
    expect(failed).toMatchObject([{ dest: '9665******67', status: 'delivered', attempts: 3, reason }]);
    expect((await sample.get('/inbox/failed')).json).toEqual(failed);
    expect(JSON.stringify((await sample.get('/inbox')).json)).not.toContain('966501234567');
  });

  it('still has a failed report after a restart, and delivers it when it is retried', async () => {
    const [failed] = await fail(['0507654300']);
    await sample.restart();
    expect((await sample.get<InboxStats>('/inbox')).json).toMatchObject({ failed: 1, failing: false });
    expect((await sample.get('/inbox/failed')).json).toEqual([failed]);
    expect(await sample.post(`/inbox/retry/${failed!.id}`)).toEqual({ status: 200, json: { count: 1 } });
    const { data } = await sample.event<Dlr>(({ id }) => id === failed!.id);
    expect(data).toMatchObject({ dest: '966507654300', status: 'undelivered' });
    await untilFailed(0);
  });

  it('redelivers a report that was still being retried before a restart', async () => {
    await letFail(true);
    const { json } = await sample.post<SendReceipt>('/messages', hello);
    await sample.event<Picture>(({ type, data }) => type === 'inbox' && data.stats.waiting + data.stats.failed === 1);
    await sample.restart();
    await sample.post('/inbox/retry-all');
    const { data } = await sample.event<Dlr>(({ type }) => type === 'message');
    expect(data.msgId).toBe(json.acceptedMsgs[0]?.msgId);
  });

  it('redelivers all failed reports, and removes a single one', async () => {
    const [first] = await fail(['0501234567', '0507654321', '0551234567']);
    expect(await sample.delete(`/inbox/${first!.id}`)).toEqual({ status: 200, json: { count: 1 } });
    await letFail(false);
    expect(await sample.post('/inbox/retry-all')).toEqual({ status: 200, json: { count: 2 } });
    await untilFailed(0);
    const second = await sample.event<Dlr>(({ type, id }) => type === 'message' && id !== first!.id);
    await sample.event<Dlr>(({ type, id }) => type === 'message' && ![first!.id, second.id].includes(id));
    expect((await sample.get<InboxStats>('/inbox')).json).toMatchObject({ waiting: 0, handling: 0, failed: 0 });
  });

  it('answers 404 for a report that it does not have', async () => {
    for (const answer of [await sample.post('/inbox/retry/nothing'), await sample.delete('/inbox/nothing')]) {
      expect(answer.status).toBe(404);
      expect(answer.json).toMatchObject({ message: expect.stringContaining('No failed report has the id nothing') });
    }
  });

  it('rejects requests from another website', async () => {
    const foreign = { origin: 'http://evil.example' };
    for (const path of ['poll', 'pause', 'resume', 'retry/x', 'retry-all', 'demo-failure']) {
      expect((await sample.post(`/inbox/${path}`, { failing: true }, foreign)).status).toBe(403);
      expect((await sample.post(`/inbox/${path}`, {}, { 'content-type': 'text/plain' })).status).toBe(415);
    }
    expect((await sample.delete('/inbox/x', foreign)).status).toBe(403);
    expect((await sample.get<InboxStats>('/inbox')).json).toMatchObject({ paused: false, failing: false });
  });

  it('accepts only a boolean for the switch that makes the handler fail', async () => {
    for (const body of [{}, { failing: 'yes' }, { failing: true, other: 1 }]) {
      expect((await sample.post('/inbox/demo-failure', body)).status).toBe(400);
    }
  });

  it('is described on the API page, with a response for each endpoint', async () => {
    const { json } = await sample.get<{
      paths: Record<string, Record<string, { summary?: string; tags?: string[]; responses: Record<string, unknown> }>>;
    }>('/api-json');
    const calls = Object.entries(json.paths)
      .filter(([path]) => path.startsWith('/inbox'))
      .flatMap(([path, methods]) => Object.entries(methods).map(([method, call]) => ({ name: method + path, call })));
    expect(calls.map(({ name }) => name).sort()).toEqual([
      ...['delete/inbox/{id}', 'get/inbox', 'get/inbox/failed', 'post/inbox/demo-failure', 'post/inbox/pause'],
      ...['post/inbox/poll', 'post/inbox/resume', 'post/inbox/retry-all', 'post/inbox/retry/{id}', 'post/inbox/way'],
    ]);
    for (const { call } of calls) {
      expect(call).toMatchObject({ tags: ['inbox'], summary: expect.any(String), responses: { 200: {} } });
    }
  });

  it('refuses a second instance on the same directory with a one-sentence error', async () => {
    const env = { OURSMS_STORAGE: sample.storage.path };
    const fault: unknown = await startSampleApp({ env, port: 0, logger: false }).catch((error: unknown) => error);
    expect(explainStartFault(fault)).toMatch(
      /^The directory \S+ is in use by another process[^\n]*OURSMS_STORAGE=[^\n]*\.$/,
    );
    expect((await sample.post<DlrPoll>('/inbox/poll')).json.result).toBe('downloaded');
  });
});

describe('the inbox of the sample application with the real gateway', () => {
  it('rejects a request to make the handler fail', async () => {
    const gateway = await GatewaySimulator.start();
    const credentials = { OURSMS_USERNAME: 'demo', OURSMS_PASSWORD: 'demo', OURSMS_BASE_URL: gateway.url };
    const sample = await SampleBench.start(credentials);
    try {
      const { status, json } = await sample.post('/inbox/demo-failure', { failing: true });
      expect(status).toBe(409);
      expect(json).toMatchObject({ message: 'The handler can be made to fail with the simulated gateway only.' });
      expect((await sample.get('/inbox')).json).not.toHaveProperty('failing');
    } finally {
      await sample.close();
      await gateway.stop();
    }
  });
});
