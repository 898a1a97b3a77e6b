import { afterEach, describe, expect, it } from '@jest/globals';
import {
  OurSmsValidationError,
  type MessageToSend,
  type OurSmsModuleOptions,
  type SendMessageDto,
} from 'nestjs-oursms';
import type { GatewaySimulatorOptions, RequestRecord } from 'nestjs-oursms/testing';
import { rejection, startBench, type TestBench } from '../support/application.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'hello' };
const WIRE = { username: 'demo', password: 'demo', src: 'MyBrand', dests: '966501234567', body: 'hello' };

let bench: TestBench;
const start = async (options: Partial<OurSmsModuleOptions> = {}, simulator: GatewaySimulatorOptions = {}) => {
  bench = await startBench(options, simulator);
  return bench.sms;
};
const lastRequest = (): RequestRecord => {
  const request = bench.gateway.requests.at(-1);
  if (request === undefined) throw new Error('no request came');
  return request;
};

afterEach(() => bench?.close());

describe.each(['POST', 'GET'] as const)('send by %s', (method) => {
  it('sends the fields that are set and nothing else', async () => {
    const sms = await start();
    const receipt = await sms.send(MESSAGE, { method });
    expect(lastRequest()).toMatchObject({ method, path: '/api-a/msgs', status: 200 });
    expect(lastRequest().params).toEqual(WIRE);
    expect(receipt).toMatchObject({ total: 1, accepted: 1, rejected: 0, duplicates: 0, cost: 1, skipped: 0 });
    expect(receipt.acceptedMsgs).toEqual([{ msgId: expect.any(String), dest: '966501234567', raw: expect.anything() }]);
    expect(bench.gateway.phone('966501234567')).toHaveLength(1);
  });

  it('sends all ten parameters of a message', async () => {
    const sms = await start();
    const rest = {
      priority: 1,
      delay: 2,
      validity: 30,
      maxParts: 4,
      dlr: true,
      prevDups: 5,
      msgClass: 'promotional',
    } as const;
    await sms.send({ ...MESSAGE, ...rest }, { method });
    expect(lastRequest().params).toEqual({
      ...WIRE,
      priority: '1',
      delay: '2',
      validity: '30',
      maxParts: '4',
      dlr: '1',
      prevDups: '5',
      msgClass: 'promotional',
    });
  });

  it('sends 0 and false when they are set', async () => {
    const sms = await start({ defaults: { priority: 3, delay: 9, dlr: true } });
    await sms.send(
      { ...MESSAGE, priority: 0, delay: 0, validity: 0, maxParts: 0, dlr: false, prevDups: 0 },
      { method },
    );
    expect(lastRequest().params).toEqual({
      ...WIRE,
      ...{ priority: '0', delay: '0', validity: '0', maxParts: '0', dlr: '0', prevDups: '0' },
    });
  });

  it.each([
    'a + b = c & d % e # f ? g',
    "it's (fine) * really!",
    'two\nlines\r\nand a tab\t.',
    'كود الدخول: ١٢٣٤ – لا تشاركه',
    'emoji 😀👨‍👩‍👧 and €^{}[]~|\\',
    '  leading and trailing  ',
    'a,b,c=1&username=other',
  ])('delivers the text unchanged to the phone: %j', async (body) => {
    const sms = await start();
    await sms.send({ ...MESSAGE, src: 'My Brand+1', body }, { method });
    expect(bench.gateway.phone('966501234567')[0]).toMatchObject({ body, src: 'My Brand+1' });
  });

  it('sends a token instead of a password, with or without a username', async () => {
    const accounts = [{ username: 'demo', token: 'tok en+1' }];
    const sms = await start({ auth: { token: 'tok en+1' } }, { accounts });
    await sms.send(MESSAGE, { method });
    expect(lastRequest().params).toEqual({ token: 'tok en+1', src: 'MyBrand', dests: '966501234567', body: 'hello' });
    await bench.close();
    const named = await start({ auth: { username: 'demo', token: 'tok en+1' } }, { accounts });
    await named.send(MESSAGE, { method });
    expect(lastRequest().params).toMatchObject({ username: 'demo', token: 'tok en+1' });
    expect(lastRequest().params).not.toHaveProperty('password');
  });

  it('sends undocumented parameters given as extra', async () => {
    const sms = await start();
    const error = await sms.send(MESSAGE, { method, extra: { customId: 'a b', secure: true } }).catch((e: Error) => e);
    expect(error).toMatchObject({ name: 'OurSmsGatewayError' });
    expect(lastRequest().params).toMatchObject({ customId: 'a b', secure: '1' });
  });
});

