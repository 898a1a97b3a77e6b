import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OurSmsError, type CampaignRecipient, type OurSmsService } from 'nestjs-oursms';
import type { GatewaySimulator } from 'nestjs-oursms/testing';
import { inspect } from 'node:util';
import { DlrListener, rejection, startBench, until, type TestBench } from '../support/application.js';
import { CampaignBench } from '../support/campaign-bench.js';

const PASSWORD = 'p4ss w/rd+&%"ü';
const TOKEN = 'tok-8c1f+/=&x';
const API_KEY = 'k3y-9a2d+/=&"z.Q~7';
const BODY = 'Your login code is 483920, كودك السري';
const NUMBER = '966501234567';
const MESSAGE = { src: 'MyBrand', dests: ['0501234567', '0507654321'], body: BODY, dlr: true };

/** Every spelling in which something of ours could stand in an error or a log line. */
const spellings = (...values: string[]): string[] =>
  values.flatMap((value) => [
    value,
    encodeURIComponent(value),
    encodeURIComponent(value).replaceAll('%20', '+'),
    JSON.stringify(value).slice(1, -1),
    Buffer.from(value).toString('base64'),
  ]);
const OF_EVERY_CALL = spellings(PASSWORD, API_KEY, NUMBER, '0501234567', '501234567', '966507654321');
const OF_A_SEND = spellings(BODY, '483920', 'كودك السري', 'Your login');

const CALLS: Record<string, (sms: OurSmsService) => Promise<unknown>> = {
  send: (sms) => sms.send(MESSAGE),
  'send by GET': (sms) => sms.send(MESSAGE, { method: 'GET' }),
  downloadDlrs: (sms) => sms.downloadDlrs({ count: 5 }),
  getCredits: (sms) => sms.getCredits(),
  whoAmI: (sms) => sms.whoAmI(),
  getSenders: (sms) => sms.getSenders(),
};
const OF_THE_JSON_API = ['send', 'downloadDlrs', 'getCredits', 'whoAmI', 'getSenders'];
const OF_API_A = ['send', 'send by GET', 'downloadDlrs', 'getCredits'];

/** Answers that repeat what was sent, as a careless gateway does. */
const echo = (secret: string): string =>
  `Refused: username=demo password=${secret} for +966 50 123 4567 / ${NUMBER}: "${BODY}" (Bearer ${secret}, or ${secret})`;
const urlEcho = (secret: string): string =>
  `GET /msgs?password=${encodeURIComponent(secret)}&body=${encodeURIComponent(BODY)}&dests=${NUMBER}`;
const ECHO = echo(PASSWORD);

const FAULTS: Record<string, (gateway: GatewaySimulator, secret: string) => unknown> = {
  'a refused connection': (gateway) => gateway.refuseConnections(),
  'a reset': (gateway) => gateway.faults.next('resetAfter'),
  'half an answer': (gateway) => gateway.faults.next('halfClosed', { bytes: 1 }),
  'a time-out': (gateway) => gateway.faults.next('hang'),
  'a dripping answer': (gateway) => gateway.faults.next('slowBody', { everyMs: 3_000 }),
  'garbage that echoes': (gateway, secret) => gateway.faults.next('garbage', { body: echo(secret) }),
  'a list that echoes and is cut': (gateway, secret) =>
    gateway.faults.next('garbage', { body: `[{"dest":"${NUMBER}","x":"${echo(secret)}` }),
  'an unknown shape that echoes': (gateway, secret) =>
    gateway.faults.next('garbage', { body: JSON.stringify({ errorCode: 9, message: echo(secret) }) }),
  'a code that echoes': (gateway, secret) =>
    gateway.faults.next('garbage', { body: JSON.stringify({ errorCode: NUMBER, error: echo(secret) }) }),
  'an error object that echoes': (gateway, secret) =>
    gateway.faults.next('garbage', { body: JSON.stringify({ error: { code: secret, message: urlEcho(secret) } }) }),
  'an error in a 200 that echoes': (gateway, secret) => gateway.faults.next('errorIn200', { message: echo(secret) }),
  HTML: (gateway) => gateway.faults.next('html'),
  'HTML 403': (gateway) => gateway.faults.next('html', { status: 403 }),
  '429': (gateway) => gateway.faults.next('rateLimit'),
  '500': (gateway) => gateway.faults.next('serverError'),
  '503': (gateway) => gateway.faults.next('unavailable'),
  'an answer too large': (gateway) => gateway.faults.next('huge', { bytes: 1_000_000 }),
  'a redirect that echoes': (gateway, secret) =>
    gateway.faults.next('redirect', { location: `${gateway.url}/?${encodeURI(urlEcho(secret))}` }),
  'wrong credentials': (gateway) => gateway.stop(),
};

