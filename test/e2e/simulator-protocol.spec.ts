import { describe, expect, it } from '@jest/globals';
import { SimulatorEngine } from '../../lib/testing/simulator/simulator-engine.js';
import type { SimulatorRequest } from '../../lib/testing/simulator/simulator.records.js';
import { ask, demo, encode, get, hello, post } from '../support/simulator-client.js';

const answer = (asked: SimulatorRequest, engine = new SimulatorEngine()) => ask(engine, asked);

describe('the simulator: paths, methods and forms', () => {
  it.each(['/api-a', '/api-a/', '/api-a/msgs/', '/api-a/msgs/send', '/a-api/msgs/send', '/msgs', '/api-a/Msgs', '/'])(
    'knows no path %s',
    (path) => expect(answer({ ...post(hello), path })).toMatchObject({ status: 404, json: { errorCode: 404 } }),
  );

  it.each([
    ['PUT', '/msgs', 'GET, POST'],
    ['HEAD', '/msgs', 'GET, POST'],
    ['POST', '/inbox/dlrs', 'GET'],
    ['DELETE', '/inbox/dlrs', 'GET'],
    ['POST', '/billing/credits', 'GET'],
  ])('refuses %s %s with 405 and names the allowed methods', (method, path, allow) => {
    const response = new SimulatorEngine().handle({ ...get(path), method });
    expect(response).toMatchObject({ status: 405, headers: { allow } });
  });

  it.each([undefined, '', 'application/json', 'text/plain', 'application/x-www-form-urlencoded; charset=latin1'])(
    'refuses a POST of the content type %s with 415',
    (contentType) => expect(answer({ ...post(hello), contentType }).status).toBe(415),
  );

  it.each(['application/x-www-form-urlencoded;charset=UTF-8', 'Application/X-WWW-Form-Urlencoded'])(
    'takes a POST of the content type %s',
    (contentType) => expect(answer({ ...post(hello), contentType }).status).toBe(200),
  );

  it('refuses parameters of a POST in its query, and a GET with a body', () => {
    expect(answer({ ...post(hello), query: encode(demo) }).status).toBe(400);
    expect(answer({ ...post(''), query: encode(hello) }).status).toBe(400);
    expect(answer({ ...get('/msgs', hello), body: encode(hello) }).status).toBe(400);
  });

  it.each([
    ['/msgs', 'Priority', { ...hello, Priority: 1 }],
    ['/msgs', 'count', { ...hello, count: 1 }],
    ['/msgs', 'customId', { ...hello, customId: 1 }],
    ['/inbox/dlrs', 'src', { ...demo, src: 'x' }],
    ['/billing/credits', 'count', { ...demo, count: 1 }],
  ])('refuses at %s the unknown parameter %s by its name', (path, name, parameters) =>
    expect(answer(get(path, parameters))).toMatchObject({
      status: 400,
      json: { errorCode: expect.any(Number), message: `${name}: unknown parameter` },
    }),
  );

  it.each(['dests', 'body', 'username', 'password'])('refuses a repeated %s', (name) =>
    expect(answer(post(`${encode(hello)}&${name}=966501234567`))).toMatchObject({
      status: 400,
      json: { message: `${name}: given more than once` },
    }),
  );

  it.each([
    ['a bare name', '&dlr', /not written as name=value/],
    ['an empty pair', '&', /not written as name=value/],
    ['a lone percent sign', '&msgClass=50%', /^msgClass: invalid percent-encoding/],
    ['percent and no hexadecimal', '&msgClass=%zz', /^msgClass: invalid percent-encoding/],
    ['a cut UTF-8 sequence', '&msgClass=%D9', /^msgClass: not valid UTF-8/],
    ['an overlong UTF-8 sequence', '&msgClass=%C0%80', /^msgClass: not valid UTF-8/],
    ['a surrogate in UTF-8', '&msgClass=%ED%A0%80', /^msgClass: not valid UTF-8/],
    ['a raw byte outside ASCII', '&msgClass=\u00d9', /^msgClass: holds a character that is not percent-encoded/],
    ['a raw space', '&msgClass=a b', /^msgClass: holds a character that is not percent-encoded/],
  ])('refuses %s', (_, extra, message) => {
    for (const asked of [post(encode(hello) + extra), get('/msgs', encode(hello) + extra)]) {
      expect(answer(asked)).toMatchObject({ status: 400, json: { message: expect.stringMatching(message) } });
    }
  });

  it('reads + as a space in a form, and as a plus in a query', () => {
    const engine = new SimulatorEngine();
    const spaced = `${encode({ ...hello, body: '' })}hello+there%2B%20you`;
    engine.handle(post(spaced));
    engine.handle(get('/msgs', spaced));
    expect(engine.delivered.map(({ body }) => body)).toEqual(['hello there+ you', 'hello+there+ you']);
  });

  it('passes any text through unchanged: Arabic, an emoji, line ends, characters of the encoding itself', () => {
    const engine = new SimulatorEngine();
    const body = 'مرحبا 👋\r\n100% & a=b + c;\ufeff\u0000';
    expect(answer(post({ ...hello, body }), engine).status).toBe(200);
    expect(answer(get('/msgs', { ...hello, body }), engine).status).toBe(200);
    expect(engine.delivered.map((message) => message.body)).toEqual([body, body]);
  });
});

