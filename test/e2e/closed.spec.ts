import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Campaigns,
  DlrInbox,
  OurSmsAbortedError,
  OurSmsError,
  OurSmsGatewayError,
  type OurSmsModuleOptions,
} from 'nestjs-oursms';
import { bullMqEngine } from 'nestjs-oursms/bullmq';
import { rejection, startBench, until, DlrListener, type TestBench } from '../support/application.js';
import { describeWithRedis, reachRedis, type RedisAtHand } from '../support/redis-at-hand.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'hello' };

let bench: TestBench | undefined;
afterEach(() => bench?.close().catch(() => undefined));

/** An application that has been closed; its gateway still answers. */
async function closedApplication(options: Partial<OurSmsModuleOptions> = {}): Promise<TestBench> {
  bench = await startBench({ retry: { attempts: 3 }, ...options }, {}, [DlrListener]);
  await bench.app.close();
  return bench;
}

async function expectRefused(campaigns: Campaigns): Promise<void> {
  const plan = { id: 'late', message: { src: 'MyBrand', body: 'hello' }, recipients: ['0501234567'] };
  const calls = {
    start: () => campaigns.start(plan),
    get: () => campaigns.get('late'),
    list: () => campaigns.list(),
    remove: () => campaigns.remove('late'),
    resolveUnknown: () => campaigns.resolveUnknown('late', 'sent'),
    estimate: () => campaigns.estimate({ message: plan.message, recipients: plan.recipients }),
  };
  const refused: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(calls)) {
    const { outcome, retryable } = await rejection(call(), OurSmsError);
    refused[name] = { outcome, retryable };
  }
  const once = { outcome: 'notSent', retryable: false };
  expect(refused).toEqual(Object.fromEntries(Object.keys(calls).map((name) => [name, once])));
}

describe('after the application was closed', () => {
  it.each(['send', 'estimate', 'getCredits', 'downloadDlrs'] as const)(
    '%s is refused at once, and is not retryable',
    async (call) => {
      const { sms, gateway, logs } = await closedApplication();
      const calling = call === 'send' || call === 'estimate' ? sms[call](MESSAGE) : sms[call]();
      const error = await rejection(calling, OurSmsAbortedError);
      expect(error).toMatchObject({ outcome: 'notSent', retryable: false, account: 'default' });
      expect(error.message).toContain('the application was closed');
      expect(gateway.requests).toHaveLength(0);
      expect(logs.matching('Try 1')).toEqual([]);
    },
  );

  it('an invalid message is still refused with its fault', async () => {
    const { sms } = await closedApplication();
    await expect(sms.send({ ...MESSAGE, dests: [] })).rejects.toThrow('dests');
  });

  it('a send is refused without waiting for the rate limit', async () => {
    const { sms } = await closedApplication({ rate: { requestsPerSecond: 1 } });
    const refused = await Promise.all(Array.from({ length: 5 }, () => rejection(sms.send(MESSAGE), OurSmsError)));
    expect(refused.every(({ retryable }) => !retryable)).toBe(true);
  });

  it.each([
    ['a store that was open', true],
    ['a store that was never opened', false],
  ])('every call of Campaigns is refused at once: %s', async (_which, wasOpen) => {
    bench = await startBench();
    const campaigns = bench.app.get(Campaigns, { strict: false });
    if (wasOpen) await campaigns.list();
    await bench.app.close();
    await expectRefused(campaigns);
  });

  it('calls of the inbox are refused at once, and no poll is made', async () => {
    const { app, gateway } = await closedApplication({ dlr: { poll: { everyMs: 60_000 } } });
    const requests = gateway.requests.length;
    const inbox = app.get(DlrInbox, { strict: false });
    expect(await inbox.pollNow()).toMatchObject({ result: 'skipped', why: expect.stringContaining('stopping') });
    expect(await rejection(inbox.stats(), OurSmsError)).toMatchObject({ retryable: false });
    expect(await rejection(inbox.retryAll(), OurSmsError)).toMatchObject({ retryable: false });
    await inbox.pause();
    await inbox.resume();
    expect(gateway.requests).toHaveLength(requests);
  });
});

it('a send that waits for its next try rejects with its last error when the application closes', async () => {
  bench = await startBench({ retry: { attempts: 3 } });
  bench.gateway.faults.next('rateLimit', { retryAfter: 30 });
  const sending = rejection(bench.sms.send(MESSAGE), OurSmsGatewayError);
  await until('the send waits for its next try', () => bench?.logs.matching('Try 1 of 3').length === 1);
  await bench.app.close();
  expect(await sending).toMatchObject({ outcome: 'notSent', kind: 'rateLimit' });
  expect(bench.gateway.requests).toHaveLength(1);
});

describeWithRedis('after an application with a shared store was closed', () => {
  let redis: RedisAtHand;
  beforeAll(async () => void (redis = await reachRedis()));
  afterAll(() => redis.remove());

  it('calls of its campaigns and its inbox are refused at once', async () => {
    const storage = bullMqEngine({ connection: redis.connection, prefix: `${redis.prefix}-closed` });
    const { app } = await closedApplication({ storage, dlr: { poll: { everyMs: 60_000 } } });
    await expectRefused(app.get(Campaigns, { strict: false }));
    const inbox = app.get(DlrInbox, { strict: false });
    expect(await rejection(inbox.stats(), OurSmsError)).toMatchObject({ retryable: false });
  });
});