function everythingSaid(error: unknown, bench: TestBench): string {
  const { stack, message, cause } = error as Error;
  const deep = inspect(error, { depth: Infinity, showHidden: true, getters: true, maxStringLength: Infinity });
  return [deep, JSON.stringify(error), stack, message, String(cause), ...bench.logs.lines.map(({ text }) => text)].join(
    '\n',
  );
}

function expectHidden(said: string, values: string[]): void {
  for (const value of values) expect(said).not.toContain(value);
}

let bench: TestBench;
afterEach(() => bench?.close());

const BY_PASSWORD = { auth: { username: 'demo', password: PASSWORD }, wrong: { token: TOKEN }, secret: PASSWORD };
const BY_KEY = { auth: { apiKey: API_KEY }, wrong: { apiKey: TOKEN }, secret: API_KEY };
const both = (call: string, account: typeof BY_PASSWORD | typeof BY_KEY) => [
  { call, way: '', hooked: false, ...account },
  { call, way: ', through axios with an interceptor', hooked: true, ...account },
];
const WAYS = [
  ...OF_API_A.flatMap((call) => both(call, BY_PASSWORD)),
  ...OF_THE_JSON_API.flatMap((call) => both(call, BY_KEY))
    .filter(({ call, hooked }) => call === 'send' || !hooked)
    .map((one) => ({ ...one, way: ` with a key${one.way}` })),
];

/** After these, the deadline passes. */
const SLOW_FAULTS = ['a time-out', 'a dripping answer'];

describe.each(WAYS)(
  'no secret, text or full number is in the error or the logs of $call$way',
  ({ call, hooked, ...account }) => {
    it.each(Object.keys(FAULTS))('after %s', async (fault) => {
      const auth = fault === 'wrong credentials' ? account.wrong : account.auth;
      const timeoutMs = SLOW_FAULTS.includes(fault) ? 150 : undefined;
      bench = await startBench(
        { auth, http: { timeoutMs, maxResponseBytes: 65_536 }, divertTo: undefined },
        { accounts: [{ username: 'demo', password: PASSWORD, apiKey: API_KEY }] },
      );
      if (hooked) bench.sms.httpService.axiosRef.interceptors.response.use((response) => response);
      if (fault !== 'wrong credentials') await FAULTS[fault]?.(bench.gateway, account.secret);
      const error = await rejection(CALLS[call]?.(bench.sms) ?? Promise.resolve(), OurSmsError);
      const said = everythingSaid(error, bench);
      expectHidden(said, [...OF_EVERY_CALL, ...spellings(TOKEN), ...(call.startsWith('send') ? OF_A_SEND : [])]);
    });
  },
);

