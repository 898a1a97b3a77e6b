import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Campaigns, OurSmsModule } from 'nestjs-oursms';
import { OurSmsTestingModule } from 'nestjs-oursms/testing';
import { DEMO, TestStorage, until } from '../support/application.js';
import { HealthBench, type HealthSetting } from '../support/health-bench.js';
import { passTime } from '../support/set-clock.js';

const MINUTE = 60_000;
const SEND = { src: 'MyBrand', dests: ['0501234567'], body: 'hush', dlr: true };
const REFERENCE = { reference: 'hush-1' };
const TRACKING = { missingAfterMs: 1_000 };
/** Strings that no answer may contain: of the account, the gateway and its messages. */
const SECRETS = ['demo', '127.0.0.1', 'http', 'api-a', '966', 'hush', '1000'];

let bench: HealthBench;
const start = async (setting?: HealthSetting): Promise<HealthBench> => (bench = await HealthBench.start(setting));

afterEach(async () => {
  jest.restoreAllMocks();
  await bench.remove();
});

const firstPoll = (): Promise<void> =>
  until('the first poll is done', async () => (await bench.inbox.stats()).lastPoll?.result === 'downloaded');

describe('an account in good health', () => {
  it('is up, with counts of its reports and no reasons', async () => {
    await start();
    await firstPoll();
    const { code, overall, sms } = await bench.check({ minCredits: 999, maxOldestMs: 1_000 }).probe();
    expect({ code, overall }).toEqual({ code: 200, overall: 'ok' });
    expect(sms).toEqual({
      ...{ status: 'up', reasons: [] },
      reports: { waiting: 0, failed: 0, unreadable: 0, gaps: 0, sinceGoodPollMs: expect.any(Number) },
    });
    expect(sms.reports?.sinceGoodPollMs).toBeLessThan(5_000);
  });

  it('is up when it only sends, and the check does not open its store', async () => {
    await start({ options: { dlr: {} } });
    expect((await bench.probe()).sms).toEqual({ status: 'up', reasons: [] });
    expect(bench.requests('credits')).toBe(1);
    expect(bench.requests('dlrs')).toBe(0);
  });

  it('is up when it tracks its messages, and the check does not open its store before the first send', async () => {
    await start({ options: { dlr: {}, tracking: {} } });
    expect((await bench.probe()).sms).toEqual({ status: 'up', reasons: [] });
    await bench.sms.send(SEND);
    expect((await bench.probe()).sms).toEqual({ status: 'up', reasons: [], messages: { missing: 0 } });
  });

  it('is up when its reports are pushed, without the time of a poll', async () => {
    await start({ options: { dlr: { webhook: { secret: 'a-secret-of-the-tests' } } } });
    const { sms } = await bench.probe();
    expect(sms).toEqual({ status: 'up', reasons: [], reports: { waiting: 0, failed: 0, unreadable: 0, gaps: 0 } });
  });

  it('shows its balance only with showCredits', async () => {
    await start({ simulator: { accounts: [{ ...DEMO, credits: 1000.5 }] } });
    expect((await bench.probe()).sms).not.toHaveProperty('credits');
    expect((await bench.check({ showCredits: true }).probe()).sms.credits).toBe(1000.5);
  });
});

