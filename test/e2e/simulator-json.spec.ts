import { afterEach, describe, expect, it } from '@jest/globals';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { SimulatorEngine } from '../../lib/testing/simulator/simulator-engine.js';
import type { SimulatorRequest } from '../../lib/testing/simulator/simulator.records.js';
import { ask, demo, encode, get, getJson, helloJson, overWire, post, postJson } from '../support/simulator-client.js';

const answer = (asked: SimulatorRequest, engine = new SimulatorEngine()) => ask(engine, asked);

describe('the JSON API of the simulator', () => {
  it('sends a message, reports it, and charges it to the account that api-a shares', () => {
    const engine = new SimulatorEngine();
    const body = 'مرحبا 👋 "100%"';
    expect(answer(postJson({ ...helloJson, body, dlr: true, secure: true, transliteration: 'AUTO' }), engine)).toEqual({
      status: 200,
      json: expect.objectContaining({
        total: 1,
        accepted: 1,
        acceptedMsgs: [{ msgId: expect.any(String), dest: '966501234567' }],
      }),
    });
    expect(engine.delivered).toMatchObject([{ username: 'demo', body, dlr: true, dest: '966501234567' }]);
    expect(answer(getJson('/billing/credits'), engine).json).toEqual({ credits: 999 });
    expect(answer(get('/billing/credits'), engine).json).toEqual({ credits: 999 });
    expect(answer(getJson('/inbox/dlrs', 'count=5'), engine).json).toMatchObject([{ status: 'delivered' }]);
    expect(answer(get('/inbox/dlrs'), engine).json).toEqual([]);
  });

  it('returns the owner of a key and its allowed senders', () => {
    const senders = ['MyBrand', 'MyBrand-AD', '800'];
    const engine = new SimulatorEngine({ accounts: [{ username: 'shop', apiKey: 'k', senders }] });
    expect(answer(getJson('/users/me', '', 'Bearer k'), engine)).toEqual({
      status: 200,
      json: { userId: 'user-shop', username: 'shop', email: 'shop@example.com' },
    });
    const listed = (query: string): unknown => answer(getJson('/addresses/srcs', query, 'Bearer k'), engine).json;
    expect(listed('count=200')).toEqual({ srcs: senders.map((src) => ({ src })) });
    expect(listed('count=2')).toEqual({ srcs: [{ src: 'MyBrand' }, { src: 'MyBrand-AD' }] });
    expect(answer(postJson({ ...helloJson, src: 'Other' }, 'Bearer k'), engine)).toMatchObject({
      status: 400,
      json: { errorCode: 6307 },
    });
  });

  it.each<[string, SimulatorRequest]>([
    ['none', { ...getJson('/users/me'), authorization: undefined }],
    ['a wrong key', getJson('/users/me', '', 'Bearer demo')],
    ['a key alone', getJson('/users/me', '', 'demo-key')],
    ['another scheme', getJson('/users/me', '', 'Basic demo-key')],
    ['two keys', getJson('/users/me', '', 'Bearer demo-key demo-key')],
    ['an empty key', getJson('/users/me', '', 'Bearer ')],
    ['parameters of api-a', { ...getJson('/billing/credits', encode(demo)), authorization: undefined }],
    ['a wrong key beside a faulty message', postJson({ src: 5 }, 'Bearer hunter22')],
  ])('refuses with 401 and 1001 a request with %s', (_what, asked) => {
    const { status, json } = answer(asked);
    expect({ status, json }).toEqual({
      status: 401,
      json: { errorCode: 1001, message: 'Authorization: API key missing or wrong' },
    });
  });

  it('refuses an empty key even when an account has no key', () => {
    const engine = new SimulatorEngine({ accounts: [{ username: 'a', password: 'p' }] });
    for (const header of ['Bearer', 'Bearer ', 'Bearer undefined'])
      expect(answer(getJson('/users/me', '', header), engine).status).toBe(401);
  });

  it.each<[string, object | string, string]>([
    ['no src', { ...helloJson, src: undefined }, 'src: mandatory field missing'],
    ['an empty body', { ...helloJson, body: '' }, 'body: must be a string that is not empty'],
    ['a number as src', { ...helloJson, src: 5 }, 'src: must be a string that is not empty'],
    ['no dests', { ...helloJson, dests: undefined }, 'dests: mandatory field missing'],
    ['dests as text', { ...helloJson, dests: '966501234567' }, 'dests: must be an array of strings that is not empty'],
    ['empty dests', { ...helloJson, dests: [] }, 'dests: must be an array of strings that is not empty'],
    [
      'dests as numbers',
      { ...helloJson, dests: [966501234567] },
      'dests: must be an array of strings that is not empty',
    ],
    [
      'a local number',
      { ...helloJson, dests: ['0501234567'] },
      'dests: destination 1 starts with 0: the country code comes first',
    ],
    [
      '501 numbers',
      { ...helloJson, dests: Array<string>(501).fill('966501234567') },
      'dests: more than 500 destinations',
    ],
    ['dlr as 1', { ...helloJson, dlr: 1 }, 'dlr: must be true or false'],
    ['dlr as text', { ...helloJson, dlr: 'true' }, 'dlr: must be true or false'],
    ['a number as text', { ...helloJson, delay: '5' }, 'delay: must be a whole number from 0 to 2147483647'],
    ['a fraction', { ...helloJson, prevDups: 1.5 }, 'prevDups: must be a whole number from 0 to 2147483647'],
    ['a priority of 5', { ...helloJson, priority: 5 }, 'priority: must be a whole number from 0 to 4'],
    ['null', { ...helloJson, validity: null }, 'validity: must not be null'],
    ['an unknown class', { ...helloJson, msgClass: 'bulk' }, 'msgClass: must be transactional, promotional or empty'],
    ['secure as 1', { ...helloJson, secure: 1 }, 'secure: must be true or false'],
    ['an unknown transliteration', { ...helloJson, transliteration: 'auto' }, 'transliteration: must be AUTO or NONE'],
    ['an unknown field', { ...helloJson, customId: 'x' }, 'customId: unknown field'],
    ['a credential in the body', { ...helloJson, apiKey: 'demo-key' }, 'apiKey: unknown field'],
    ['a key as a name', { ...helloJson, 'demo-key': 1 }, 'parameter 4: unknown field'],
    ['an array', [helloJson], 'body: must be a JSON object in UTF-8'],
    ['no JSON', 'src=MyBrand', 'body: must be a JSON object in UTF-8'],
    ['nothing', '', 'body: must be a JSON object in UTF-8'],
  ])('refuses a message with %s', (_what, fields, message) =>
    expect(answer(postJson(fields))).toMatchObject({ status: 400, json: { errorCode: 400, message } }),
  );

  it('refuses a body that is not UTF-8', () =>
    expect(answer({ ...postJson(helloJson), body: '{"src":"\xff"}' })).toMatchObject({
      status: 400,
      json: { message: 'body: must be a JSON object in UTF-8' },
    }));

  it.each<[string, SimulatorRequest, number]>([
    ['the GET form of a send', getJson('/msgs/sms'), 405],
    ['a POST to the credits', { ...postJson({}), path: '/billing/credits' }, 405],
    ['a form', { ...postJson(helloJson), contentType: 'application/x-www-form-urlencoded' }, 415],
    ['JSON in another charset', { ...postJson(helloJson), contentType: 'application/json; charset=utf-16' }, 415],
    ['no content type', { ...postJson(helloJson), contentType: undefined }, 415],
    ['a POST with a query', { ...postJson(helloJson), query: 'count=1' }, 400],
    ['a GET with a body', { ...getJson('/users/me'), body: '{}' }, 400],
    ['credentials in the query', getJson('/billing/credits', encode(demo)), 400],
    ['501 reports', getJson('/inbox/dlrs', 'count=501'), 400],
    ['201 senders', getJson('/addresses/srcs', 'count=201'), 400],
    ['a slash too many', getJson('/users/me/'), 404],
    ['the path of the JSON API below api-a', getJson('/api-a/users/me'), 404],
  ])('refuses %s', (_what, asked, status) => expect(answer(asked).status).toBe(status));

  it('answers a send without message ids when set, over either API', () => {
    const engine = new SimulatorEngine({ acceptedMsgs: false });
    for (const asked of [
      postJson(helloJson),
      post({ ...demo, src: 'MyBrand', dests: '966501234567', body: 'hello' }),
    ]) {
      const { json } = answer(asked, engine);
      expect(json).toMatchObject({ accepted: 1, jobId: expect.any(String) });
      expect(json).not.toHaveProperty('acceptedMsgs');
    }
    expect(engine.delivered).toHaveLength(2);
  });

  it('does not start with two accounts of one key', () => {
    const accounts = [
      { username: 'a', apiKey: 'k' },
      { username: 'b', apiKey: 'k' },
    ];
    expect(() => new SimulatorEngine({ accounts })).toThrow('two simulator accounts have the same API key');
  });
});

