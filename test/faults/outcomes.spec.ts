import { afterEach, describe, expect, it } from '@jest/globals';
import {
  OurSmsConnectionError,
  OurSmsError,
  OurSmsGatewayError,
  OurSmsResponseError,
  OurSmsTimeoutError,
  type OurSmsService,
} from 'nestjs-oursms';
import type { GatewaySimulator } from 'nestjs-oursms/testing';
import { rejection, startBench, type TestBench } from '../support/application.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'hello', dlr: true };

const CALLS = {
  send: (sms: OurSmsService) => sms.send(MESSAGE),
  sendByGet: (sms: OurSmsService) => sms.send(MESSAGE, { method: 'GET' }),
  downloadDlrs: (sms: OurSmsService) => sms.downloadDlrs(),
  getCredits: (sms: OurSmsService) => sms.getCredits(),
};
const CALL_NAMES = Object.keys(CALLS) as (keyof typeof CALLS)[];

interface Expected {
  fault: string;
  play: (gateway: GatewaySimulator) => unknown;
  type: abstract new (...args: never[]) => OurSmsError;
  outcome: 'notSent' | 'unknown';
  /** Whether repeating a call that can do no harm may help. */
  transient: boolean;
  /** `http.timeoutMs`, where it must pass. */
  timeoutMs?: number;
  fields?: Record<string, unknown>;
}

const FAULTS: Expected[] = [
  {
    fault: 'a refused connection',
    play: (gateway) => gateway.refuseConnections(),
    type: OurSmsConnectionError,
    outcome: 'notSent',
    transient: true,
    fields: { code: 'ECONNREFUSED' },
  },
  {
    fault: 'a reset before the request was processed',
    play: (gateway) => gateway.faults.next('resetBefore'),
    type: OurSmsConnectionError,
    outcome: 'unknown',
    transient: true,
  },
  {
    fault: 'a reset after the request was processed',
    play: (gateway) => gateway.faults.next('resetAfter'),
    type: OurSmsConnectionError,
    outcome: 'unknown',
    transient: true,
  },
  {
    fault: 'half an answer',
    play: (gateway) => gateway.faults.next('halfClosed', { bytes: 1 }),
    type: OurSmsResponseError,
    outcome: 'unknown',
    transient: true,
    fields: { httpStatus: 200 },
  },
  {
    fault: 'no answer',
    play: (gateway) => gateway.faults.next('hang'),
    type: OurSmsTimeoutError,
    outcome: 'unknown',
    transient: true,
    timeoutMs: 100,
    fields: { timeoutMs: 100 },
  },
  {
    fault: 'an answer that drips for longer than the deadline',
    play: (gateway) => gateway.faults.next('slowBody', { bytes: 1, everyMs: 250 }),
    type: OurSmsTimeoutError,
    outcome: 'unknown',
    transient: true,
    timeoutMs: 100,
  },
  {
    fault: 'garbage',
    play: (gateway) => gateway.faults.next('garbage'),
    type: OurSmsResponseError,
    outcome: 'unknown',
    transient: true,
  },
  {
    fault: 'an HTML page with status 200',
    play: (gateway) => gateway.faults.next('html'),
    type: OurSmsResponseError,
    outcome: 'unknown',
    transient: true,
  },
  {
    fault: 'an HTML page with status 403',
    play: (gateway) => gateway.faults.next('html', { status: 403 }),
    type: OurSmsGatewayError,
    outcome: 'notSent',
    transient: false,
    fields: { httpStatus: 403, kind: 'other', code: undefined },
  },
  {
    fault: 'a known error code in a 200',
    play: (gateway) => gateway.faults.next('errorIn200'),
    type: OurSmsGatewayError,
    outcome: 'notSent',
    transient: false,
    fields: { httpStatus: 200, kind: 'routing', code: 6208 },
  },
  {
    fault: 'an unknown error code in a 200',
    play: (gateway) => gateway.faults.next('errorIn200', { errorCode: 7777, message: 'who knows' }),
    type: OurSmsGatewayError,
    outcome: 'unknown',
    transient: false,
    fields: { httpStatus: 200, kind: 'other', code: 7777, description: 'who knows' },
  },
  {
    fault: '429 with Retry-After in seconds',
    play: (gateway) => gateway.faults.next('rateLimit', { retryAfter: 7 }),
    type: OurSmsGatewayError,
    outcome: 'notSent',
    transient: true,
    fields: { httpStatus: 429, kind: 'rateLimit', retryAfterMs: 7_000 },
  },
  {
    fault: '500',
    play: (gateway) => gateway.faults.next('serverError'),
    type: OurSmsGatewayError,
    outcome: 'unknown',
    transient: true,
    fields: { httpStatus: 500, kind: 'server' },
  },
  {
    fault: '503',
    play: (gateway) => gateway.faults.next('unavailable'),
    type: OurSmsGatewayError,
    outcome: 'unknown',
    transient: true,
    fields: { httpStatus: 503, kind: 'server', retryAfterMs: undefined },
  },
  {
    fault: 'an answer that is too large',
    play: (gateway) => gateway.faults.next('huge', { bytes: 1_000_000 }),
    type: OurSmsResponseError,
    outcome: 'unknown',
    transient: true,
  },
  {
    fault: 'a redirect',
    play: (gateway) => gateway.faults.next('redirect', { location: gateway.url, status: 307 }),
    type: OurSmsGatewayError,
    outcome: 'unknown',
    transient: false,
    fields: { httpStatus: 307, kind: 'other' },
  },
];

