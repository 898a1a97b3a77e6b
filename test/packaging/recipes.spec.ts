import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { until } from '../support/application.js';
import { RecipeApplication, type RunningRecipe } from '../support/packaging-recipes.js';
import { packTarball, type Tarball } from '../support/packaging-tarball.js';
import { describeWithOwnRedis } from '../support/redis-at-hand.js';
import { TestRedis } from '../support/redis.js';

const NUMBER = '+966501234567';
const PHONE = '966501234567';

let tarball: Tarball;
let application: RecipeApplication;
/** Errors of the compiler. */
let complaints: string[];
let gateway: GatewaySimulator;
let env: Record<string, string>;

beforeAll(async () => {
  tarball = await packTarball();
  application = await RecipeApplication.create(tarball.path);
  complaints = await application.compile();
}, 600_000);

afterAll(async () => {
  await application?.remove();
  await tarball?.remove();
});

beforeEach(async () => {
  gateway = await GatewaySimulator.start();
  env = { OURSMS_BASE_URL: gateway.jsonUrl };
});

afterEach(() => gateway.stop());

const lastCode = (): string => /\d{6}/.exec(gateway.phone(PHONE).at(-1)?.body ?? '')?.[0] ?? '';

async function post(url: string, body: unknown): Promise<{ status: number; cookie: string | null; body: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  const json = text === '' ? undefined : (JSON.parse(text) as unknown);
  return { status: response.status, cookie: response.headers.get('set-cookie'), body: json };
}

