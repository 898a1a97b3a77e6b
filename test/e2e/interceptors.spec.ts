import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  OurSmsAbortedError,
  OurSmsConnectionError,
  OurSmsError,
  OurSmsGatewayError,
  OurSmsResponseError,
  OurSmsService,
  type DlrGap,
  type UnreadableDlrs,
} from 'nestjs-oursms';
import axios, { AxiosError, type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { DEMO, rejection, startBench, until, type TestBench } from '../support/application.js';
import { InboxBench } from '../support/inbox-bench.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'Your code is 483920' };
const PASSWORD = 'p4ss w/rd';

/** Response interceptors that applications use, or may use by mistake. */
const HABITS: [string, (response: AxiosResponse) => unknown][] = [
  ['returns only the data', (response) => response.data as unknown],
  ['returns nothing', () => undefined],
  ['removes the data', (response) => ({ ...response, data: undefined })],
  ['returns only the parsed data', ({ data }) => JSON.parse(data as string) as unknown],
];

/** Response interceptors after which the answer cannot be read. */
const BREAKS: [string, (response: AxiosResponse) => unknown][] = [
  [
    'throws',
    (response) => {
      throw new TypeError(`cannot read ${JSON.stringify(response.config.data)} of 966501234567`);
    },
  ],
  [
    'rejects with an AxiosError',
    (response) => Promise.reject(new AxiosError('no', 'E', response.config, {}, response)),
  ],
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as applications do
  ['rejects with nothing', () => Promise.reject()],
  [
    'throws an object whose message getter throws',
    () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- as applications do
      throw Object.defineProperty({}, 'message', { get: () => fail() });
    },
  ],
];
const fail = (): never => {
  throw new Error('a trap');
};

let bench: TestBench;
afterEach(() => bench?.close());

const start = async (options = {}): Promise<AxiosInstance> => {
  bench = await startBench(
    { auth: { username: 'demo', password: PASSWORD }, retry: { attempts: 3, delayMs: 1 }, ...options },
    { accounts: [{ username: 'demo', password: PASSWORD, credits: 100 }] },
  );
  return bench.sms.httpService.axiosRef;
};

/** Everything that an error shows when it is inspected, serialised or printed. */
const everything = (error: Error): string =>
  [inspect(error, { depth: Infinity, showHidden: true, getters: true }), JSON.stringify(error), error.stack].join('\n');

function expectNoSecret(error: Error): void {
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), '483920', '966501234567', '/msgs'])
    expect(everything(error)).not.toContain(secret);
}

describe('a response interceptor', () => {
  it.each(HABITS)('that %s does not change receipts, credits and reports', async (_what, habit) => {
    const { interceptors } = await start();
    interceptors.response.use(habit as never);
    expect(await bench.sms.send(MESSAGE)).toMatchObject({ accepted: 1, total: 1 });
    expect((await bench.sms.getCredits()).credits).toBe(99);
    bench.gateway.pushReport('demo', { msgId: 'm1' });
    expect(await bench.sms.downloadDlrs()).toMatchObject([{ msgId: 'm1' }]);
    bench.gateway.faults.next('rateLimit', { retryAfter: 5 });
    expect(await rejection(bench.sms.getCredits(), OurSmsGatewayError)).toMatchObject({ retryAfterMs: 5_000 });
  });

  it.each(BREAKS)('that %s is named as the cause of a failed send, which is not retried', async (_what, broken) => {
    const { interceptors } = await start();
    interceptors.response.use(broken as never);
    const error = await rejection(bench.sms.send({ ...MESSAGE, dlr: true }), OurSmsConnectionError);
    expect(error).toMatchObject({ outcome: 'unknown', retryable: false });
    expect(error.message).toContain('the gateway answered HTTP 200, and an interceptor of the application failed');
    expect(error.cause).toBeInstanceOf(Error);
    expect(error.cause).not.toHaveProperty('config');
    expectNoSecret(error);
    expect(bench.gateway.requests).toHaveLength(1);
    const credits = await rejection(bench.sms.getCredits(), OurSmsConnectionError);
    expect(credits.message).toContain('an interceptor of the application failed');
    expectNoSecret(credits);
  });

  it('that throws appears as the cause, with the name and the masked message of its error', async () => {
    const { interceptors } = await start();
    interceptors.response.use(() => {
      throw new RangeError(`no shelf for ${PASSWORD} and 966501234567`);
    });
    const { cause } = await rejection(bench.sms.send(MESSAGE), OurSmsConnectionError);
    expect(cause).toMatchObject({ name: 'RangeError', message: 'no shelf for [secret] and [number]' });
  });

  it('that throws on a refusal does not hide the refusal', async () => {
    const { interceptors } = await start();
    interceptors.response.use((response) => {
      if (response.status >= 400) throw new Error(`HTTP ${response.status}`);
      return response;
    });
    bench.gateway.faults.next('rateLimit', { retryAfter: 0 });
    expect(await bench.sms.send(MESSAGE)).toMatchObject({ accepted: 1, attempts: 2 });
    bench.gateway.faults.next('errorIn200', { errorCode: 1008 });
    interceptors.response.use(() => Promise.reject(new Error('no')));
    expect(await rejection(bench.sms.send(MESSAGE), OurSmsGatewayError)).toMatchObject({
      ...{ kind: 'balance', outcome: 'notSent' },
    });
  });

  it('that replaces an answer is named in the error', async () => {
    const { interceptors } = await start();
    interceptors.response.use((response) => ({ ...response, data: 'oops' }));
    const error = await rejection(bench.sms.send(MESSAGE), OurSmsResponseError);
    expect(error.message).toContain('an interceptor of the application replaced it');
    expect(JSON.parse(error.rawBody())).toMatchObject({ accepted: 1 });
  });

  it.each(BREAKS)('that %s loses no reports of a download', async (_what, broken) => {
    const { interceptors } = await start();
    interceptors.response.use(broken as never);
    bench.gateway.pushReport('demo', { msgId: 'm1', dest: '966501234567' });
    expect(await bench.sms.downloadDlrs()).toMatchObject([{ msgId: 'm1' }]);
    expect(bench.logs.matching('An interceptor of the application failed on a download')).toHaveLength(1);
    expect(bench.logs.matching(/966501234567|p4ss/)).toEqual([]);
  });

  it('that resolves after a broken connection does not turn the failure into an answer', async () => {
    const { interceptors } = await start();
    interceptors.response.use(undefined, () => ({ status: 200, headers: {}, data: '{"accepted":1}' }));
    bench.gateway.faults.next('resetAfter');
    const error = await rejection(bench.sms.send(MESSAGE), OurSmsConnectionError);
    expect(error).toMatchObject({ outcome: 'unknown', code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) });
  });

  it('that wraps the error of the transport does not change outcome and code', async () => {
    const { interceptors } = await start();
    interceptors.response.use(undefined, (error: Error) => Promise.reject(new Error('wrapped', { cause: error })));
    await bench.gateway.refuseConnections();
    const error = await rejection(bench.sms.send(MESSAGE), OurSmsConnectionError);
    expect(error).toMatchObject({ outcome: 'notSent', retryable: true, code: 'ECONNREFUSED' });
  });
});