describe('the gateway behind a health check', () => {
  it('is called once for a hundred concurrent probes, and not again for a minute', async () => {
    await start({ options: { dlr: {} } });
    let passedMs = 0;
    passTime(() => passedMs);
    const answers = await Promise.all(Array.from({ length: 100 }, () => bench.probe()));
    expect(new Set(answers.map(({ sms }) => sms.status))).toEqual(new Set(['up']));
    expect(bench.requests('credits')).toBe(1);
    passedMs = MINUTE - 5_000;
    for (let i = 0; i < 20; i++) await bench.probe();
    expect(bench.requests('credits')).toBe(1);
    passedMs = MINUTE;
    await Promise.all(Array.from({ length: 100 }, () => bench.probe()));
    expect(bench.requests('credits')).toBe(2);
  });

  it('is not called more often while it fails', async () => {
    await start({ options: { dlr: {} } });
    bench.gateway.faults.next('serverError', { times: Infinity });
    for (let i = 0; i < 20; i++) expect((await bench.probe()).sms.reasons).toEqual(['gatewayAway']);
    expect(bench.requests('credits')).toBe(1);
  });

  it('is called as often as cacheMs allows, also when several keys check one account', async () => {
    await start({ options: { dlr: {} } });
    bench.checks = { one: { cacheMs: MINUTE }, two: { cacheMs: MINUTE } };
    for (let i = 0; i < 5; i++) await bench.probe();
    expect(bench.requests('credits')).toBe(1);
    bench.check({ cacheMs: 1 });
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await bench.probe();
    }
    expect(bench.requests('credits')).toBe(6);
  });

  it('is never asked for reports: reports that wait at the gateway stay there', async () => {
    await start({ options: { dlr: {} } });
    bench.gateway.pushReport('demo', { msgId: 'm1', status: 'delivered' });
    for (let i = 0; i < 10; i++) await bench.probe();
    expect(bench.gateway.waitingReports('demo')).toHaveLength(1);
    expect(bench.gateway.requests.map(({ call }) => call)).toEqual(['credits']);
  });

  it('may hang: the check answers within timeoutMs, and reports the gateway as unavailable', async () => {
    await start({ options: { dlr: {}, http: { timeoutMs: 1_000 } } });
    bench.gateway.faults.next('hang', { on: 'credits' });
    const { code, overall, sms, tookMs } = await bench.check({ timeoutMs: 200, minCredits: 1 }).probe();
    expect({ code, overall, status: sms.status }).toEqual({ code: 200, overall: 'degraded', status: 'degraded' });
    expect(sms.reasons).toEqual(['gatewayAway']);
    expect(tookMs).toBeGreaterThan(190);
    expect(tookMs).toBeLessThan(2_000);
    await bench.probe();
    expect(bench.requests('credits')).toBe(1);
  });
});