describe('the recipes in a user application', () => {
  it('use only the public API: all recipes compile against the packed package', async () => {
    expect((await application.recipes()).length).toBeGreaterThanOrEqual(9);
    expect(complaints).toEqual([]);
  });

  it('have unit tests that pass in Vitest', async () => {
    const { stdout, code } = await application.vitest();
    expect(JSON.parse(stdout)).toMatchObject({ success: true, numPassedTests: 4, numTotalTests: 4 });
    expect(code).toBe(0);
  });

  it.each(['login-codes', 'several-accounts', 'health-and-metrics', 'tracked-order', 'better-auth'])(
    '%s starts, and ends on SIGTERM without a warning',
    async (recipe) => {
      const running = await application.start(recipe, env);
      expect(await running.end()).toEqual({ code: null, signal: 'SIGTERM' });
      expect(running.written()).not.toMatch(/\b(WARN|ERROR)\b/);
    },
  );

  it('nightly-campaign, which has no server, starts, and ends on SIGTERM without a warning', async () => {
    const storage = join(application.directory, 'nightly');
    // The recipe looks for campaigns of earlier nights, which creates the store.
    const hasStarted = (): Promise<boolean> =>
      access(join(storage, 'default')).then(
        () => true,
        () => false,
      );
    const running = await application.start('nightly-campaign', { ...env, OURSMS_STORAGE: storage }, hasStarted);
    expect(await running.end()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(running.written()).not.toMatch(/\b(WARN|ERROR)\b/);
  });

  it('webhook-fastify starts as its first lines describe, and receives a pushed report', async () => {
    // With another address than that of the simulated gateway, the recipe requires a secret.
    const running = await application.start('webhook-fastify', { ...env, DLR_SECRET: 'only-for-the-simulator' });
    await gateway.pushTo(`${running.url}/api/sms/reports/only-for-the-simulator`);
    const { body } = await post(`${running.url}/api/messages`, { dests: NUMBER, body: 'hello' });
    const [msgId] = (body as { msgIds: string[] }).msgIds;
    await until('the report has arrived', async () => (await fetch(`${running.url}/api/messages/${msgId}`)).ok);
    expect((await running.end()).signal).toBe('SIGTERM');
    expect(running.written()).not.toMatch(/only-for-the-simulator|501234567/);
  });

  it('short-lived exits with a code that shows whether it may be run again', async () => {
    expect(await application.run('short-lived', [NUMBER, 'hello'], env)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(gateway.phone(PHONE)).toHaveLength(1);
    expect((await application.run('short-lived', ['12345', 'hello'], env)).code).toBe(1);
    gateway.faults.next('resetAfter', { on: 'send' });
    expect((await application.run('short-lived', [NUMBER, 'another'], env)).code).toBe(2);
    await gateway.refuseConnections();
    const { code, stderr } = await application.run('short-lived', [NUMBER, 'hello'], env);
    expect(code).toBe(75);
    expect(stderr).not.toMatch(/501234567|hello/);
  });
});

describe('the Better-Auth recipe', () => {
  let running: RunningRecipe;

  beforeEach(async () => {
    running = await application.start('better-auth', env);
  });

  afterEach(() => running.end());

  const ask = (phoneNumber: unknown): ReturnType<typeof post> =>
    post(`${running.url}/api/auth/phone-number/send-otp`, { phoneNumber });
  const verify = (code: string): ReturnType<typeof post> =>
    post(`${running.url}/api/auth/phone-number/verify`, { phoneNumber: NUMBER, code });

  it('sends a code with its purpose, and opens a session for that code once', async () => {
    expect((await ask(NUMBER)).status).toBe(200);
    const [message] = gateway.phone(PHONE);
    expect(message?.body).toMatch(/^رمز الدخول إلى متجر الواحة: \d{6}\n/);
    expect(message?.parts).toBe(1);
    expect(gateway.requests[0]?.params).toMatchObject({ validity: '5' });
    const code = lastCode();
    expect((await verify(String((Number(code) + 1) % 1_000_000).padStart(6, '0'))).status).toBe(400);
    const { status, cookie, body } = await verify(code);
    expect(status).toBe(200);
    expect(cookie).toContain('session_token=');
    expect(body).toMatchObject({ status: true, user: { phoneNumber: NUMBER, email: `${PHONE}@phone.invalid` } });
    expect((await verify(code)).status).toBe(400);
  });

  it('rejects numbers in another format and invalid numbers, and sends nothing', async () => {
    for (const number of ['0501234567', PHONE, '+966 50 123 4567', '+971501234567', 'x', 5]) {
      expect((await ask(number)).status).toBe(400);
    }
    expect(gateway.requests).toHaveLength(0);
  });

  it('sends at most one code a minute to a number, and keeps the first code valid', async () => {
    const statuses = (await Promise.all([ask(NUMBER), ask(NUMBER)])).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 429]);
    expect(gateway.phone(PHONE)).toHaveLength(1);
    expect((await verify(lastCode())).status).toBe(200);
  });

  it('keeps a code valid whose send outcome is unknown', async () => {
    gateway.faults.next('resetAfter', { on: 'send' });
    expect((await ask(NUMBER)).status).toBe(200);
    expect((await ask(NUMBER)).status).toBe(429);
    expect((await verify(lastCode())).status).toBe(200);
    expect(running.written()).toContain('A login code may not have arrived');
    expect(running.written()).not.toMatch(new RegExp(`501234567|${lastCode()}`));
  });

  it('allows a new attempt at once when nothing was sent', async () => {
    gateway.setCredits('demo', 0);
    expect((await ask(NUMBER)).status).toBe(503);
    gateway.setCredits('demo', 10);
    expect((await ask(NUMBER)).status).toBe(200);
    expect((await verify(lastCode())).status).toBe(200);
    expect(running.written()).not.toContain('501234567');
  });

  it('rate-limits by the address of the client, and ignores an address in its headers', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) {
      const headers = { 'content-type': 'application/json', 'x-client-ip': `10.0.0.${i}` };
      const init = { method: 'POST', headers, body: '{"phoneNumber":"x"}' };
      statuses.push((await fetch(`${running.url}/api/auth/phone-number/send-otp`, init)).status);
    }
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
    expect(running.written()).not.toContain('could not determine a client IP');
  });
});

describeWithOwnRedis('two processes of the several-instances recipe', () => {
  let redis: TestRedis;

  beforeEach(async () => {
    redis = await TestRedis.start();
    Object.assign(env, { REDIS_URL: redis.url, POLL_EVERY_MS: '20' });
  });

  afterEach(() => redis.remove());

  it('handle all reports, also when one process ends on SIGTERM', async () => {
    const one = await application.start('several-instances', { ...env, INSTANCE: 'one' });
    const two = await application.start('several-instances', { ...env, INSTANCE: 'two' });
    const handled = async ({ url }: RunningRecipe): Promise<number> =>
      ((await (await fetch(`${url}/handled`)).json()) as { handled: number }).handled;
    for (let i = 0; i < 20; i++) gateway.pushReport('demo', { msgId: `m${i}`, status: 'delivered' });
    await until('the first reports are handled', async () => (await handled(one)) + (await handled(two)) === 20);
    const before = await handled(two);
    expect(await one.end()).toEqual({ code: null, signal: 'SIGTERM' });
    for (let i = 0; i < 20; i++) gateway.pushReport('demo', { msgId: `n${i}`, status: 'delivered' });
    await until('the others are handled', async () => (await handled(two)) === before + 20);
    await two.end();
  }, 60_000);
});
