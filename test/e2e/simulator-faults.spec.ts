import { Agent } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GatewaySimulator } from '../../lib/testing/simulator/gateway-simulator.js';
import { get, hello, overWire, post } from '../support/simulator-client.js';

let gateway: GatewaySimulator;
beforeEach(async () => {
  gateway = await GatewaySimulator.start();
});
afterEach(() => gateway.stop());

const send = (signal?: AbortSignal) => overWire(gateway.url, post(hello), { signal });
const download = () => overWire(gateway.url, get('/inbox/dlrs'));
const onPhone = (): number => gateway.phone('966501234567').length;
const json = ({ body }: { body: Buffer }): unknown => JSON.parse(body.toString());

describe('the simulator: faults after which the gateway has not processed the request', () => {
  afterEach(() => {
    expect(onPhone()).toBe(0);
    expect(gateway.credits('demo')).toBe(1000);
    expect(gateway.requests[0]).toMatchObject({ processed: false, params: hello });
  });

  it('resetBefore: resets the connection', async () => {
    gateway.faults.next('resetBefore');
    expect(await send()).toMatchObject({ fault: 'ECONNRESET' });
    expect(gateway.requests[0]).toMatchObject({ fault: 'resetBefore', status: undefined });
  });

  it('html: answers with a web page instead of JSON, under any status', async () => {
    gateway.faults.next('html');
    gateway.faults.next('html', { status: 403 });
    const [first, second] = [await send(), await send()];
    expect([first.status, second.status]).toEqual([200, 403]);
    expect(first.headers['content-type']).toMatch('text/html');
    expect(first.body.toString()).toMatch(/^<!DOCTYPE html>/);
  });

  it('errorIn200: gives an error under 200', async () => {
    gateway.faults.next('errorIn200');
    gateway.faults.next('errorIn200', { errorCode: 1008, message: 'no balance' });
    const [first, second] = [await send(), await send()];
    expect([first.status, json(first)]).toEqual([200, { errorCode: 6208, message: 'prefix not supported' }]);
    expect([second.status, json(second)]).toEqual([200, { errorCode: 1008, message: 'no balance' }]);
  });

  it('rateLimit: gives 429 with Retry-After', async () => {
    gateway.faults.next('rateLimit');
    gateway.faults.next('rateLimit', { retryAfter: 'Sat, 31 Jan 2026 12:00:00 GMT' });
    expect(await send()).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    expect(await send()).toMatchObject({ status: 429, headers: { 'retry-after': 'Sat, 31 Jan 2026 12:00:00 GMT' } });
  });

  it('serverError: gives 500 with an error', async () => {
    gateway.faults.next('serverError');
    const answer = await send();
    expect([answer.status, json(answer)]).toEqual([500, { errorCode: 500, message: expect.any(String) }]);
  });

  it('unavailable: gives 503, with Retry-After when set', async () => {
    gateway.faults.next('unavailable');
    gateway.faults.next('unavailable', { retryAfter: 2 });
    const [first, second] = [await send(), await send()];
    expect([first.status, second.status]).toEqual([503, 503]);
    expect([first.headers['retry-after'], second.headers['retry-after']]).toEqual([undefined, '2']);
  });

  it('redirect: answers with a redirect', async () => {
    gateway.faults.next('redirect', { location: 'http://127.0.0.1:1/login' });
    gateway.faults.next('redirect', { location: '/x', status: 307 });
    expect(await send()).toMatchObject({ status: 302, headers: { location: 'http://127.0.0.1:1/login' } });
    expect(await send()).toMatchObject({ status: 307, headers: { location: '/x' } });
  });
});

