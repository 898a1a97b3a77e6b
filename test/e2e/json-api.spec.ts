import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Campaigns,
  OurSmsConfigError,
  OurSmsGatewayError,
  OurSmsModule,
  OurSmsResponseError,
  OurSmsValidationError,
  type OurSmsModuleOptions,
} from 'nestjs-oursms';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { rejection, startApplication, type TestApplication } from '../support/application.js';

const KEY = 'k3y-8c1f+/=x.Y_z~42';
const MESSAGE = { src: 'MyBrand', dests: ['0501234567', '0507654321'], body: 'مرحبا + 100% & "more" 👋' };

interface Seen {
  method?: string;
  url?: string;
  headers: IncomingMessage['headers'];
  body: string;
}

let server: Server | undefined;
let application: TestApplication | undefined;
const seen: Seen[] = [];

/** An application with an API key, and a gateway that records every request and gives them all the same answer. */
async function start(
  answer: { status?: number; type?: string; body: string },
  options: Partial<OurSmsModuleOptions> = {},
): Promise<TestApplication> {
  seen.length = 0;
  const gateway = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      response.writeHead(answer.status ?? 200, { 'content-type': answer.type ?? 'application/json' }).end(answer.body);
    });
  });
  server = gateway;
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/`;
  const account = { baseUrl, auth: { apiKey: KEY }, retry: { attempts: 1 }, storage: 'memory', ...options } as const;
  application = await startApplication([OurSmsModule.forRoot(account)]);
  return application;
}

afterEach(async () => {
  await application?.close();
  application = undefined;
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

const ok = (value: unknown): { body: string } => ({ body: JSON.stringify(value) });

describe.each([
  ['over the built-in transport', false],
  ['through axios with an interceptor', true],
])('an account with an API key, %s,', (_way, hooked) => {
  const started = async (...args: Parameters<typeof start>): Promise<TestApplication> => {
    const running = await start(...args);
    if (hooked) running.sms.httpService.axiosRef.interceptors.request.use((config) => config);
    return running;
  };

  it('sends JSON with typed fields, and the key only in a header', async () => {
    const { sms } = await started(ok({ jobId: 7, accepted: 2 }));
    const extra = { secure: true, transliteration: 'AUTO' };
    const receipt = await sms.send({ ...MESSAGE, priority: 1, delay: 0, dlr: false, prevDups: 5 }, { extra });
    expect(receipt).toMatchObject({ jobId: '7', accepted: 2, acceptedMsgs: [] });
    const [{ method, url, headers, body } = { headers: {}, body: '' }] = seen;
    expect([method, url]).toEqual(['POST', '/msgs/sms']);
    expect(headers).toMatchObject({
      authorization: `Bearer ${KEY}`,
      accept: 'application/json',
      'content-type': 'application/json',
    });
    expect(JSON.parse(body)).toEqual({
      ...{ src: 'MyBrand', dests: ['966501234567', '966507654321'], body: MESSAGE.body },
      ...{ priority: 1, delay: 0, dlr: false, prevDups: 5, secure: true, transliteration: 'AUTO' },
    });
  });

  it('omits fields that are not set', async () => {
    const { sms } = await started(ok({}));
    await sms.send({ ...MESSAGE, dlr: true, validity: undefined });
    expect(Object.keys(JSON.parse(seen[0]?.body ?? '') as object)).toEqual(['src', 'dests', 'body', 'dlr']);
  });

  it('reads credits and reports with no secret in the URL', async () => {
    const { sms } = await started(ok({ credits: '12.5', statuses: [{ msgId: 1, status: 'Delivered' }] }));
    expect((await sms.getCredits()).credits).toBe(12.5);
    expect(await sms.downloadDlrs({ count: 7 })).toMatchObject([{ msgId: '1', status: 'delivered' }]);
    await sms.downloadDlrs();
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['GET', '/billing/credits', ''],
      ['GET', '/inbox/dlrs?count=7', ''],
      ['GET', '/inbox/dlrs', ''],
    ]);
    for (const { url, headers } of seen) {
      expect(url).not.toContain(KEY.slice(0, 6));
      expect(headers.authorization).toBe(`Bearer ${KEY}`);
      expect(headers).not.toHaveProperty('content-type');
    }
  });

  it('reads its user and the senders that it may use', async () => {
    const { sms } = await started(ok({ userId: 12, username: 'shop', email: 'shop@example.com', srcs: ['MyBrand'] }));
    expect(await sms.whoAmI()).toMatchObject({ userId: '12', username: 'shop', email: 'shop@example.com' });
    expect(await sms.getSenders()).toMatchObject({ senders: [{ src: 'MyBrand', raw: 'MyBrand' }] });
    expect(seen.map(({ method, url, headers }) => [method, url, headers.authorization])).toEqual([
      ['GET', '/users/me', `Bearer ${KEY}`],
      ['GET', '/addresses/srcs?count=200', `Bearer ${KEY}`],
    ]);
  });

  it.each([
    [401, '{"errorCode":"1001","message":"no"}', 1001],
    [401, '', undefined],
    [403, '{"errorCode":"E-KEY","message":"no"}', 'E-KEY'],
    [403, 'Forbidden', undefined],
    [403, '', undefined],
  ])('explains at HTTP %i %s that the key is refused and may be bound to IP addresses', async (status, body, code) => {
    const { sms } = await started({ status, body });
    const error = await rejection(sms.send(MESSAGE), OurSmsGatewayError);
    expect(error).toMatchObject({ kind: 'auth', httpStatus: status, code, outcome: 'notSent' });
    expect(error.message).toMatch(
      /The API key was refused: check `auth\.apiKey`, and the IP addresses that it may be bound to in the dashboard\.$/,
    );
  });

  it('does not blame the key for a web page with HTTP 403', async () => {
    const { sms } = await started({ status: 403, type: 'text/html', body: '<html>blocked</html>' });
    const error = await rejection(sms.send(MESSAGE), OurSmsGatewayError);
    expect(error).toMatchObject({ kind: 'other', outcome: 'notSent' });
    expect(error.message).not.toContain('API key was refused');
  });

  it('recognises a refused sender by its code under HTTP 403', async () => {
    const { sms } = await started({ status: 403, body: '{"errorCode":6307,"message":"source"}' });
    const error = await rejection(sms.send(MESSAGE), OurSmsGatewayError);
    expect(error).toMatchObject({ kind: 'sender', code: 6307 });
    expect(error.message).not.toContain('API key was refused');
  });
});

describe('an account with an API key', () => {
  it.each(['whoAmI', 'getSenders'] as const)('explains the error when %s fails', async (name) => {
    const { sms } = await start({ status: 401, body: '' });
    expect(await rejection(sms[name](), OurSmsGatewayError)).toMatchObject({
      ...{ kind: 'auth', operation: name, outcome: 'notSent' },
      message: expect.stringMatching(
        /^\w+ \(account default\): the gateway answered HTTP 401 .* Nothing was changed\. The/,
      ),
    });
  });

  it('treats an answer to whoAmI that is not an object as unreadable', async () => {
    const { sms } = await start(ok(['shop']));
    expect((await rejection(sms.whoAmI(), OurSmsResponseError)).rawBody()).toBe('["shop"]');
  });

  it('refuses the GET form before anything is sent', async () => {
    const { sms } = await start(ok({}));
    const error = await rejection(sms.send(MESSAGE, { method: 'GET' }), OurSmsValidationError);
    expect(error.faults).toEqual([
      { field: 'options.method', reason: 'must be POST: the JSON API (auth.apiKey) has no other form' },
    ]);
    expect(error.outcome).toBe('notSent');
    expect(seen).toEqual([]);
  });

  it.each([NaN, Infinity, -Infinity])('refuses an extra parameter that JSON cannot represent: %d', async (value) => {
    const { sms } = await start(ok({}));
    const error = await rejection(sms.send(MESSAGE, { extra: { value } }), OurSmsValidationError);
    expect(error.faults).toEqual([{ field: 'options.extra.value', reason: 'must be a finite number' }]);
    expect(seen).toEqual([]);
  });

  it('does not send the key to other addresses over the same HttpService', async () => {
    const { sms } = await start(ok({ credits: 1 }));
    await sms.getCredits();
    await sms.httpService.axiosRef.get(`http://127.0.0.1:${(server?.address() as AddressInfo).port}/elsewhere`);
    expect(seen.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/billing/credits', `Bearer ${KEY}`],
      ['/elsewhere', undefined],
    ]);
  });

  it('does not show the key when its objects are printed', async () => {
    const { sms, app } = await start(ok({ credits: 1 }));
    await sms.getCredits();
    for (const thing of [
      sms,
      sms.httpService,
      sms.httpService.axiosRef.defaults,
      app.get(Campaigns, { strict: false }),
    ])
      expect(inspect(thing, { depth: 8, showHidden: true })).not.toContain(KEY.slice(0, 6));
  });
});

describe.each([{ username: 'demo', password: 'p' }, { token: 't' }])('an account with %j', (auth) => {
  it.each(['whoAmI', 'getSenders'] as const)('refuses %s, and names the credential that it needs', async (name) => {
    const { sms } = await start(ok({}), { auth });
    const error = await rejection(sms[name](), OurSmsConfigError);
    expect(error.message).toBe(
      `${name} (account default): the API of a password or token (api-a) has no such call. Give auth: { apiKey }, made in the dashboard, to use the JSON API.`,
    );
    expect(error).toMatchObject({ outcome: 'notSent', retryable: false });
    expect(seen).toEqual([]);
  });
});