describe('the simulator: credentials', () => {
  const accounts = [
    { username: 'one', password: 'pass-1', token: 'token-1' },
    { username: 'two', token: 'token-2' },
  ];
  const credits = (parameters: Record<string, string>) =>
    answer(get('/billing/credits', parameters), new SimulatorEngine({ accounts }));

  it.each<Record<string, string>>([
    { username: 'one', password: 'pass-1' },
    { username: 'one', token: 'token-1' },
    { token: 'token-1' },
    { token: 'token-2' },
  ])('takes %j', (parameters) => expect(credits(parameters).status).toBe(200));

  it.each<Record<string, string>>([
    {},
    { username: 'one' },
    { password: 'pass-1' },
    { username: '', password: '' },
    { username: 'one', password: '' },
    { username: 'one', password: 'pass-2' },
    { username: 'one', password: 'token-1' },
    { username: 'one', token: 'token-2' },
    { username: 'two', password: '' },
    { username: 'none', password: 'pass-1' },
    { token: '' },
    { token: 'pass-1' },
  ])('refuses %j with 401 and 1001', (parameters) =>
    expect(credits(parameters)).toMatchObject({ status: 401, json: { errorCode: 1001 } }),
  );

  it('refuses a password and a token together', () =>
    expect(credits({ username: 'one', password: 'pass-1', token: 'token-1' }).status).toBe(400));

  it('refuses wrong credentials in all three calls before it checks other parameters', () => {
    const engine = new SimulatorEngine();
    const wrong = { username: 'demo', password: 'wrong-secret' };
    for (const asked of [post({ ...hello, ...wrong, priority: 9 }), get('/inbox/dlrs', wrong), get('/msgs', wrong)]) {
      expect(answer(asked, engine)).toMatchObject({ status: 401, json: { errorCode: 1001 } });
    }
    expect(engine.messages).toEqual([]);
  });

  it('repeats no credential, even when a broken encoding turns part of it into a parameter name', () => {
    const engine = new SimulatorEngine({ accounts: [{ username: 'demo', password: 'first&hunter22' }] });
    for (const asked of [
      get('/billing/credits', 'username=demo&password=first&hunter22'),
      get('/billing/credits', 'username=demo&password=first&hunter22=1'),
      get('/billing/credits', 'username=demo&password=first%26hunter22&password=x'),
      get('/billing/credits', 'username=demo&password=first%26hunter22%'),
      get('/billing/credits', 'username=demo&password=first%26hunter23'),
    ]) {
      const { status, body, reason } = engine.handle(asked);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(`${body} ${reason}`).not.toMatch(/hunter|first/);
    }
  });

  it.each([
    [[{ username: '', password: 'x' }]],
    [[{ username: 'a' }]],
    [
      [
        { username: 'a', password: 'x' },
        { username: 'a', token: 'y' },
      ],
    ],
    [
      [
        { username: 'a', token: 'x' },
        { username: 'b', token: 'x' },
      ],
    ],
    [[{ username: 'a', token: 'x', credits: -1 }]],
  ])('does not start with invalid accounts: %j', (given) => {
    expect(() => new SimulatorEngine({ accounts: given })).toThrow();
  });

  it('does not start with a negative time or price', () => {
    expect(() => new SimulatorEngine({ price: -1 })).toThrow('price');
    expect(() => new SimulatorEngine({ routeDelayMs: NaN })).toThrow('routeDelayMs');
    expect(() => new SimulatorEngine({ deliverAfterMs: -1 })).toThrow('deliverAfterMs');
  });
});

describe('the simulator: 3. Get Credits Balance', () => {
  it('gives the balance of the account as a number', () => {
    const engine = new SimulatorEngine();
    expect(answer(get('/billing/credits'), engine).json).toEqual({ credits: 1000 });
    engine.setCredits('demo', 12.5);
    expect(answer(get('/billing/credits'), engine).json).toEqual({ credits: 12.5 });
  });

  it('gives the balance as a string with creditsAs: string', () => {
    const engine = new SimulatorEngine({ creditsAs: 'string' });
    expect(answer(get('/billing/credits'), engine).json).toEqual({ credits: '1000' });
  });

  it('keeps the balances of two accounts apart', () => {
    const accounts = [
      { ...demo, credits: 5 },
      { username: 'two', password: 'two' },
    ];
    const engine = new SimulatorEngine({ accounts });
    engine.handle(post(hello));
    expect([engine.credits('demo'), engine.credits('two')]).toEqual([4, 1000]);
    expect(() => engine.credits('three')).toThrow('three');
  });
});