describe('an account is degraded, and answered with 200,', () => {
  /** Expects this reason alone. */
  async function expectDegraded(reason: string): Promise<void> {
    const { code, overall, sms, body } = await bench.untilIt(reason, ({ sms }) =>
      (sms.reasons as string[]).includes(reason),
    );
    expect({ code, overall, status: sms.status }).toEqual({ code: 200, overall: 'degraded', status: 'degraded' });
    expect(sms.reasons).toEqual([reason]);
    expect(sms).not.toHaveProperty('degraded');
    for (const secret of SECRETS) expect(body).not.toContain(secret);
  }

  it('when its credits are at or below minCredits', async () => {
    await start({ options: { dlr: {} } });
    bench.gateway.setCredits('demo', 10.5);
    await bench.check({ minCredits: 10.25, cacheMs: 1 }).untilIt('10.5 are enough', ({ sms }) => sms.status === 'up');
    bench.gateway.setCredits('demo', 10.25);
    await expectDegraded('creditsLow');
    bench.gateway.setCredits('demo', 0);
    bench.check({ minCredits: 0, cacheMs: 1 });
    await expectDegraded('creditsLow');
  });

  it('when its credits cannot be read and minCredits is set', async () => {
    await start({ options: { dlr: {} } });
    bench.gateway.faults.next('rateLimit', { times: Infinity });
    expect((await bench.probe()).sms.status).toBe('up');
    bench.check({ minCredits: 10 });
    await expectDegraded('creditsUnknown');
  });

  it('while the gateway cannot be reached', async () => {
    await start({ options: { dlr: {} } });
    await bench.gateway.refuseConnections();
    bench.check({ cacheMs: 1, minCredits: 1 });
    await expectDegraded('gatewayAway');
    await bench.gateway.acceptConnections();
    await bench.untilIt('the gateway is available again', ({ sms }) => sms.status === 'up');
  });

  it.each(['serverError', 'unavailable', 'html', 'resetAfter', 'empty'] as const)(
    'while the gateway answers with a fault (%s)',
    async (fault) => {
      await start({ options: { dlr: {} } });
      bench.gateway.faults.next(fault, { times: Infinity });
      await expectDegraded('gatewayAway');
    },
  );

  it('when polls cannot reach the gateway, although its credits were read before', async () => {
    await start();
    await firstPoll();
    expect((await bench.probe()).sms.status).toBe('up');
    await bench.gateway.refuseConnections();
    await expectDegraded('gatewayAway');
    expect(bench.requests('credits')).toBe(1);
  });

  it('while a report waits longer than maxOldestMs', async () => {
    await start();
    let release: () => void = () => undefined;
    bench.onReport = () => new Promise<void>((resolve) => (release = resolve));
    bench.gateway.pushReport('demo', { msgId: 'm1', status: 'delivered' });
    await bench
      .check({ maxOldestMs: MINUTE })
      .untilIt('the report is waiting', ({ sms }) => sms.reports?.oldestMs !== undefined);
    expect((await bench.probe()).sms.status).toBe('up');
    bench.check({ maxOldestMs: 50 });
    await expectDegraded('reportsWaiting');
    release();
    await bench.untilIt('the report was handled', ({ sms }) => sms.status === 'up');
  });

  it('when a report was given up, until it is handled or removed', async () => {
    await start({ options: { dlr: { poll: { everyMs: 50 }, maxAttempts: 1 } } });
    bench.onReport = () => {
      throw new Error('hush');
    };
    bench.gateway.pushReport('demo', { msgId: 'm1', status: 'delivered', dest: '966501234567' });
    await expectDegraded('reportsFailed');
    expect((await bench.probe()).sms.reports?.failed).toBe(1);
    bench.onReport = () => undefined;
    await bench.inbox.retryAll();
    await bench.untilIt('the report was handled', ({ sms }) => sms.status === 'up');
  });

  it('when a download could not be read', async () => {
    await start();
    await firstPoll();
    bench.gateway.faults.next('garbage', { on: 'dlrs', body: 'hush 966501234567' });
    await expectDegraded('reportsUnreadable');
  });

  it('for an hour after reports may have been lost', async () => {
    await start();
    await firstPoll();
    let passedMs = 0;
    passTime(() => passedMs);
    bench.gateway.faults.next('resetAfter', { on: 'dlrs' });
    await bench.untilIt('the next poll succeeds', ({ sms }) => sms.reasons.length === 1 && sms.reports?.gaps === 1);
    await expectDegraded('reportsMayBeLost');
    passedMs = 59 * MINUTE;
    await bench.untilIt('the inbox polls again', ({ sms }) => sms.status === 'degraded');
    expect((await bench.probe()).sms.reasons).toEqual(['reportsMayBeLost']);
    passedMs = 61 * MINUTE;
    const { sms } = await bench.untilIt('the hour is over', ({ sms }) => sms.status === 'up');
    expect(sms.reports?.gaps).toBe(1);
  });

  it('for an hour after messages went missing, also after a restart', async () => {
    const storage = await TestStorage.make();
    const options = { dlr: { poll: { everyMs: 50 } }, storage: { path: storage.path }, tracking: TRACKING };
    try {
      await start({ options, simulator: { reports: false } });
      await firstPoll();
      let passedMs = 0;
      passTime(() => passedMs);
      const { acceptedMsgs } = await bench.sms.send({ ...SEND, dests: ['0501234567', '0501234568'] }, REFERENCE);
      await bench.sms.send({ ...SEND, dlr: false }, { reference: 'hush-2' });
      expect((await bench.probe()).sms).toMatchObject({ status: 'up', messages: { missing: 0 } });
      await expectDegraded('messagesMissing');
      expect((await bench.probe()).sms.messages).toEqual({ missing: 2 });
      bench.gateway.pushReport('demo', { msgId: acceptedMsgs[0]?.msgId, status: 'delivered' });
      await until('the late report is handled', () => bench.web.handled.length === 1);
      expect((await bench.probe()).sms.messages).toEqual({ missing: 2 });
      await bench.remove();

      await start({ options });
      passedMs = 59 * MINUTE;
      await firstPoll();
      expect((await bench.probe()).sms).toMatchObject({ reasons: ['messagesMissing'], messages: { missing: 2 } });
      passedMs = 62 * MINUTE;
      const { sms } = await bench.untilIt('the hour is over', ({ sms }) => sms.status === 'up');
      expect(sms.messages).toEqual({ missing: 0 });
    } finally {
      await storage.remove();
    }
  });

  it('when more messages of a campaign are missing than maxMissing', async () => {
    await start({ options: { dlr: { poll: { everyMs: 50 } }, tracking: TRACKING }, simulator: { reports: false } });
    await firstPoll();
    const { dests, ...message } = SEND;
    const recipients = [...dests, '0501234568', '0501234569', 'nobody'];
    await (
      await bench.web.app.get(Campaigns).start({ id: 'hush', message, recipients })
    ).done;
    bench.check({ maxMissing: 3 });
    expect(
      (await bench.untilIt('three messages are missing', ({ sms }) => sms.messages?.missing === 3)).sms.status,
    ).toBe('up');
    bench.check({ maxMissing: 2 });
    await expectDegraded('messagesMissing');
  });

  it('for as long as its inbox is paused', async () => {
    await start();
    await firstPoll();
    let passedMs = 0;
    passTime(() => passedMs);
    await bench.inbox.pause();
    await expectDegraded('paused');
    passedMs = 60 * MINUTE;
    await expectDegraded('paused');
    await bench.inbox.resume();
    await bench.untilIt('the inbox was resumed', ({ sms }) => sms.status === 'up');
  });

  it('with every reason listed', async () => {
    await start();
    await firstPoll();
    await bench.inbox.pause();
    expect((await bench.check({ minCredits: 5_000 }).probe()).sms.reasons).toEqual(['creditsLow', 'paused']);
  });
});