describe('the answer of a gateway that echoes the request', () => {
  const auth = { username: 'demo', password: PASSWORD };
  const answer = async (body: string, options = {}): Promise<TestBench> => {
    bench = await startBench({ auth, ...options }, { accounts: [auth] });
    bench.gateway.faults.next('garbage', { body });
    return bench;
  };

  it.each([100, 150, 160, 164, 165, 170, 200, 400])(
    'is reported without any piece of the password or of an Arabic text of %i letters',
    async (letters) => {
      const body = 'رسالة '.repeat(100).slice(0, letters);
      const request = `body=${encodeURIComponent(body)}&password=${encodeURIComponent(PASSWORD)}&dests=${NUMBER}`;
      await answer(JSON.stringify({ errorCode: 9, message: request }));
      const error = await rejection(bench.sms.send({ ...MESSAGE, body }), OurSmsError);
      const said = decodeURIComponent(everythingSaid(error, bench).replace(/%(?![0-9A-F]{2})/g, ''));
      for (let at = 0; at + 6 <= PASSWORD.length; at++) expect(said).not.toContain(PASSWORD.slice(at, at + 6));
      expectHidden(said, [NUMBER, body.slice(0, 12)]);
    },
  );

  it('is reported without the credentials of a Basic header', async () => {
    const basic = `Basic ${Buffer.from(`demo:${PASSWORD}`).toString('base64')}`;
    await answer(JSON.stringify({ errorCode: 9, message: `"demo" may not (${basic})` }));
    const error = await rejection(bench.sms.getCredits(), OurSmsError);
    expect(error.message).toContain('"[username] may not (Basic [secret])"'.replace('"[username]', '""[username]"'));
  });

  it('is reported without the API key, whole or in pieces', async () => {
    const message = `${API_KEY} / ${API_KEY.toUpperCase()} / ${API_KEY.slice(3, 11)} / ${encodeURIComponent(API_KEY)} / ${Buffer.from(API_KEY).toString('base64')}`;
    bench = await startBench({ auth: { apiKey: API_KEY } }, { accounts: [{ username: 'demo', apiKey: API_KEY }] });
    bench.gateway.faults.next('garbage', { body: JSON.stringify({ errorCode: API_KEY, message }) });
    const error = await rejection(bench.sms.whoAmI(), OurSmsError);
    const said = everythingSaid(error, bench).toLowerCase();
    for (let at = 0; at + 6 <= API_KEY.length; at++)
      expect(said).not.toContain(API_KEY.slice(at, at + 6).toLowerCase());
    expect(said).toContain('[secret]');
  });

  it('gives the reason for a rejected number without secret, text or number', async () => {
    await answer(
      JSON.stringify({ accepted: 1, rejected: 1, rejectedMsgs: [{ dest: NUMBER, message: `Bad: ${ECHO}` }] }),
    );
    const { rejectedMsgs } = await bench.sms.send(MESSAGE);
    expect(rejectedMsgs[0]?.reason).toMatch(
      /^Bad: Refused: username=\[username\] password=\[secret\] for \+?\[number\]/,
    );
    expectHidden(String(rejectedMsgs[0]?.reason), [...OF_EVERY_CALL, ...OF_A_SEND]);
  });

  it('is reported without the password even if the token is set to undefined', async () => {
    await answer(JSON.stringify({ errorCode: 9, message: ECHO }), { auth: { ...auth, token: undefined } });
    expect((await rejection(bench.sms.getCredits(), OurSmsError)).message).toContain('password=[secret]');
  });

  it.each([483920, '483920', '483-920'])(
    'is reported without the login code when its error code is %j',
    async (errorCode) => {
      await answer(JSON.stringify({ errorCode, message: 'refused' }));
      const error = await rejection(bench.sms.send(MESSAGE), OurSmsError);
      expectHidden(everythingSaid(error, bench), ['483920', '483-920']);
      await bench.close();
      await answer('{"errorCode":6307,"message":"refused"}');
      expect(await rejection(bench.sms.send({ ...MESSAGE, body: 'code 6307' }), OurSmsError)).toMatchObject({
        code: 6307,
      });
    },
  );
});

it('no secret or number is in a validation error', async () => {
  bench = await startBench(
    { auth: { username: 'demo', password: PASSWORD } },
    { accounts: [{ username: 'demo', password: PASSWORD }] },
  );
  const message = {
    ...MESSAGE,
    dests: ['0501234567', '+9665012345678', '05 0123 45678'],
    priority: 99,
    [PASSWORD]: BODY,
  };
  const error = await rejection(bench.sms.send(message as never), OurSmsError);
  const said = everythingSaid(error, bench)
    .replaceAll(PASSWORD, '')
    .replaceAll(JSON.stringify(PASSWORD).slice(1, -1), '');
  for (const hidden of [BODY, '966501234567', '0501234567', '9665012345678', '483920'])
    expect(said).not.toContain(hidden);
});

it.each([
  ['', BY_PASSWORD],
  [' with a key', BY_KEY],
])('no secret, text or number is in the logs of a poller%s that fails, or whose listeners fail', async (_way, by) => {
  const { auth, secret } = by;
  bench = await startBench(
    {
      auth,
      dlr: { poll: { everyMs: 10 }, maxAttempts: 2, retryDelayMs: 10 },
      http: { timeoutMs: 250 },
    },
    { accounts: [{ username: 'demo', password: PASSWORD, apiKey: API_KEY }] },
    [DlrListener],
  );
  bench.app.get(DlrListener).onReport = (dlr) => {
    throw new Error(`cannot store ${dlr.dest} ${NUMBER}`);
  };
  bench.gateway.faults.next('garbage', { body: echo(secret), on: 'dlrs' });
  bench.gateway.faults.next('serverError', { on: 'dlrs' });
  await until('two polls failed', () => bench.gateway.faults.pending === 0);
  await bench.sms.send(MESSAGE);
  await until('both reports were given up', () => bench.logs.matching('Giving up').length === 2);
  expect(bench.logs.matching('cannot be read')).toHaveLength(1);
  expect(bench.logs.matching('Polling for delivery reports failed')).toHaveLength(2);
  expectHidden(bench.logs.lines.map(({ text }) => text).join('\n'), [...OF_EVERY_CALL, 'Refused']);
});