describe('the JSON API of the simulator on a port', () => {
  let gateway: GatewaySimulator;
  afterEach(() => gateway.stop());

  it('is served beside api-a, records requests, and plays faults', async () => {
    gateway = await GatewaySimulator.start();
    expect(gateway.jsonUrl).toBe(gateway.url.replace('/api-a', ''));
    const body = 'مرحبا';
    await overWire(gateway.jsonUrl, postJson({ ...helloJson, body, dlr: false, priority: 2 }));
    gateway.faults.next('rateLimit', { on: 'me' });
    expect((await overWire(gateway.jsonUrl, getJson('/users/me'))).status).toBe(429);
    expect((await overWire(gateway.jsonUrl, getJson('/users/me'))).status).toBe(200);
    expect(gateway.requests).toMatchObject([
      {
        ...{ api: 'json', call: 'send', path: '/msgs/sms', authorization: 'Bearer demo-key', status: 200 },
        params: { src: 'MyBrand', dests: '966501234567', body, dlr: 'false', priority: '2' },
      },
      { api: 'json', call: 'me', status: 429, fault: 'rateLimit', processed: false },
      { api: 'json', call: 'me', status: 200 },
    ]);
    expect(gateway.phone('966501234567')).toMatchObject([{ body }]);
  });
});