let bench: TestBench;
afterEach(() => bench?.close());

const WAYS = [
  { way: '', hooked: false },
  { way: ', through axios with an interceptor', hooked: true },
];

describe.each(WAYS.flatMap((way) => CALL_NAMES.map((call) => ({ ...way, call }))))('$call$way', ({ call, hooked }) => {
  it.each(FAULTS)(
    'reports type, outcome and retryability for $fault',
    async ({ play, type, outcome, transient, timeoutMs, fields }) => {
      bench = await startBench({ http: { timeoutMs, maxResponseBytes: 65_536 } });
      if (hooked) bench.sms.httpService.axiosRef.interceptors.request.use((request) => request);
      await play(bench.gateway);
      const error = await rejection(CALLS[call](bench.sms), type);
      const operation = call === 'sendByGet' ? 'send' : call;
      const harmless = operation !== 'send' || outcome === 'notSent';
      expect(error).toMatchObject({
        outcome,
        retryable: transient && harmless,
        operation,
        account: 'default',
        ...fields,
      });
      expect(error.message).toMatch(/\(account default\): .+\. .+\.$/);
      const requests = bench.gateway.requests.length;
      expect(requests).toBe(error instanceof OurSmsConnectionError && error.outcome === 'notSent' ? 0 : 1);
    },
  );

  it('works again after each fault', async () => {
    bench = await startBench({ http: { timeoutMs: 300, maxResponseBytes: 65_536 } });
    for (const { play } of FAULTS.slice(1)) {
      await play(bench.gateway);
      await CALLS[call](bench.sms).catch(() => undefined);
      await CALLS[call](bench.sms);
    }
    await bench.gateway.refuseConnections();
    await expect(CALLS[call](bench.sms)).rejects.toThrow(OurSmsConnectionError);
    await bench.gateway.acceptConnections();
    await CALLS[call](bench.sms);
  });
});

describe('wrong credentials, an empty balance, an unregistered sender', () => {
  it.each([
    ['auth', 401, 1001, { auth: { username: 'demo', password: 'wrong' } }, {}],
    ['balance', 402, 1008, {}, { accounts: [{ username: 'demo', password: 'demo', credits: 0 }] }],
    ['sender', 400, 6307, {}, { accounts: [{ username: 'demo', password: 'demo', senders: ['Other'] }] }],
  ])('are distinguished by their kind: %s', async (kind, httpStatus, code, options, simulator) => {
    bench = await startBench(options, simulator);
    const error = await rejection(bench.sms.send(MESSAGE), OurSmsGatewayError);
    expect(error).toMatchObject({ kind, httpStatus, code, outcome: 'notSent', retryable: false });
  });
});