describe.each([
  ['', BY_PASSWORD],
  [' with a key', BY_KEY],
])('no secret, text or number is in the logs, the events and the reports of a campaign%s', (_way, { auth, secret }) => {
  let campaigns: CampaignBench;
  beforeEach(async () => {
    campaigns = new CampaignBench();
    const accounts = [{ username: 'demo', credits: 1_000, ...auth }];
    await campaigns.start({ auth, retry: { delayMs: 5 }, http: { timeoutMs: 250 } }, { accounts });
  });
  afterEach(() => campaigns.remove());

  const TEXTS: [string, string, CampaignRecipient[]][] = [
    ['of one text', BODY, ['0501234567', '0507654321', '0501234567', '+966501234567x']],
    [
      'of personal texts',
      BODY.replace('483920', '{code}'),
      [{ dest: '0501234567', code: '483920' }, { dest: '0507654321' }, { dest: '0501234567', code: '1' }],
    ],
  ];
  const ANSWERS: [string, (faults: GatewaySimulator['faults'], secret: string) => void][] = [
    ['a refusal', (faults, secret) => faults.next('errorIn200', { message: echo(secret), on: 'send' })],
    [
      'a refusal with an address',
      (faults, secret) => faults.next('errorIn200', { message: urlEcho(secret), on: 'send' }),
    ],
    [
      'wrong credentials',
      (faults, secret) => faults.next('errorIn200', { errorCode: 1001, message: echo(secret), on: 'send' }),
    ],
    [
      'no credits',
      (faults, secret) => faults.next('errorIn200', { errorCode: 1008, message: echo(secret), on: 'send' }),
    ],
    ['a sender', (faults, secret) => faults.next('errorIn200', { errorCode: 6307, message: echo(secret), on: 'send' })],
    ['no JSON', (faults, secret) => faults.next('garbage', { body: echo(secret), on: 'send' })],
    [
      'rejected messages',
      (faults, secret) =>
        faults.next('garbage', {
          body: JSON.stringify({ accepted: 0, rejected: 1, rejectedMsgs: [{ dest: NUMBER, message: echo(secret) }] }),
          on: 'send',
        }),
    ],
    ['no credits that can be read', (faults, secret) => faults.next('garbage', { body: echo(secret), on: 'credits' })],
  ];

  describe.each(TEXTS)('%s', (_which, body, recipients) => {
    it.each(ANSWERS)('whose gateway echoes the request: %s', async (_what, answer) => {
      answer(campaigns.gateway.faults, secret);
      const campaign = await campaigns.face.start({ id: 'sale', message: { src: 'MyBrand', body }, recipients });
      await until('the campaign is done or paused', () => ['done', 'paused'].includes(campaign.snapshot().state));
      await until('the event is emitted', () => campaign.snapshot().state === 'done' || campaigns.heard.length > 0);
      const said = [
        campaign.snapshot(),
        ...campaigns.heard.map(({ payload }) => payload),
        ...campaigns.application.logs.lines.map(({ text }) => text),
        ...(campaign.snapshot().state === 'done' ? [await campaign.done] : []),
      ];
      for (const fate of ['sent', 'rejected', 'invalid', 'duplicate', 'notSent', 'unknown'] as const) {
        // The number itself is what is asked for.
        for await (const { reason } of campaign.inputs(fate)) said.push(reason ?? '');
      }
      expect(said.length).toBeGreaterThan(2);
      expectHidden(inspect(said, { depth: Infinity, maxStringLength: Infinity }), [...OF_EVERY_CALL, ...OF_A_SEND]);
      expectHidden(JSON.stringify(said), [...OF_EVERY_CALL, ...OF_A_SEND]);
    });
  });
});