describe('a request interceptor', () => {
  const throwing = (): never => {
    throw new Error(`no ticket for ${PASSWORD}`);
  };

  it.each([
    ['ours', () => undefined],
    ["axios' own", (ref: AxiosInstance) => void (ref.defaults.adapter = 'http')],
  ])('that throws is named as the cause, and is called once (adapter: %s)', async (_which, hook) => {
    const ref = await start();
    hook(ref);
    let asked = 0;
    ref.interceptors.request.use(() => {
      asked += 1;
      return throwing();
    });
    const error = await rejection(bench.sms.send(MESSAGE), OurSmsConnectionError);
    expect(error).toMatchObject({ outcome: 'notSent', retryable: false, cause: { message: 'no ticket for [secret]' } });
    expect(error.message).toContain('an interceptor of the application failed before the request left');
    expect(error.message).not.toContain('could not be reached');
    expectNoSecret(error);
    expect(asked).toBe(1);
    expect(bench.gateway.requests).toHaveLength(0);
    await rejection(bench.sms.downloadDlrs(), OurSmsConnectionError);
    await rejection(bench.sms.getCredits(), OurSmsConnectionError);
    expect(asked).toBe(3);
  });

  it('that rejects with undefined leaves the message not sent', async () => {
    const { interceptors } = await start();
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as applications do
    interceptors.request.use(() => Promise.reject());
    const error = await rejection(bench.sms.send(MESSAGE), OurSmsConnectionError);
    expect(error).toMatchObject({ outcome: 'notSent', retryable: false });
    expect(bench.gateway.requests).toHaveLength(0);
  });

  it("that cancels is not mistaken for an abort by the caller's signal", async () => {
    const { interceptors } = await start();
    interceptors.request.use(() => Promise.reject(new axios.CanceledError('busy')));
    expect(await rejection(bench.sms.send(MESSAGE), OurSmsConnectionError)).toMatchObject({
      ...{ outcome: 'notSent', retryable: false, cause: { message: 'busy' } },
    });
    const signal = AbortSignal.abort();
    expect(await rejection(bench.sms.send(MESSAGE, { signal }), OurSmsAbortedError)).toMatchObject({
      outcome: 'notSent',
    });
  });

  it('that replaces the configuration loses neither the reports nor the outcome of the request', async () => {
    const { interceptors } = await start();
    const renew = ({ method, url, headers, data }: InternalAxiosRequestConfig): InternalAxiosRequestConfig => ({
      ...{ method, url, headers, data: data as unknown },
    });
    interceptors.request.use(renew);
    interceptors.response.use(() => undefined as never);
    bench.gateway.pushReport('demo', { msgId: 'm1' });
    expect(await bench.sms.downloadDlrs()).toMatchObject([{ msgId: 'm1' }]);
    bench.gateway.faults.next('resetAfter', { on: 'send' });
    expect(await rejection(bench.sms.send(MESSAGE), OurSmsConnectionError)).toMatchObject({ outcome: 'unknown' });
    await bench.gateway.refuseConnections();
    expect(await rejection(bench.sms.send(MESSAGE), OurSmsConnectionError)).toMatchObject({ outcome: 'notSent' });
  });

  it('that sets a failing adapter leaves the outcome unknown', async () => {
    const { interceptors } = await start();
    interceptors.request.use((config) => ({ ...config, adapter: () => Promise.reject(new Error('it broke')) }));
    const error = await rejection(bench.sms.send(MESSAGE), OurSmsError);
    expect(error).toMatchObject({ outcome: 'unknown', retryable: false });
  });

  it('that sets an adapter may answer with its own data', async () => {
    const ref = await start();
    const data = { accepted: 1, jobId: 'made up' };
    const adapter = (config: InternalAxiosRequestConfig) =>
      Promise.resolve({ config, data, status: 200, statusText: '', headers: {} } as unknown as AxiosResponse);
    ref.interceptors.request.use((config) => ({ ...config, adapter }));
    ref.interceptors.response.use((response) => response.data as never);
    expect(await bench.sms.send(MESSAGE)).toMatchObject({ jobId: 'made up' });
  });

  it('that is cleared together with those of this package loses no reports', async () => {
    const ref = await start();
    ref.interceptors.request.clear();
    ref.interceptors.response.use((response) => response.data as never);
    bench.gateway.pushReport('demo', { msgId: 'm1' });
    expect(await bench.sms.downloadDlrs()).toMatchObject([{ msgId: 'm1' }]);
  });
});

