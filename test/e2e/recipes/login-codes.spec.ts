import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { bootstrap } from '../../../sample-app/recipes/login-codes.js';
import { RecipeBench, type RecipeAnswer } from '../../support/recipe-bench.js';
import { setClock } from '../../support/set-clock.js';

const NUMBER = '0501234567';
const PHONE = '966501234567';
const MINUTE_MS = 60_000;

let bench: RecipeBench;

beforeEach(async () => {
  bench = await RecipeBench.open();
  await bench.start(bootstrap);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await bench.close();
});

const ask = (number = NUMBER): Promise<RecipeAnswer> => bench.post('/login-codes', { number });
const verify = (code: string, number = NUMBER): Promise<RecipeAnswer> =>
  bench.post('/login-codes/verify', { number, code });
/** The codes that the phone got, oldest first. */
const codes = (): string[] => bench.gateway.phone(PHONE).map(({ body }) => /\d{6}/.exec(body)?.[0] ?? '');
const lastCode = (): string => codes().at(-1) ?? '';
const wrongCode = (): string => String((Number(lastCode()) + 1) % 1_000_000).padStart(6, '0');

describe('the recipe of login codes', () => {
  it('sends a code with its purpose, and accepts it once', async () => {
    expect(await ask()).toEqual({ status: 202, body: { resendAfterSeconds: 60 } });
    const [message] = bench.gateway.phone(PHONE);
    expect(message?.body).toMatch(/^رمز الدخول إلى متجر الواحة: \d{6}\n/);
    expect(message?.parts).toBe(1);
    expect((await verify(lastCode(), '+966 50 123 4567')).status).toBe(204);
    expect((await verify(lastCode())).status).toBe(401);
  });

  it('refuses a wrong code, and every code after too many attempts', async () => {
    await ask();
    for (let attempt = 1; attempt <= 4; attempt++) expect((await verify(wrongCode())).status).toBe(401);
    expect((await verify(lastCode())).status).toBe(204);

    setClock(2 * MINUTE_MS);
    await ask();
    for (let attempt = 1; attempt <= 5; attempt++) expect((await verify(wrongCode())).status).toBe(401);
    expect((await verify(lastCode())).status).toBe(401);
  });

  it('refuses the code of another number, and one that was never sent', async () => {
    await ask();
    expect((await verify(lastCode(), '0507654321')).status).toBe(401);
    expect((await verify(lastCode())).status).toBe(204);
  });

  it('refuses a code that has expired', async () => {
    await ask();
    setClock(5 * MINUTE_MS);
    expect((await verify(lastCode())).status).toBe(401);
  });

  it('sends a message that expires with its code', async () => {
    await ask();
    expect(bench.gateway.requests[0]?.params).toMatchObject({ validity: '5' });
  });

  it('sends another code after the cooldown, in any spelling of the number, and only the last code works', async () => {
    await ask();
    setClock(59_000);
    expect(await ask('+966 50 123 4567')).toMatchObject({ status: 429, body: { retryAfterSeconds: 1 } });
    setClock(MINUTE_MS);
    expect((await ask('٠٥٠١٢٣٤٥٦٧')).status).toBe(202);
    expect(codes()).toHaveLength(2);
    if (codes()[0] !== codes()[1]) expect((await verify(codes()[0] ?? '')).status).toBe(401);
    expect((await verify(lastCode())).status).toBe(204);
  });

  it('sends one message for two requests at once', async () => {
    const statuses = (await Promise.all([ask(), ask()])).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([202, 429]);
    expect(codes()).toHaveLength(1);
  });

  it('sends at most five codes an hour to a number, including used codes', async () => {
    for (let sent = 0; sent < 5; sent++) {
      setClock(sent * 2 * MINUTE_MS);
      expect((await ask()).status).toBe(202);
      expect((await verify(lastCode())).status).toBe(204);
    }
    setClock(30 * MINUTE_MS);
    const refused = await ask();
    expect(refused.status).toBe(429);
    const { retryAfterSeconds } = refused.body as { retryAfterSeconds: number };
    expect(retryAfterSeconds).toBeGreaterThan(29 * 60);
    expect(retryAfterSeconds).toBeLessThanOrEqual(30 * 60);
    expect((await ask('0507654321')).status).toBe(202);
    setClock(60 * MINUTE_MS + 1_000);
    expect((await ask()).status).toBe(202);
  });

  it('accepts the code of a message with unknown outcome that has arrived', async () => {
    bench.gateway.faults.next('resetAfter', { on: 'send' });
    expect(await ask()).toEqual({ status: 202, body: { resendAfterSeconds: 60 } });
    expect(codes()).toHaveLength(1);
    expect((await ask()).status).toBe(429);
    expect((await verify(lastCode())).status).toBe(204);
  });

  it('asks the caller to wait when the outcome is unknown, and then sends another code', async () => {
    // The gateway did not act on the request, but no client can tell that from a lost answer.
    bench.gateway.faults.next('resetBefore', { on: 'send' });
    expect((await ask()).status).toBe(202);
    expect(codes()).toHaveLength(0);
    expect((await ask()).status).toBe(429);
    setClock(MINUTE_MS);
    expect((await ask()).status).toBe(202);
    expect((await verify(lastCode())).status).toBe(204);
  });

  it('lets a caller try again at once when nothing was sent, and an earlier code still works', async () => {
    await ask();
    setClock(MINUTE_MS);
    bench.gateway.setCredits('demo', 0);
    expect(await ask()).toMatchObject({ status: 503, body: { outcome: 'notSent' } });
    expect((await verify(lastCode())).status).toBe(204);
    bench.gateway.setCredits('demo', 10);
    expect((await ask()).status).toBe(202);
    expect(codes()).toHaveLength(2);
  });

  it('does not count failed sends to a new number', async () => {
    bench.gateway.setCredits('demo', 0);
    for (let tries = 0; tries < 6; tries++) expect((await ask()).status).toBe(503);
    bench.gateway.setCredits('demo', 10);
    expect((await ask()).status).toBe(202);
  });

  it('answers 400 for a number that the gateway rejects, and does not count the send', async () => {
    await bench.close();
    bench = await RecipeBench.open({ unroutable: ['966501'] });
    await bench.start(bootstrap);
    for (let tries = 0; tries < 2; tries++) expect((await ask()).status).toBe(400);
    expect((await ask('0507654321')).status).toBe(202);
  });

  it.each([[{ number: '12345' }], [{ number: '+971501234567' }], [{ number: 5 }], [{}]])(
    'refuses %j with 400 and sends nothing',
    async (body) => {
      expect((await bench.post('/login-codes', body)).status).toBe(400);
      expect(bench.gateway.requests).toHaveLength(0);
    },
  );

  it('logs neither a number nor a text', async () => {
    bench.gateway.faults.next('resetAfter', { on: 'send' });
    await ask();
    await verify(wrongCode());
    await verify(lastCode());
    const lines = bench.logs.matching(/./);
    expect(lines.filter((line) => line.includes('may not have arrived'))).toHaveLength(1);
    expect(lines.filter((line) => /501234567|رمز/.test(line) || line.includes(lastCode()))).toEqual([]);
  });
});
