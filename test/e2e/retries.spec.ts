import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  OurSmsAbortedError,
  OurSmsConnectionError,
  OurSmsError,
  OurSmsGatewayError,
  OurSmsTimeoutError,
  type OurSmsRetryOptions,
} from 'nestjs-oursms';
import { rejection, startBench, until, type TestBench } from '../support/application.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567', '0507654321'], body: 'hello' };
const QUICK: OurSmsRetryOptions = { delayMs: 5 };
const GUARDED: OurSmsRetryOptions = { ...QUICK, unknownOutcome: 'guarded' };
/** Long enough for a request on a busy machine. */
const http = { timeoutMs: 200 };

let bench: TestBench;
afterEach(() => bench?.close());

const start = async (retry: OurSmsRetryOptions): Promise<TestBench> => (bench = await startBench({ retry, http }));
const sends = (): number => bench.gateway.requests.filter(({ call }) => call === 'send').length;
const phone = (): number => bench.gateway.phone('966501234567').length;

describe('a message that was not sent', () => {
  it('is retried when the gateway asks for that, and the receipt gives the number of tries', async () => {
    await start(QUICK);
    bench.gateway.faults.next('rateLimit', { retryAfter: 0, times: 2 });
    expect(await bench.sms.send(MESSAGE)).toMatchObject({ accepted: 2, attempts: 3 });
    expect(phone()).toBe(1);
    expect(bench.logs.matching('Try 1 of 3 failed; the next is in')).toHaveLength(1);
  });

  it('is retried, whereas a message sent at the first try has no attempts in its receipt', async () => {
    await start(QUICK);
    const receipt = await bench.sms.send(MESSAGE);
    expect(receipt).not.toHaveProperty('attempts');
    expect(receipt).not.toHaveProperty('confirmedByTwin');
  });

  it('is retried after the time in Retry-After', async () => {
    await start(QUICK);
    bench.gateway.faults.next('rateLimit', { retryAfter: 1 });
    const began = performance.now();
    expect(await bench.sms.send(MESSAGE)).toMatchObject({ attempts: 2 });
    expect(performance.now() - began).toBeGreaterThan(990);
  });

  it('is retried until the gateway can be reached', async () => {
    await start({ delayMs: 100, attempts: 20 });
    await bench.gateway.refuseConnections();
    const sending = bench.sms.send(MESSAGE);
    await until('a try failed', () => bench.logs.matching('ECONNREFUSED').length > 0);
    await bench.gateway.acceptConnections();
    expect((await sending).attempts).toBeGreaterThan(1);
    expect(phone()).toBe(1);
  });

  it('is given up after retry.attempts tries, with the error of the last try', async () => {
    await start(QUICK);
    bench.gateway.faults.next('rateLimit', { retryAfter: 0, times: Infinity });
    const error = await rejection(bench.sms.send(MESSAGE), OurSmsGatewayError);
    expect(error).toMatchObject({ outcome: 'notSent', kind: 'rateLimit' });
    expect(sends()).toBe(3);
  });

  it('is given up at once when the next try would begin after the deadline', async () => {
    await start({ ...QUICK, deadlineMs: 500 });
    bench.gateway.faults.next('rateLimit', { retryAfter: 1 });
    const began = performance.now();
    await rejection(bench.sms.send(MESSAGE), OurSmsGatewayError);
    expect(performance.now() - began).toBeLessThan(900);
    expect(sends()).toBe(1);
  });

  it.each([
    ['wrong credentials', () => startBench({ retry: QUICK, auth: { username: 'demo', password: 'wrong' } })],
    [
      'an empty balance',
      () => startBench({ retry: QUICK }, { accounts: [{ username: 'demo', password: 'demo', credits: 0 }] }),
    ],
  ])('is not retried when a retry cannot help: %s', async (_what, open) => {
    bench = await open();
    await rejection(bench.sms.send(MESSAGE), OurSmsGatewayError);
    expect(sends()).toBe(1);
  });

  it('is not retried when retry.attempts is 1', async () => {
    await start({ attempts: 1 });
    bench.gateway.faults.next('rateLimit', { retryAfter: 0 });
    await rejection(bench.sms.send(MESSAGE), OurSmsGatewayError);
    expect(sends()).toBe(1);
  });

  it("is given up at once when the caller's signal aborts", async () => {
    await start(QUICK);
    bench.gateway.faults.next('rateLimit', { retryAfter: 30 });
    const giveUp = new AbortController();
    const sending = rejection(bench.sms.send(MESSAGE, { signal: giveUp.signal }), OurSmsAbortedError);
    await until('the send waits for its next try', () => bench.logs.matching('the next is in').length === 1);
    giveUp.abort();
    expect(await sending).toMatchObject({ outcome: 'notSent' });
    expect(sends()).toBe(1);
  });
});