describe('recipients', () => {
  it('are normalised, and duplicates among them are left out', async () => {
    const sms = await start();
    const receipt = await sms.send({
      ...MESSAGE,
      dests: ['0501234567', '+966 50 123 4567', '٠٥٠٧٦٥٤٣٢١', '966501234567'],
    });
    expect(lastRequest().params.dests).toBe('966501234567,966507654321');
    expect(receipt).toMatchObject({ total: 2, skipped: 2 });
  });

  it('may be a comma-separated string, as in the API document', async () => {
    const sms = await start();
    await sms.send({ ...MESSAGE, dests: '0501234567, 0507654321،0509999999' });
    expect(lastRequest().params.dests).toBe('966501234567,966507654321,966509999999');
  });

  it('are limited to 500, without counting duplicates', async () => {
    const sms = await start({}, { accounts: [{ username: 'demo', password: 'demo', credits: 10_000 }] });
    const numbers = Array.from({ length: 501 }, (_, i) => `05${String(10_000_000 + i)}`);
    await expect(
      sms.send({ ...MESSAGE, dests: [...numbers.slice(0, 500), ...numbers.slice(0, 300)] }),
    ).resolves.toMatchObject({
      accepted: 500,
      skipped: 300,
    });
    const error = await rejection(sms.send({ ...MESSAGE, dests: numbers }), OurSmsValidationError);
    expect(error.faults).toEqual([
      { field: 'dests', reason: 'contains 501 different numbers; a request takes at most 500' },
    ]);
    expect(bench.gateway.requests).toHaveLength(1);
  });

  it('are reported by position and reason, masked, when they are invalid, and nothing is sent', async () => {
    const sms = await start();
    const dests = Array.from({ length: 500 }, (_, i) => `05${String(10_000_000 + i)}`);
    dests[7] = '05012345678';
    dests[499] = 'call me';
    const error = await rejection(sms.send({ ...MESSAGE, dests }), OurSmsValidationError);
    expect(error.faults.map(({ field }) => field)).toEqual(['dests[7]', 'dests[499]']);
    expect(error.faults[0]?.reason).toMatch(/^"0501\*+78" is not a Saudi mobile/);
    expect(error.message).not.toContain('05012345678');
    expect(bench.gateway.requests).toHaveLength(0);
  });

  it('are reported up to the five hundredth fault', async () => {
    const sms = await start();
    const error = await rejection(sms.send({ ...MESSAGE, dests: 'x,'.repeat(5_000) }), OurSmsValidationError);
    expect(error.faults).toHaveLength(501);
    expect(error.faults.at(-1)).toEqual({ field: 'dests', reason: '4501 more are not numbers' });
  });

  it('abroad are refused, unless numbers.country is any', async () => {
    const sms = await start();
    await expect(sms.send({ ...MESSAGE, dests: ['+971501234567'] })).rejects.toThrow(OurSmsValidationError);
    await bench.close();
    const anywhere = await start({ numbers: { country: 'any' } });
    await anywhere.send({ ...MESSAGE, dests: ['+971501234567', '0501234567'] });
    expect(lastRequest().params.dests).toBe('971501234567,966501234567');
  });
});

