import { afterEach, describe, expect, it } from '@jest/globals';
import { OurSmsAbortedError, OurSmsConnectionError, OurSmsModule, type OurSmsModuleOptions } from 'nestjs-oursms';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { DEMO, rejection, startApplication, until, type TestApplication } from '../support/application.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'hello' };

interface Seen {
  method?: string;
  url?: string;
  headers: IncomingMessage['headers'];
  body: string;
}

let server: Server;
let application: TestApplication;
const seen: Seen[] = [];
const sockets = new Set<Socket>();

async function start(http: OurSmsModuleOptions['http'] = {}, answerAfterMs = 0): Promise<TestApplication> {
  seen.length = 0;
  sockets.clear();
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      const answer = request.url?.includes('credits') ? '{"credits":"12.5"}' : '{"jobId":"1","accepted":1}';
      setTimeout(() => response.setHeader('content-type', 'application/json').end(answer), answerAfterMs);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/path/`;
  application = await startApplication([
    OurSmsModule.forRoot({ baseUrl, auth: { ...DEMO, password: 'p w,+&' }, http }),
  ]);
  return application;
}

afterEach(async () => {
  await application.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('on the wire', () => {
  it('a POST is a form as documented, with no parameters in the URL', async () => {
    const { sms } = await start();
    await sms.send({ ...MESSAGE, dests: ['0501234567', '0507654321'], body: 'a b+c' });
    expect(seen).toEqual([
      expect.objectContaining({
        method: 'POST',
        url: '/some/path/msgs',
        body: 'username=demo&password=p%20w,%2B%26&src=MyBrand&dests=966501234567,966507654321&body=a%20b%2Bc',
      }),
    ]);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(seen[0]?.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      'user-agent': `nestjs-oursms/${version}`,
    });
  });

  it('a GET has everything in the query, and no body', async () => {
    const { sms } = await start();
    await sms.send(MESSAGE, { method: 'GET' });
    await sms.downloadDlrs({ count: 7 }).catch(() => undefined);
    await sms.getCredits();
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['GET', '/some/path/msgs?username=demo&password=p%20w,%2B%26&src=MyBrand&dests=966501234567&body=hello', ''],
      ['GET', '/some/path/inbox/dlrs?username=demo&password=p%20w,%2B%26&count=7', ''],
      ['GET', '/some/path/billing/credits?username=demo&password=p%20w,%2B%26', ''],
    ]);
    expect(seen[0]?.headers).not.toHaveProperty('content-type');
  });

  it('the user agent can be set', async () => {
    const { sms } = await start({ userAgent: 'my-shop/2.0' });
    await sms.getCredits();
    expect(seen[0]?.headers['user-agent']).toBe('my-shop/2.0');
  });

  it('at most maxConnections connections are opened, and they are reused', async () => {
    const { sms } = await start({ maxConnections: 3 }, 5);
    await Promise.all(Array.from({ length: 60 }, () => sms.send(MESSAGE)));
    expect(seen).toHaveLength(60);
    expect(sockets.size).toBe(3);
  });

  it('shutdown closes every connection, and a later call fails as notSent', async () => {
    const { sms } = await start();
    await sms.getCredits();
    await application.close();
    await until('the connections were closed', () => sockets.size === 0, 2_000);
    expect(await rejection(sms.send(MESSAGE), OurSmsAbortedError)).toMatchObject({ outcome: 'notSent' });
  });
});

describe("an application's interceptors on the HttpService", () => {
  it('see and change requests and answers', async () => {
    const { sms } = await start();
    const { axiosRef } = sms.httpService;
    axiosRef.interceptors.request.use((request) => {
      request.headers.set('x-trace', '42');
      return request;
    });
    const statuses: number[] = [];
    axiosRef.interceptors.response.use((response) => {
      statuses.push(response.status);
      return response;
    });
    await sms.send(MESSAGE);
    expect(seen[0]?.headers['x-trace']).toBe('42');
    expect(statuses).toEqual([200]);
  });

  it('may parse the answer before this package does', async () => {
    const { sms } = await start();
    sms.httpService.axiosRef.interceptors.response.use((response) => ({
      ...response,
      data: JSON.parse(response.data as string) as unknown,
    }));
    expect(await sms.send(MESSAGE)).toMatchObject({ jobId: '1', accepted: 1 });
  });

  it('cause notSent when they throw before the request, unknown after it, and no retry', async () => {
    const { sms } = await start();
    const { interceptors } = sms.httpService.axiosRef;
    const before = interceptors.request.use(() => {
      throw new Error('password=p w,+&');
    });
    const error = await rejection(sms.send(MESSAGE), OurSmsConnectionError);
    expect(error).toMatchObject({ outcome: 'notSent' });
    expect(error.message).not.toContain('password');
    expect(seen).toHaveLength(0);
    interceptors.request.eject(before);
    interceptors.response.use(() => Promise.reject(new Error('no')));
    expect(await rejection(sms.send(MESSAGE), OurSmsConnectionError)).toMatchObject({ outcome: 'unknown' });
    expect(seen).toHaveLength(1);
  });

  it('can replace the adapter with that of axios', async () => {
    const { sms } = await start();
    sms.httpService.axiosRef.defaults.adapter = 'http';
    expect(await sms.send({ ...MESSAGE, body: 'a b' })).toMatchObject({ accepted: 1 });
    expect(seen[0]?.body).toContain('body=a%20b');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await rejection(sms.send(MESSAGE), OurSmsConnectionError)).toMatchObject({
      outcome: 'notSent',
      code: 'ECONNREFUSED',
    });
  });
});