describe('the simulator: faults after which the gateway has processed the request', () => {
  afterEach(() => {
    expect(onPhone()).toBe(1);
    expect(gateway.requests[0]).toMatchObject({ processed: true });
  });

  it('latency: processes the request at once and answers late', async () => {
    gateway.faults.next('latency', { ms: 150 });
    const started = performance.now();
    const answer = send();
    while (gateway.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(onPhone()).toBe(1);
    expect((await answer).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(140);
    expect(gateway.requests[0]).toMatchObject({ fault: 'latency', status: 200 });
  });

  it('resetAfter: resets the connection without an answer', async () => {
    gateway.faults.next('resetAfter');
    expect(await send()).toMatchObject({ fault: 'ECONNRESET' });
  });

  it('halfClosed: ends in the middle of the body', async () => {
    gateway.faults.next('halfClosed');
    const { status, headers, body, fault } = await send();
    expect([status, fault]).toEqual([200, 'ECONNRESET']);
    expect(body.length).toBe(Number(headers['content-length']) >> 1);
    expect(body.toString()).toMatch(/^\{"jobId":/);
  });

  it.each([0, 1, 20])('halfClosed: sends %i bytes of the body when set', async (bytes) => {
    gateway.faults.next('halfClosed', { bytes });
    expect(await send()).toMatchObject({ status: 200, fault: 'ECONNRESET', body: { length: bytes } });
  });

  it('slowBody: sends the body slowly', async () => {
    gateway.faults.next('slowBody', { bytes: 50, everyMs: 20 });
    const started = performance.now();
    const { body, fault } = await send();
    expect(fault).toBeUndefined();
    expect(json({ body })).toMatchObject({ accepted: 1 });
    expect(performance.now() - started).toBeGreaterThan((Math.floor(body.length / 50) - 1) * 20);
  });

  it('hang: never answers', async () => {
    gateway.faults.next('hang');
    const { status, fault } = await send(AbortSignal.timeout(100));
    expect([status, fault]).toEqual([undefined, 'ABORT_ERR']);
    expect(gateway.requests[0]).toMatchObject({ fault: 'hang', status: undefined });
  });

  it('garbage: gives bytes that are not JSON', async () => {
    gateway.faults.next('garbage');
    const answer = await send();
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': expect.stringMatching('json') } });
    expect(() => json(answer)).toThrow(SyntaxError);
  });

  it('garbage: gives the configured body', async () => {
    gateway.faults.next('garbage', { body: '[{"msgId":"1"},' });
    expect((await send()).body.toString()).toBe('[{"msgId":"1"},');
  });

  it('empty: gives 200 and no body', async () => {
    gateway.faults.next('empty');
    expect(await send()).toMatchObject({ status: 200, headers: { 'content-length': '0' }, body: { length: 0 } });
  });

  it('serverError: gives 500 after processing the request when set', async () => {
    gateway.faults.next('serverError', { processed: true });
    expect((await send()).status).toBe(500);
  });

  it('huge: streams the configured number of bytes without a Content-Length', async () => {
    gateway.faults.next('huge', { bytes: 3_000_000 });
    const { headers, body } = await send();
    expect([headers['content-length'], body.length]).toEqual([undefined, 3_000_000]);
    expect(json({ body })).toHaveLength(2_999_998);
  });

  it('huge: survives a client that disconnects', async () => {
    gateway.faults.next('huge');
    const enough = new AbortController();
    const answer = send(enough.signal);
    while (gateway.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    enough.abort();
    expect((await answer).fault).toBe('ABORT_ERR');
    expect((await overWire(gateway.url, get('/billing/credits'))).status).toBe(200);
  });
});

describe('the simulator: faults of a download', () => {
  it.each(['resetAfter', 'halfClosed', 'empty', 'garbage'] as const)('%s: the reports are gone', async (kind) => {
    gateway.pushReport('demo', { msgId: '1' });
    gateway.faults.next(kind, { on: 'dlrs' });
    await download();
    expect(gateway.handedOut).toEqual([{ msgId: '1' }]);
    expect(json(await download())).toEqual([]);
  });

  it.each(['resetBefore', 'html', 'rateLimit', 'errorIn200'] as const)('%s: the reports are kept', async (kind) => {
    gateway.pushReport('demo', { msgId: '1' });
    gateway.faults.next(kind, { on: 'dlrs' });
    await download();
    expect(gateway.handedOut).toEqual([]);
    expect(json(await download())).toEqual([{ msgId: '1' }]);
  });

  it('envelope: puts the reports under another field once', async () => {
    gateway.pushReport('demo', { msgId: '1' });
    gateway.faults.next('envelope', { envelope: 'results' });
    expect((await send()).status).toBe(200);
    expect(json(await download())).toEqual({ results: [{ msgId: '1' }] });
    expect(json(await download())).toEqual([]);
  });
});

describe('the simulator: planning of faults', () => {
  it('plays a fault the given number of times, on the given call', async () => {
    gateway.faults.next('serverError', { on: 'credits', times: 2 });
    const credits = async () => (await overWire(gateway.url, get('/billing/credits'))).status;
    expect((await send()).status).toBe(200);
    expect([await credits(), gateway.faults.pending, await credits(), gateway.faults.pending]).toEqual([
      500, 1, 500, 0,
    ]);
    expect(await credits()).toBe(200);
  });

  it('plays faults in the planned order, one per request, and a latency in addition', async () => {
    gateway.faults.next('unavailable');
    gateway.faults.next('rateLimit');
    gateway.faults.next('latency', { ms: 100 });
    const started = performance.now();
    expect((await send()).status).toBe(503);
    expect(performance.now() - started).toBeGreaterThan(90);
    expect((await send()).status).toBe(429);
    expect((await send()).status).toBe(200);
  });

  it('spends no fault on a path outside the API', async () => {
    gateway.faults.next('unavailable');
    expect((await overWire(gateway.url, get('/nowhere'))).status).toBe(404);
    expect(gateway.faults.pending).toBe(1);
  });

  it('plays a fault by chance, the same for the same seed', async () => {
    const run = async (seed: number): Promise<(number | undefined)[]> => {
      gateway.faults.clear();
      gateway.faults.chance('unavailable', 0.5, { seed });
      const statuses: (number | undefined)[] = [];
      for (let i = 0; i < 40; i++) statuses.push((await send()).status);
      return statuses;
    };
    const [one, again, other] = [await run(7), await run(7), await run(8)];
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
    const played = one.filter((status) => status === 503).length;
    expect(played).toBeGreaterThan(8);
    expect(played).toBeLessThan(32);
  });

  it('never plays at probability 0, always at 1, and no more once cleared', async () => {
    gateway.faults.chance('rateLimit', 0);
    expect((await send()).status).toBe(200);
    gateway.faults.chance('unavailable', 1, { on: 'send' });
    expect([(await send()).status, (await download()).status]).toEqual([503, 200]);
    gateway.faults.next('rateLimit', { times: Infinity });
    expect([(await send()).status, (await send()).status]).toEqual([429, 429]);
    gateway.faults.clear();
    expect((await send()).status).toBe(200);
  });

  it('refuses invalid arguments', () => {
    expect(() => gateway.faults.next('hang', { times: 0 })).toThrow(RangeError);
    expect(() => gateway.faults.next('hang', { times: 1.5 })).toThrow(RangeError);
    expect(() => gateway.faults.chance('hang', 1.1)).toThrow(RangeError);
    expect(() => gateway.faults.chance('hang', NaN)).toThrow(RangeError);
  });

  it('resets a kept-alive connection, and serves the next one', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await overWire(gateway.url, post(hello), { agent })).status).toBe(200);
    gateway.faults.next('resetBefore');
    expect((await overWire(gateway.url, post(hello), { agent })).fault).toBe('ECONNRESET');
    expect((await overWire(gateway.url, post(hello), { agent })).status).toBe(200);
    agent.destroy();
  });
});