describe('an account is down, and answered with 503,', () => {
  async function expectDown(reason: string, others: string[] = []): Promise<void> {
    const { code, overall, sms, body } = await bench.untilIt(reason, ({ sms }) =>
      (sms.reasons as string[]).includes(reason),
    );
    expect({ code, overall, status: sms.status }).toEqual({ code: 503, overall: 'error', status: 'down' });
    expect(sms.reasons).toEqual([reason, ...others]);
    for (const secret of SECRETS) expect(body).not.toContain(secret);
    for (const line of bench.logs.matching('Health Check has failed')) {
      for (const secret of SECRETS) expect(line).not.toContain(secret);
    }
  }

  it('when the gateway refuses its credentials', async () => {
    await start({ options: { auth: { username: 'demo', password: 'hush-hush' }, dlr: {} } });
    bench.check({ minCredits: 1 });
    await expectDown('credentialsRefused');
  });

  it('when the gateway refuses the credentials of a poll, until a poll succeeds', async () => {
    await start();
    await firstPoll();
    expect((await bench.probe()).sms.status).toBe('up');
    bench.gateway.faults.next('errorIn200', { on: 'dlrs', errorCode: 1001, message: 'hush' });
    await expectDown('credentialsRefused');
    await bench.untilIt('the next poll succeeds', ({ sms }) => sms.status === 'up');
  });

  it('but not when the gateway refuses one message', async () => {
    await start({ options: { dlr: {} } });
    expect((await bench.probe()).sms.status).toBe('up');
    bench.gateway.faults.next('errorIn200', { on: 'send', errorCode: 1001 });
    await expect(bench.sms.send(SEND)).rejects.toThrow('1001');
    expect((await bench.probe()).sms.status).toBe('up');
  });

  it('when no poll has succeeded for five minutes, until one does', async () => {
    await start();
    await firstPoll();
    let passedMs = 0;
    passTime(() => passedMs);
    await bench.gateway.refuseConnections();
    passedMs = 4.9 * MINUTE;
    expect((await bench.untilIt('the gateway is unavailable', ({ sms }) => sms.reasons.length > 0)).sms.status).toBe(
      'degraded',
    );
    passedMs = 5.1 * MINUTE;
    await expectDown('pollOverdue', ['gatewayAway']);
    await bench.gateway.acceptConnections();
    await bench.inbox.pollNow();
    expect((await bench.check({ cacheMs: 1 }).probe()).sms.status).toBe('up');
  });

  it('when no poll has succeeded for five times everyMs, if that is longer than five minutes', async () => {
    await start({ options: { dlr: { poll: { everyMs: 10 * MINUTE } } } });
    await firstPoll();
    let passedMs = 0;
    passTime(() => passedMs);
    passedMs = 49 * MINUTE;
    expect((await bench.probe()).sms.status).toBe('up');
    passedMs = 51 * MINUTE;
    await expectDown('pollOverdue');
  });

  it('when no poll has succeeded for five times the interval of its cron expression', async () => {
    await start({ options: { dlr: { poll: { cron: '0 * * * *' } } } });
    await firstPoll();
    let passedMs = 0;
    passTime(() => passedMs);
    passedMs = 5 * 61 * MINUTE;
    await expectDown('pollOverdue');
  });

  it('when polls are skipped because there is no listener', async () => {
    await start({ listens: false });
    let passedMs = 0;
    passTime(() => passedMs);
    expect((await bench.probe()).sms.status).toBe('up');
    passedMs = 5.1 * MINUTE;
    await expectDown('pollOverdue');
    expect(bench.requests('dlrs')).toBe(0);
  });
});