describe('the inbox, with a response interceptor', () => {
  let inbox: InboxBench;
  let gaps: DlrGap[];
  let unreadable: UnreadableDlrs[];
  beforeEach(() => {
    inbox = new InboxBench();
    gaps = [];
    unreadable = [];
  });
  afterEach(() => inbox.remove());

  const startInbox = async (hook: (ref: AxiosInstance) => void): Promise<void> => {
    const options = { auth: DEMO, dlr: { poll: { everyMs: 20 } }, http: { timeoutMs: 1_000 } };
    await inbox.start(options, undefined, { 'oursms.dlr.gap': gaps, 'oursms.dlr.unreadable': unreadable });
    hook(inbox.application.app.get(OurSmsService).httpService.axiosRef);
  };

  const cases = [...HABITS, ...BREAKS].flatMap(([what, habit]) =>
    (['ours', 'http'] as const).map((adapter): [string, string, (response: AxiosResponse) => unknown] => [
      what,
      adapter,
      habit,
    ]),
  );
  it.each(cases)('that %s, loses no page and announces no gap (adapter: %s)', async (_what, adapter, habit) => {
    await startInbox((ref) => {
      if (adapter === 'http') ref.defaults.adapter = 'http';
      ref.interceptors.response.use(habit as never);
    });
    inbox.push(20);
    await until('all were handled', () => inbox.handled.length === 20);
    await inbox.untilStats('the poll succeeded', ({ lastPoll }) => lastPoll?.result === 'downloaded');
    expect([...gaps, ...unreadable]).toEqual([]);
    expect(await inbox.face.stats()).toMatchObject({ gaps: 0, unreadable: 0 });
  });

  it('that repeats downloads, keeps the reports of each download', async () => {
    await startInbox((ref) => {
      const repeat = (config: InternalAxiosRequestConfig): unknown =>
        (config as { again?: true }).again ? undefined : ref.request({ ...config, again: true } as never);
      ref.interceptors.response.use((response) => (repeat(response.config) ?? response) as never);
    });
    await inbox.face.pause();
    inbox.push(700);
    await inbox.face.resume();
    await until('all were handled', () => inbox.handled.length === 700);
    expect(new Set(inbox.handled.map(({ msgId }) => msgId)).size).toBe(700);
    expect(gaps).toEqual([]);
  });

  it('and an answer that broke off, keeps the received reports', async () => {
    await startInbox((ref) => {
      ref.interceptors.response.use(undefined, () => Promise.reject(new Error('replaced')));
    });
    inbox.gateway.faults.next('halfClosed', { bytes: 250, on: 'dlrs' });
    inbox.push(20);
    await until('the unreadable answer was announced', () => unreadable.length === 1);
    expect(unreadable[0]?.salvaged).toBeGreaterThan(0);
    await until('the recovered reports were handled', () => inbox.handled.length === unreadable[0]?.salvaged);
    expect(gaps).toHaveLength(1);
  });
});
