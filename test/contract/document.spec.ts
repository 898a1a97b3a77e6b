import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Campaigns, OurSmsConfigError, OurSmsGatewayError, OurSmsModule, OurSmsValidationError } from 'nestjs-oursms';
import type { OurSmsModuleOptions } from 'nestjs-oursms';
import { DlrListener, rejection, startApplication, until, type TestApplication } from '../support/application.js';
import {
  documentGateway,
  jsonGateway,
  simulatedDocument,
  simulatedJson,
  type ContractGateway,
  type JsonContractGateway,
} from '../support/contract-gateways.js';
import { startJsonGateway } from '../support/json-gateway.js';

const ALL = {
  src: 'My Brand',
  dests: ['0501234567', '0507654321'],
  body: 'مرحبا + 100% & more',
  priority: 1,
  delay: 0,
  validity: 60,
  maxParts: 2,
  dlr: true,
  prevDups: 5,
  msgClass: 'transactional',
} as const;
const NUMBERS = ['966501234567', '966507654321'];

type Address = Pick<ContractGateway, 'baseUrl' | 'auth' | 'close'>;

let gateway: Address | undefined;
let application: TestApplication;

async function start(at: Address, options: Partial<OurSmsModuleOptions> = {}): Promise<TestApplication> {
  gateway = at;
  const account = { baseUrl: at.baseUrl, auth: at.auth, storage: 'memory', ...options } as const;
  application = await startApplication([OurSmsModule.forRoot(account)], [DlrListener]);
  return application;
}

afterEach(async () => {
  await application.close();
  await gateway?.close();
});

const API_A: [string, () => Promise<ContractGateway>][] = [
  ['api-a, at a gateway written from the API document alone', documentGateway],
  ['api-a with a password, at the simulator', () => simulatedDocument({ username: 'admin', password: 'pass word' })],
  ['api-a with a token, at the simulator', () => simulatedDocument({ username: 'admin', token: 'tok en' })],
  ['api-a with a token alone, at the simulator', () => simulatedDocument({ token: 'tok en' })],
];
const JSON_API: [string, () => Promise<JsonContractGateway>][] = [
  ['the JSON API, at a gateway written only from the known facts of that API', jsonGateway],
  ['the JSON API, at the simulator', simulatedJson],
];

describe.each<[string, () => Promise<ContractGateway>]>([...API_A, ...JSON_API])('%s', (_name, make) => {
  it('understands every parameter of a POST', async () => {
    const at = await make();
    const { sms } = await start(at);
    const receipt = await sms.send(ALL);
    expect(receipt).toMatchObject({ jobId: expect.stringMatching(/^\S+$/), total: 2, skipped: 0 });
    expect(at.sent()).toEqual([at.onWire({ ...ALL, dests: NUMBERS })]);
  });

  it('receives only the parameters that are set', async () => {
    const at = await make();
    const { sms } = await start(at);
    await sms.send({ src: 'My Brand', dests: '0501234567', body: 'hello', dlr: false });
    const fields = { src: 'My Brand', dests: NUMBERS.slice(0, 1), body: 'hello', dlr: false };
    expect(at.sent()).toEqual([at.onWire(fields)]);
  });

  it('has all of its reports published as events, each exactly once', async () => {
    const at = await make();
    const { sms, app } = await start(at, { dlr: { poll: { everyMs: 20 } } });
    for (let i = 0; i < 5; i++) await sms.send({ ...ALL, body: `message ${i}` });
    const { handled } = app.get(DlrListener);
    await until('all reports are handled', () => handled.length === 10);
    expect(handled.every(({ status }) => status === 'delivered')).toBe(true);
    expect(new Set(handled.map(({ id }) => id)).size).toBe(10);
    expect(at.waiting()).toBe(0);
  });

  it('returns no more reports than requested, and deletes the returned ones', async () => {
    const at = await make();
    const { sms } = await start(at);
    await sms.send(ALL);
    expect(await sms.downloadDlrs({ count: 1 })).toMatchObject([{ status: 'delivered', dest: NUMBERS[0] }]);
    expect(await sms.downloadDlrs()).toMatchObject([{ status: 'delivered', dest: NUMBERS[1] }]);
    expect(await sms.downloadDlrs()).toEqual([]);
  });

  it('returns the credits, from which an estimate is made', async () => {
    const at = await make();
    const { sms } = await start(at);
    expect((await sms.getCredits()).credits).toBe(at.credits);
    expect(await sms.estimate(ALL)).toMatchObject({ recipients: 2, parts: 2, credits: at.credits, sufficient: true });
    expect(at.sent()).toEqual([]);
  });

  it('refuses wrong credentials with its own error codes', async () => {
    const at = await make();
    const { sms } = await start(at, { auth: at.wrongAuth });
    for (const call of [sms.getCredits(), sms.send(ALL), sms.downloadDlrs()]) {
      const error = await rejection(call, OurSmsGatewayError);
      expect(error).toMatchObject({ ...at.refusal, outcome: 'notSent' });
    }
    expect(at.sent()).toEqual([]);
  });

  it('accepts a campaign', async () => {
    const at = await make();
    const { app } = await start(at);
    const recipients = ['0501234567', '0507654321', '0501234567', 'nobody'];
    const campaign = await app.get(Campaigns).start({
      ...{ id: 'eid', recipients },
      message: { src: 'My Brand', body: 'عيد مبارك' },
    });
    expect(await campaign.done).toMatchObject({ total: 4, sent: 2, invalid: 1, duplicate: 1, unknown: 0 });
    expect(at.sent()).toEqual([at.onWire({ src: 'My Brand', dests: NUMBERS, body: 'عيد مبارك' })]);
  });
});

