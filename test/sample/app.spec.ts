import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Advice, Dlr, SendEstimate, SendReceipt } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { explainStartFault } from '../../sample-app/explain-start-fault.js';
import { readPort } from '../../sample-app/settings.js';
import { startSampleApp } from '../../sample-app/start-sample-app.js';
import { TestStorage } from '../support/application.js';
import { SampleBench, type Answer } from '../support/sample-bench.js';

jest.setTimeout(30_000);

interface Refused {
  statusCode: number;
  message: string | string[];
  outcome?: string;
  faults?: { field: string; reason: string }[];
}

const hello = { src: 'MyBrand', dests: ['0501234567'], body: 'hello', dlr: true };

describe('the sample application without credentials', () => {
  let sample: SampleBench;

  beforeAll(async () => {
    sample = await SampleBench.start({ OURSMS_SRC: 'Shop' });
  });

  afterAll(async () => {
    await sample.close();
  });

  /** The response status of a request with headers that fetch forbids. */
  function statusWith(path: string, headers: Record<string, string>): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      request(sample.url + path, { headers, agent: false }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
      })
        .on('error', reject)
        .end();
    });
  }

  const credits = async (): Promise<number> => (await sample.get<{ credits: number }>('/credits')).json.credits;

  it('listens on the loopback address alone', () => {
    expect(sample.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('shows that the gateway is simulated, the sender from the environment, and where reports are stored', async () => {
    const storage = join(sample.storage.path, 'simulated');
    expect((await sample.get('/status')).json).toEqual({ gateway: 'simulated', src: 'Shop', storage });
  });

  it('sends a message, charges for it, and lists the rejected recipients', async () => {
    const before = await credits();
    const dests = ['٠٥٠١٢٣٤٥٦٧', '+966 50 123 4567', '0501234599'];
    const { status, json } = await sample.post<SendReceipt>('/messages', { ...hello, dests });
    expect(status).toBe(201);
    expect(json).toMatchObject({ total: 2, accepted: 1, rejected: 1, skipped: 1, cost: 1 });
    expect(json.rejectedMsgs.map(({ dest }) => dest)).toEqual(['966501234599']);
    expect(await credits()).toBe(before - 1);
  });

  it('names every invalid field of a message, and sends nothing', async () => {
    const before = await credits();
    const { status, json } = await sample.post<Refused>('/messages', {
      dests: ['0501'],
      body: '',
      delay: -1,
      colour: 'red',
    });
    expect(status).toBe(400);
    for (const field of ['src', 'dests[0]', 'body', 'delay', 'colour']) expect(String(json.message)).toContain(field);
    expect(await credits()).toBe(before);
  });

  it('names the fault and the outcome when the module refuses a message', async () => {
    const { status, json } = await sample.post<Refused>('/messages', { ...hello, dests: ['+971501234567'] });
    expect(status).toBe(400);
    expect(json.outcome).toBe('notSent');
    expect(json.faults?.map(({ field }) => field)).toEqual(['dests[0]']);
    expect(JSON.stringify(json)).not.toContain('971501234567');
  });

  it('describes a text before it is sent', async () => {
    const preview = (body: string): Promise<Answer<unknown>> => sample.post('/messages/preview', { body });
    expect((await preview('hello')).json).toMatchObject({ encoding: 'GSM-7', parts: 1, units: 5, unitsLeft: 155 });
    expect((await preview('م'.repeat(71))).json).toMatchObject({
      encoding: 'UCS-2',
      parts: 2,
      units: 71,
      unitsLeft: 63,
    });
    expect((await preview('')).json).toMatchObject({ parts: 0 });
  });

  it('gives advice on an incomplete message, and counts its valid recipients', async () => {
    const draft = { body: 'code 1234', src: 'FarTooLongAName', dests: ['0501234567', '٠٥٠١٢٣٤٥٦٧', '050'] };
    const { status, json } = await sample.post<{ advice: Advice[]; recipients: number }>('/messages/preview', draft);
    expect(status).toBe(200);
    expect(json.advice.map(({ code }) => code)).toEqual(['senderTooLong', 'otpWithoutPurpose']);
    expect(json.recipients).toBe(1);
    expect((await sample.post('/messages/preview', { body: 'x', delay: -1 })).status).toBe(400);
  });

  it('estimates a message without sending it, and names its invalid fields', async () => {
    const before = await credits();
    const dests = ['0501234567', '0507654321'];
    const { status, json } = await sample.post<SendEstimate>('/messages/estimate', {
      ...hello,
      dests,
      body: 'x'.repeat(161),
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({ recipients: 2, parts: 4, credits: before, sufficient: true, advice: [] });
    const refused = await sample.post<Refused>('/messages/estimate', { ...hello, body: 'x'.repeat(161), maxParts: 1 });
    expect(refused.status).toBe(400);
    expect(refused.json.faults?.map(({ field }) => field)).toEqual(['maxParts']);
    expect(await credits()).toBe(before);
  });

  it('streams the report of a message, also to a client that connects later', async () => {
    const { json } = await sample.post<SendReceipt>('/messages', { ...hello, dests: ['0507654300'] });
    const wanted = json.acceptedMsgs[0]?.msgId;
    const first = await sample.event<Dlr>(({ data }) => data.msgId === wanted);
    expect(first.data).toMatchObject({ status: 'undelivered', dest: '966507654300' });
    expect(first.id).toBe(first.data.id);
    const again = await sample.event<Dlr>(({ data }) => data.msgId === wanted);
    expect(again.id).toBe(first.id);
  });

  it('rejects requests from another website', async () => {
    const before = await credits();
    expect((await sample.post('/messages', hello, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await sample.post('/messages', hello, { origin: 'http://127.0.0.1:1' })).status).toBe(403);
    expect((await sample.post('/messages', hello, { origin: 'null' })).status).toBe(403);
    expect((await sample.post('/messages', hello, { 'content-type': 'text/plain' })).status).toBe(415);
    expect(
      (await sample.post('/messages', hello, { 'content-type': 'application/x-www-form-urlencoded' })).status,
    ).toBe(415);
    expect(await statusWith('/dlrs', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' })).toBe(403);
    expect(await credits()).toBe(before);
  });

  it('accepts requests from its own page, and navigation from another website', async () => {
    expect((await sample.post('/messages/preview', { body: '' }, { origin: sample.url })).status).toBe(200);
    expect(await statusWith('/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(200);
  });

  it('rejects a Host header that does not name this machine', async () => {
    expect(await statusWith('/credits', { host: 'evil.example' })).toBe(403);
    expect(await statusWith('/credits', { host: '127.0.0.1.evil.example' })).toBe(403);
    expect(await statusWith('/credits', { host: 'localhost:3000' })).toBe(200);
  });

  it('serves the page and its files, and does not let the page load anything else', async () => {
    const page = await fetch(`${sample.url}/`);
    const html = await page.text();
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
    expect(page.headers.get('x-powered-by')).toBeNull();
    expect(html).not.toMatch(/https?:\/\/|<style|<script(?![^>]+src=)| style=| on\w+=/);
    for (const [, path] of html.matchAll(/(?:href|src)="(\/[^"]*)"/g)) {
      expect((await fetch(sample.url + path)).status).toBe(200);
    }
  });

  it('describes every field of a message on the API page', async () => {
    const { json } = await sample.get<{
      components: {
        schemas: Record<string, { properties: Record<string, { description?: string }>; required: string[] }>;
      };
    }>('/api-json');
    const schema = json.components.schemas.SendMessageDto;
    expect(Object.keys(schema?.properties ?? {})).toEqual([
      ...['src', 'dests', 'body', 'priority', 'delay', 'validity', 'maxParts', 'dlr', 'prevDups', 'msgClass'],
    ]);
    expect(schema?.required).toEqual(['src', 'dests', 'body']);
    expect(Object.values(schema?.properties ?? {}).every(({ description }) => description)).toBe(true);
  });

  it('explains in one sentence that its port is in use', async () => {
    const port = Number(new URL(sample.url).port);
    const storage = await TestStorage.make();
    const env = { OURSMS_STORAGE: storage.path };
    const fault: unknown = await startSampleApp({ env, port, logger: false }).catch((error: unknown) => error);
    expect(explainStartFault(fault)).toContain(`Port ${port} is in use`);
    await storage.remove();
  });

  it('shuts down while a stream is open', async () => {
    const other = await SampleBench.start();
    const { url } = other;
    const stream = await fetch(`${url}/dlrs`);
    await other.close();
    await stream.text().catch(() => undefined);
    await expect(fetch(`${url}/status`)).rejects.toThrow();
  });
});

describe('the sample application with credentials', () => {
  it.each([
    ['a password', { OURSMS_USERNAME: 'me', OURSMS_PASSWORD: 'hush-hush' }],
    ['a token', { OURSMS_TOKEN: 'psst' }],
  ])('uses the real gateway with %s, and shows that it is real', async (_, credentials) => {
    const gateway = await GatewaySimulator.start({
      accounts: [{ username: 'me', password: 'hush-hush', token: 'psst', credits: 7 }],
    });
    const sample = await SampleBench.start({ ...credentials, OURSMS_BASE_URL: gateway.url });
    try {
      const { path } = sample.storage;
      expect((await sample.get('/status')).json).toEqual({ gateway: 'real', src: '', storage: path });
      expect((await sample.get('/credits')).json).toMatchObject({ credits: 7 });
    } finally {
      await sample.close();
      await gateway.stop();
    }
  });

  it('uses the JSON API when an API key is set', async () => {
    const gateway = await GatewaySimulator.start({ accounts: [{ username: 'me', apiKey: 'hush-key', credits: 7 }] });
    const sample = await SampleBench.start({ OURSMS_API_KEY: 'hush-key', OURSMS_BASE_URL: gateway.jsonUrl });
    try {
      expect((await sample.get('/status')).json).toMatchObject({ gateway: 'real' });
      expect((await sample.get('/credits')).json).toMatchObject({ credits: 7 });
      expect(gateway.requests.every(({ api }) => api === 'json')).toBe(true);
    } finally {
      await sample.close();
      await gateway.stop();
    }
  });

  it('removes the password from a gateway response that repeats it', async () => {
    const gateway = await GatewaySimulator.start({ accounts: [{ username: 'me', password: 'hush-hush', credits: 7 }] });
    const sample = await SampleBench.start({
      ...{ OURSMS_USERNAME: 'me', OURSMS_PASSWORD: 'hush-hush', OURSMS_BASE_URL: gateway.url },
    });
    const message = 'refused: password=hush-hush';
    try {
      gateway.faults.next('garbage', { body: JSON.stringify({ credits: 7, message }), on: 'credits' });
      const rejectedMsgs = [{ dest: '966501234567', message }];
      gateway.faults.next('garbage', { body: JSON.stringify({ rejected: 1, rejectedMsgs, message }), on: 'send' });
      expect((await sample.get('/credits')).json).toEqual({ credits: 7 });
      const { json } = await sample.post<SendReceipt>('/messages', hello);
      expect(json.rejectedMsgs).toEqual([{ dest: '966501234567', reason: 'refused: password=[secret]' }]);
      expect(JSON.stringify(json)).not.toContain('hush');
    } finally {
      await sample.close();
      await gateway.stop();
    }
  });

  it('does not start when the base URL would send the password unencrypted', async () => {
    const env = { OURSMS_USERNAME: 'me', OURSMS_PASSWORD: 'hush-hush', OURSMS_BASE_URL: 'http://gateway.example' };
    const fault: unknown = await startSampleApp({ env, port: 0, logger: false }).catch((error: unknown) => error);
    expect(explainStartFault(fault)).toMatch(/^OurSmsModule[^\n]+baseUrl: must be https[^\n]+$/);
    expect(explainStartFault(fault)).not.toContain('hush-hush');
  });
});

describe('the settings of the sample application', () => {
  const start = (env: NodeJS.ProcessEnv): Promise<string> =>
    startSampleApp({ env, port: 0, logger: false }).then(
      async ({ app }) => {
        await app.close();
        return 'started';
      },
      (error: unknown) => explainStartFault(error),
    );

  it.each([
    [{ OURSMS_USERNAME: 'me' }],
    [{ OURSMS_PASSWORD: 'hush-hush' }],
    [{ OURSMS_USERNAME: 'me', OURSMS_PASSWORD: '' }],
    [{ OURSMS_BASE_URL: 'https://gateway.example/api-a' }],
  ])('refuse %j with a one-sentence error', async (env) => {
    const fault = await start(env);
    expect(fault).toMatch(/set OURSMS_API_KEY, or OURSMS_USERNAME and OURSMS_PASSWORD \(or OURSMS_TOKEN\)[^\n]*\.$/);
    expect(fault).not.toContain('hush-hush');
  });

  it('refuse a password beside a token', async () => {
    const fault = await start({ OURSMS_USERNAME: 'me', OURSMS_PASSWORD: 'hush-hush', OURSMS_TOKEN: 'psst' });
    expect(fault).toMatch(/^OURSMS_PASSWORD and OURSMS_TOKEN are both set[^\n]*\.$/);
    expect(fault).not.toMatch(/hush-hush|psst/);
  });

  it.each([
    [{ OURSMS_USERNAME: 'me' }, 'OURSMS_USERNAME'],
    [{ OURSMS_USERNAME: 'me', OURSMS_PASSWORD: 'hush-hush' }, 'OURSMS_USERNAME and OURSMS_PASSWORD'],
    [{ OURSMS_TOKEN: 'psst' }, 'OURSMS_TOKEN'],
  ])('refuse an API key beside %j', async (env, names) => {
    const fault = await start({ ...env, OURSMS_API_KEY: 'hush-key' });
    expect(fault).toBe(`OURSMS_API_KEY and ${names} are set: set the key alone, or unset it.`);
  });

  it('refuse an invalid port', () => {
    expect(readPort({})).toBe(3000);
    expect(() => readPort({ PORT: '70000' })).toThrow(/^PORT must be a number/);
    expect(() => readPort({ PORT: 'http' })).toThrow(/^PORT must be a number/);
  });
});