describe('a health check of several accounts', () => {
  const bulk = (): HealthSetting => ({
    options: { dlr: {} },
    simulator: {
      accounts: [
        { ...DEMO, credits: 1000 },
        { username: 'bulk', password: 'bulk', credits: 5 },
      ],
    },
    imports: (gateway) => [
      OurSmsModule.forRoot({
        ...{ name: 'bulk', baseUrl: gateway.url, auth: { username: 'bulk', password: 'bulk' } },
        storage: 'memory',
      }),
    ],
  });

  it('finds each account by its name', async () => {
    await start(bulk());
    bench.checks = { sms: { minCredits: 10 }, bulk: { account: 'bulk', minCredits: 10 }, same: { account: 'default' } };
    const { details, overall } = await bench.probe();
    expect(details).toEqual({
      sms: { status: 'up', reasons: [] },
      bulk: { status: 'degraded', reasons: ['creditsLow'] },
      same: { status: 'up', reasons: [] },
    });
    expect(overall).toBe('degraded');
    expect(bench.requests('credits')).toBe(2);
  });

  it('reports an unregistered account at the first probe', async () => {
    await start(bulk());
    bench.check({ account: 'bukl' });
    expect((await bench.probe()).code).toBe(500);
    expect(
      bench.logs.matching(
        'OurSmsHealthIndicator: no OurSmsModule is registered with the account bukl. Set account of isHealthy() to the name of one that is.',
      ),
    ).toHaveLength(1);
  });

  it('names every faulty option, and no value', async () => {
    await start(bulk());
    const faulty = {
      account: 1,
      minCredits: '9,5',
      maxOldestMs: 0,
      maxMissing: -1,
      timeoutMs: 1,
      cacheMs: 0,
      showCredits: 'y',
      max: 1,
    };
    bench.check(faulty as never);
    expect((await bench.probe()).code).toBe(500);
    const [said] = bench.logs.matching('OurSmsHealthIndicator');
    expect(said).toContain('account: must be a string');
    expect(said).toContain('minCredits: must be a number of 0 or more');
    for (const name of ['maxOldestMs', 'maxMissing', 'timeoutMs', 'cacheMs']) {
      expect(said).toContain(`${name}: must be a whole number from`);
    }
    expect(said).toContain('showCredits: must be true or false');
    expect(said).toContain('max: is not known');
    expect(said).not.toContain('9,5');
  });

  it('ignores options that are undefined', async () => {
    await start(bulk());
    const unset = { account: undefined, minCredits: undefined, timeoutMs: undefined, cacheMs: undefined };
    expect((await bench.check({ ...unset, showCredits: undefined }).probe()).sms.status).toBe('up');
  });

  it('checks an account of OurSmsTestingModule', async () => {
    await start({ ...bulk(), imports: () => [OurSmsTestingModule.forRoot({ name: 'tested', credits: 3 })] });
    bench.check({ account: 'tested', minCredits: 3, showCredits: true });
    expect((await bench.probe()).sms).toEqual({ status: 'degraded', reasons: ['creditsLow'], credits: 3 });
  });
});