describe.each(API_A)('%s', (_name, make) => {
  it('understands every parameter of a GET', async () => {
    const at = await make();
    const { sms } = await start(at);
    expect(await sms.send(ALL, { method: 'GET' })).toMatchObject({ total: 2 });
    expect(at.sent()).toEqual([at.onWire({ ...ALL, dests: NUMBERS })]);
  });

  it('supports neither whoAmI nor getSenders', async () => {
    const { sms } = await start(await make());
    await rejection(sms.whoAmI(), OurSmsConfigError);
    await rejection(sms.getSenders(), OurSmsConfigError);
  });
});

describe.each(JSON_API)('%s', (_name, make) => {
  let at: JsonContractGateway;
  beforeEach(async () => void (at = await make()));

  it('does not support GET', async () => {
    const { sms } = await start(at);
    await rejection(sms.send(ALL, { method: 'GET' }), OurSmsValidationError);
    expect(at.sent()).toEqual([]);
  });

  it('accepts extra parameters that only the JSON API has', async () => {
    const { sms } = await start(at);
    const extra = { secure: true, transliteration: 'AUTO' };
    await sms.send(ALL, { extra });
    expect(at.sent()).toEqual([at.onWire({ ...ALL, dests: NUMBERS, ...extra })]);
  });

  it('answers whoAmI, and getSenders with the allowed senders', async () => {
    const { sms } = await start(at);
    expect(await sms.whoAmI()).toMatchObject(at.user);
    expect((await sms.getSenders()).senders?.map(({ src }) => src)).toEqual(at.senders);
  });

  it('sends no message twice when an answer is lost', async () => {
    const { sms } = await start(at, { retry: { attempts: 2, delayMs: 1, unknownOutcome: 'never' } });
    at.loseNextAnswer();
    await expect(sms.send({ ...ALL, prevDups: undefined })).rejects.toMatchObject({ outcome: 'unknown' });
    expect(at.sent().length).toBeLessThanOrEqual(1);
    expect(at.reached('966501234567')).toBe(1);
  });

  it('refuses the duplicate of a guarded repeat', async () => {
    const retry = { attempts: 2, delayMs: 1, unknownOutcome: 'guarded' } as const;
    const { sms } = await start(at, { retry, http: { timeoutMs: 300 } });
    at.loseNextAnswer();
    const receipt = await sms.send({ ...ALL, prevDups: undefined });
    expect(receipt).toMatchObject({ attempts: 2, accepted: 0, duplicates: 2, confirmedByTwin: 2 });
    expect(at.reached('966501234567')).toBe(1);
  });
});

it('no URL of the JSON API contains a secret, a text or a number', async () => {
  const apiKey = 'key-8c1f+/=x';
  const at = await startJsonGateway(apiKey);
  const { sms } = await start({ ...at, auth: { apiKey } });
  await sms.send(ALL);
  await sms.downloadDlrs({ count: 3 });
  await sms.getCredits();
  await sms.whoAmI();
  await sms.getSenders();
  expect(at.urls).toEqual([
    ...['POST /msgs/sms', 'GET /inbox/dlrs?count=3', 'GET /billing/credits'],
    ...['GET /users/me', 'GET /addresses/srcs?count=200'],
  ]);
});