describe('the ranges of the parameters', () => {
  const MAX = 2_147_483_647;

  it.each<Partial<SendMessageDto>>([
    ...[0, 1, 4].map((priority) => ({ priority })),
    ...(['delay', 'validity', 'maxParts', 'prevDups'] as const).flatMap((name) => [{ [name]: 0 }, { [name]: MAX }]),
    ...[true, false].map((dlr) => ({ dlr })),
    ...(['transactional', 'promotional'] as const).map((msgClass) => ({ msgClass })),
    { body: 'x'.repeat(2_000) },
    { src: '1' },
  ])('take %j', async (field) => {
    const sms = await start();
    await sms.send({ ...MESSAGE, ...field });
    const [[name, value]] = Object.entries(field) as [[string, unknown]];
    expect(lastRequest().params[name]).toBe(typeof value === 'boolean' ? String(Number(value)) : String(value));
  });

  it.each<[string, unknown]>([
    ...[-1, 5, 1.5, NaN, 'high', {}, ''].map((value): [string, unknown] => ['priority', value]),
    ...['delay', 'validity', 'maxParts', 'prevDups'].flatMap((name) =>
      [-1, 0.5, MAX + 1, Infinity, '1e3', '-1', true, [1]].map((value): [string, unknown] => [name, value]),
    ),
    ...[2, -1, 'yes', '', {}].map((value): [string, unknown] => ['dlr', value]),
    ...['', 'otp', 'Promotional', 0].map((value): [string, unknown] => ['msgClass', value]),
    ...['', 5, {}, ['x'], '\ud83d'].map((value): [string, unknown] => ['src', value]),
    ...['', 5, {}, 'cut \ud83d'].map((value): [string, unknown] => ['body', value]),
    ...['', [], {}, 5, '   '].map((value): [string, unknown] => ['dests', value]),
  ])('refuse %s: %j before anything is sent', async (name, value) => {
    const sms = await start();
    const error = await rejection(sms.send({ ...MESSAGE, [name]: value }), OurSmsValidationError);
    expect(error.faults.map(({ field }) => field)).toEqual([name]);
    expect(error).toMatchObject({ outcome: 'notSent', retryable: false, operation: 'send', account: 'default' });
    expect(bench.gateway.requests).toHaveLength(0);
  });

  it.each(['src', 'dests', 'body'])('refuse a message without %s', async (name) => {
    const sms = await start();
    const error = await rejection(sms.send({ ...MESSAGE, [name]: undefined }), OurSmsValidationError);
    expect(error.faults.map(({ field }) => field)).toEqual([name]);
  });

  it.each([undefined, null, 'text', 5, []])('refuse %j, which is no message', async (message) => {
    const sms = await start();
    const error = await rejection(sms.send(message as never), OurSmsValidationError);
    expect(error.faults.map(({ field }) => field)).toEqual(['src', 'body', 'dests']);
  });

  it('apply to the own fields of a message, not to its prototype', async () => {
    const sms = await start();
    const message: unknown = JSON.parse('{"src":"MyBrand","dests":["0501234567"],"__proto__":{"body":"smuggled"}}');
    const error = await rejection(sms.send(message as MessageToSend), OurSmsValidationError);
    expect(error.faults.map(({ field }) => field)).toEqual(['body']);
    expect(bench.gateway.requests).toHaveLength(0);
  });

  it('refuse fields that the API does not have, and bad options of the call', async () => {
    const sms = await start();
    const unknown = await rejection(sms.send({ ...MESSAGE, from: 'x' } as never), OurSmsValidationError);
    expect(unknown.faults).toEqual([{ field: 'from', reason: 'is not known' }]);
    const options = { method: 'PUT', extra: { password: 'x', list: [1] } };
    const error = await rejection(sms.send(MESSAGE, options as never), OurSmsValidationError);
    expect(error.faults.map(({ field }) => field)).toEqual([
      'options.method',
      'options.extra.password',
      'options.extra.list',
    ]);
    expect(bench.gateway.requests).toHaveLength(0);
  });
});

describe('an invalid value is refused by the name of its field', () => {
  it.each<[string, object, object]>([
    ['src', { src: 'My\ud83d' }, {}],
    ['body', { body: 'Hello \udc4d' }, {}],
    ['options.extra.note', {}, { extra: { note: 'cut \ud83d' } }],
    ['options.extra.\ud83d', {}, { extra: { '\ud83d': 1 } }],
    ...[null, 'now', 5, {}, new EventTarget(), new AbortController(), { aborted: false }].map(
      (signal): [string, object, object] => ['options.signal', {}, { signal }],
    ),
  ])('%s of %j, %j', async (field, message, options) => {
    const sms = await start();
    const error = await rejection(sms.send({ ...MESSAGE, ...message }, options as never), OurSmsValidationError);
    expect(error.faults.map((fault) => fault.field)).toEqual([field]);
    expect(error.message).not.toMatch(/\p{Surrogate}/u);
    expect(bench.gateway.requests).toHaveLength(0);
  });

  it('but an AbortSignal of another library is accepted', async () => {
    const sms = await start();
    const target = Object.assign(new EventTarget(), { aborted: false });
    expect(await sms.send(MESSAGE, { signal: target as unknown as AbortSignal })).toMatchObject({ accepted: 1 });
  });

  it('with control characters in that name escaped', async () => {
    const sms = await start();
    const error = await rejection(sms.send({ ...MESSAGE, 'a\nb\u202e': 1 } as never), OurSmsValidationError);
    expect(error.message).toContain('a\\u000ab\\u202e: is not known');
  });
});

describe('defaults and divertTo', () => {
  it('fill in the unset fields of a message, including src', async () => {
    const sms = await start({ defaults: { src: 'Default', dlr: true, priority: 2 } });
    await sms.send({ dests: '0501234567', body: 'hello', priority: undefined });
    expect(lastRequest().params).toEqual({ ...WIRE, src: 'Default', dlr: '1', priority: '2' });
    await sms.send({ ...MESSAGE, dlr: false });
    expect(lastRequest().params).toMatchObject({ src: 'MyBrand', dlr: '0', priority: '2' });
  });

  it('send every message to the diverted number, which is logged masked at bootstrap', async () => {
    const sms = await start({ divertTo: '0509999999' });
    expect(bench.logs.matching('diverted')).toEqual([
      'Every message of account default is diverted to 9665******99 (divertTo) OurSmsModule',
    ]);
    await sms.send({ ...MESSAGE, dests: ['0501234567', '0507654321'] });
    expect(lastRequest().params.dests).toBe('966509999999');
    expect(bench.gateway.phone('966501234567')).toHaveLength(0);
  });
});