describe('a message that may have been sent', () => {
  it.each(['resetAfter', 'resetBefore', 'hang', 'serverError', 'garbage'] as const)(
    'is not sent again by default: %s',
    async (kind) => {
      await start(QUICK);
      bench.gateway.faults.next(kind);
      expect(await rejection(bench.sms.send(MESSAGE), OurSmsError)).toMatchObject({ outcome: 'unknown' });
      expect(sends()).toBe(1);
    },
  );
});

describe('a message that may have been sent, with guarded retries,', () => {
  it.each(['resetAfter', 'hang', 'garbage', 'empty', 'halfClosed'] as const)(
    'reaches the phone once, and the receipt shows that the first try was sent: %s',
    async (kind) => {
      await start(GUARDED);
      bench.gateway.faults.next(kind);
      const receipt = await bench.sms.send(MESSAGE);
      expect(receipt).toMatchObject({ attempts: 2, accepted: 0, duplicates: 2, confirmedByTwin: 2 });
      expect(phone()).toBe(1);
    },
  );

  it.each(['resetBefore', 'serverError', 'html'] as const)(
    'reaches the phone when the first try was not sent: %s',
    async (kind) => {
      await start(GUARDED);
      bench.gateway.faults.next(kind);
      expect(await bench.sms.send(MESSAGE)).toMatchObject({ attempts: 2, accepted: 2, confirmedByTwin: 0 });
      expect(phone()).toBe(1);
    },
  );

  it('is retried with a prevDups that covers the first try, and at least the prevDups of the message', async () => {
    await start(GUARDED);
    bench.gateway.faults.next('resetAfter');
    await bench.sms.send(MESSAGE);
    bench.gateway.faults.next('resetAfter');
    await bench.sms.send({ ...MESSAGE, body: 'another', prevDups: 90 });
    const params = bench.gateway.requests.map(({ params: { prevDups } }) => prevDups);
    expect(params).toEqual([undefined, '2', '90', '90']);
  });

  it('is retried after http.timeoutMs, when the gateway has finished the first try', async () => {
    await start(GUARDED);
    bench.gateway.faults.next('resetAfter');
    const began = performance.now();
    await bench.sms.send(MESSAGE);
    expect(performance.now() - began).toBeGreaterThanOrEqual(http.timeoutMs - 2);
  });

  it('stays guarded when the gateway rate limits a retry', async () => {
    await start({ ...GUARDED, attempts: 4 });
    bench.gateway.faults.next('resetAfter');
    bench.gateway.faults.next('rateLimit', { retryAfter: 0 });
    bench.gateway.faults.next('resetBefore');
    expect(await bench.sms.send(MESSAGE)).toMatchObject({ attempts: 4, confirmedByTwin: 2 });
    expect(phone()).toBe(1);
  });

  it('is reported as unknown when no retry settles the outcome, even if the last one was not sent', async () => {
    await start({ ...GUARDED, attempts: 2 });
    bench.gateway.faults.next('hang');
    bench.gateway.faults.next('rateLimit', { retryAfter: 0 });
    const error = await rejection(bench.sms.send(MESSAGE), OurSmsTimeoutError);
    expect(error.outcome).toBe('unknown');
    expect(phone()).toBe(1);
  });

  it.each([{ delay: 5 }, { delay: 5, prevDups: 60 }])(
    'is not retried when it has a delay at the gateway: %j',
    async (held) => {
      await start(GUARDED);
      bench.gateway.faults.next('resetAfter');
      await rejection(bench.sms.send({ ...MESSAGE, ...held }), OurSmsConnectionError);
      expect(sends()).toBe(1);
    },
  );

  it('stays a duplicate when the gateway answers the first try that way', async () => {
    await start(GUARDED);
    await bench.sms.send(MESSAGE);
    const receipt = await bench.sms.send({ ...MESSAGE, prevDups: 10 });
    expect(receipt).toMatchObject({ accepted: 0, duplicates: 2 });
    expect(receipt).not.toHaveProperty('confirmedByTwin');
  });

  it('is retried when the server closes a kept-alive connection during the request', async () => {
    // A gateway that answers the first request of a connection, and resets the connection when the second begins.
    let received = '';
    const server = createServer((socket) => {
      let requests = 0;
      socket
        .on('error', () => undefined)
        .on('data', (data) => {
          if (data.toString().startsWith('POST')) requests += 1;
          if (requests > 1) {
            socket.resetAndDestroy();
            return;
          }
          received += data.toString();
          if (!data.toString().includes('dests=')) return;
          const json = '{"jobId":"1","accepted":1,"duplicates":0}';
          socket.write(
            `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`,
          );
        });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const baseUrl = `http://127.0.0.1:${port}/api-a`;
    bench = await startBench({ baseUrl, retry: GUARDED, http: { ...http, maxConnections: 1 } });
    await bench.sms.send({ ...MESSAGE, body: 'first' });
    expect(await bench.sms.send({ ...MESSAGE, body: 'second' })).toMatchObject({ attempts: 2 });
    expect(received.match(/prevDups=2/g)).toHaveLength(1);
    server.close();
  });
});
