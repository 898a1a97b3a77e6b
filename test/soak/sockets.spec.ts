import { afterEach, describe, expect, it } from '@jest/globals';
import {
  OurSmsAbortedError,
  OurSmsConnectionError,
  OurSmsGatewayError,
  OurSmsModule,
  OurSmsTimeoutError,
  type OurSmsModuleOptions,
} from 'nestjs-oursms';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO, rejection, startApplication, until, type TestApplication } from '../support/application.js';
import { httpAnswer, startRawGateway, type RawGateway } from '../support/raw-gateway.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'hello' };
/** Retries follow at once. */
const SOON = { delayMs: 5 };
const RECEIPT = httpAnswer('{"jobId":1,"total":1,"accepted":1}');

let application: TestApplication | undefined;
let gateway: RawGateway | undefined;

async function start(
  onConnection: (socket: Socket, connection: number) => void,
  http: OurSmsModuleOptions['http'] = {},
  retry: OurSmsModuleOptions['retry'] = SOON,
): Promise<TestApplication> {
  gateway = await startRawGateway(onConnection);
  application = await startApplication([OurSmsModule.forRoot({ baseUrl: gateway.url, auth: DEMO, http, retry })]);
  return application;
}

afterEach(async () => {
  await application?.close();
  await gateway?.close();
  application = gateway = undefined;
});

describe('a send fails as notSent', () => {
  it('when the host name does not resolve', async () => {
    application = await startApplication([
      OurSmsModule.forRoot({ baseUrl: 'https://gateway.invalid/api-a', auth: DEMO }),
    ]);
    const error = await rejection(application.sms.send(MESSAGE), OurSmsConnectionError);
    expect(error).toMatchObject({ outcome: 'notSent', retryable: true });
    expect(error.code).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  it('when the TLS certificate is not trusted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oursms-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost'];
    execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    let requests = 0;
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, () => (requests += 1));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    application = await startApplication([OurSmsModule.forRoot({ baseUrl: `https://localhost:${port}`, auth: DEMO })]);
    const error = await rejection(application.sms.send(MESSAGE), OurSmsConnectionError);
    expect(error).toMatchObject({ outcome: 'notSent', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(requests).toBe(0);
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  it('when the server does not speak TLS', async () => {
    gateway = await startRawGateway((socket) => socket.once('data', () => socket.end('plain text')));
    const baseUrl = gateway.url.replace('http:', 'https:');
    application = await startApplication([OurSmsModule.forRoot({ baseUrl, auth: DEMO })]);
    const error = await rejection(application.sms.send(MESSAGE), OurSmsConnectionError);
    expect(error.outcome).toBe('notSent');
    expect(gateway.received.join('')).not.toContain('demo');
  });

  it('when the TLS handshake outlasts the connect timeout', async () => {
    gateway = await startRawGateway(() => undefined);
    const baseUrl = gateway.url.replace('http:', 'https:');
    application = await startApplication([
      OurSmsModule.forRoot({ baseUrl, auth: DEMO, retry: SOON, http: { connectTimeoutMs: 200 } }),
    ]);
    const error = await rejection(application.sms.send(MESSAGE), OurSmsConnectionError);
    expect(error).toMatchObject({ outcome: 'notSent', code: 'UND_ERR_CONNECT_TIMEOUT' });
  });

  it('when the request times out while the connection is being established', async () => {
    gateway = await startRawGateway(() => undefined);
    const baseUrl = gateway.url.replace('http:', 'https:');
    application = await startApplication([
      OurSmsModule.forRoot({ baseUrl, auth: DEMO, retry: SOON, http: { timeoutMs: 200 } }),
    ]);
    const error = await rejection(application.sms.send(MESSAGE), OurSmsTimeoutError);
    expect(error).toMatchObject({ outcome: 'notSent', retryable: true, timeoutMs: 200 });
  });

  it('when its signal is aborted while all connections are busy, and the message is not sent later', async () => {
    const { sms } = await start(
      (socket) =>
        void socket.on(
          'data',
          (chunk) => void (chunk.includes('hello') && setTimeout(() => socket.write(RECEIPT), 300)),
        ),
      { maxConnections: 1 },
    );
    const first = sms.send(MESSAGE);
    const second = sms.send({ ...MESSAGE, body: 'second' }, { signal: AbortSignal.timeout(100) });
    expect(await rejection(second, OurSmsAbortedError)).toMatchObject({ outcome: 'notSent', retryable: true });
    await first;
    await sms.send(MESSAGE);
    expect(gateway?.received.join('')).not.toContain('second');
  });

  it.each([false, true])('when its signal was aborted before the call (through axios: %s)', async (hooked) => {
    const { sms } = await start((socket) => socket.once('data', () => socket.end(RECEIPT)));
    if (hooked) sms.httpService.axiosRef.interceptors.request.use((request) => request);
    const error = await rejection(sms.send(MESSAGE, { signal: AbortSignal.abort() }), OurSmsAbortedError);
    expect(error).toMatchObject({ outcome: 'notSent' });
    expect(gateway?.connections).toBe(0);
  });
});

describe('a send fails as unknown', () => {
  it('when the server resets the connection during the request', async () => {
    const { sms } = await start((socket) => void socket.once('data', () => socket.resetAndDestroy()));
    expect(await rejection(sms.send(MESSAGE), OurSmsConnectionError)).toMatchObject({
      outcome: 'unknown',
      retryable: false,
    });
    expect(gateway?.connections).toBe(1);
  });

  it('when the server closes the connection without a response', async () => {
    const { sms } = await start((socket) => void socket.once('data', () => socket.end()));
    expect(await rejection(sms.send(MESSAGE), OurSmsConnectionError)).toMatchObject({ outcome: 'unknown' });
  });

  it('when the response is not HTTP', async () => {
    const { sms } = await start((socket) => void socket.once('data', () => socket.end('220 smtp.example ESMTP\r\n')));
    expect(await rejection(sms.send(MESSAGE), OurSmsConnectionError)).toMatchObject({ outcome: 'unknown' });
  });

  it.each(['POST', 'GET'] as const)(
    'when a keep-alive connection is reset as a %s reuses it, and the request is not retried',
    async (method) => {
      const onConnection = (socket: Socket): void => {
        let received = '';
        socket.on('data', (chunk) => {
          received += chunk.toString('latin1');
          if (received.endsWith('body=hello')) socket.write(RECEIPT);
          if (received.includes('body=again')) socket.resetAndDestroy();
        });
      };
      const { sms } = await start(onConnection, { maxConnections: 1 });
      await sms.send(MESSAGE);
      const error = await rejection(sms.send({ ...MESSAGE, body: 'again' }, { method }), OurSmsConnectionError);
      expect(error.outcome).toBe('unknown');
      expect(gateway?.connections).toBe(1);
      expect(gateway?.received.join('').split('again')).toHaveLength(2);
    },
  );

  it.each([false, true])(
    'when its signal is aborted while the request is in flight (through axios: %s)',
    async (hooked) => {
      const { sms } = await start(() => undefined);
      if (hooked) sms.httpService.axiosRef.interceptors.request.use((request) => request);
      const abort = new AbortController();
      const sending = rejection(sms.send(MESSAGE, { signal: abort.signal }), OurSmsAbortedError);
      await until('the request has arrived', () => gateway?.received.join('').includes('body=hello') === true);
      abort.abort();
      expect(await sending).toMatchObject({ outcome: 'unknown', retryable: false });
    },
  );
});

describe('interim (1xx) responses', () => {
  const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
  const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\nlink: </y>; rel=preload\r\n\r\n';

  it.each([
    ['100', [CONTINUE + RECEIPT]],
    ['100 in a packet of its own', [CONTINUE, RECEIPT]],
    ['102 and 103', ['HTTP/1.1 102 Processing\r\n\r\n', HINTS + RECEIPT]],
    ['several', [CONTINUE + CONTINUE + HINTS, CONTINUE + RECEIPT]],
    ['100, byte by byte', [...CONTINUE, ...RECEIPT]],
    ['100, with the final response split in two', [(CONTINUE + RECEIPT).slice(0, 40), (CONTINUE + RECEIPT).slice(40)]],
    ['an unknown status', ['HTTP/1.1 199 Whatever\r\nretry-after: 5\r\n\r\n', RECEIPT]],
  ])('are skipped, and the final response is read: %s', async (_what, pieces) => {
    const { sms } = await start(
      (socket) => {
        let received = '';
        socket.setNoDelay(true);
        socket.on('data', (chunk) => {
          received += chunk.toString('latin1');
          if (!received.endsWith('hello')) return;
          received = '';
          pieces.forEach((piece, index) => setTimeout(() => socket.write(piece), 2 * index));
        });
      },
      { maxConnections: 1 },
    );
    for (let i = 0; i < 3; i++) expect(await sms.send(MESSAGE)).toMatchObject({ jobId: '1', accepted: 1 });
    expect(gateway?.connections).toBe(1);
  });

  it('are not searched for in the body of the final response', async () => {
    const body = `{"jobId":"${'HTTP/1.1 100 '.repeat(3)}"}`;
    const { sms } = await start((socket) => {
      socket.setNoDelay(true);
      socket.once('data', () => {
        const answer = CONTINUE + httpAnswer(body);
        const at = answer.indexOf('HTTP/1.1 100 HTTP');
        socket.write(answer.slice(0, at));
        setTimeout(() => socket.end(answer.slice(at)), 20);
      });
    });
    expect(await sms.send(MESSAGE)).toMatchObject({ jobId: 'HTTP/1.1 100 '.repeat(3).trim() });
  });

  it('without a final response make the send fail as unknown', async () => {
    const { sms } = await start((socket) => void socket.once('data', () => socket.end(CONTINUE)));
    expect(await rejection(sms.send(MESSAGE), OurSmsConnectionError)).toMatchObject({ outcome: 'unknown' });
  });

  it('that never end make the send time out', async () => {
    const { sms } = await start(
      (socket) =>
        void socket.once('data', () => {
          const timer = setInterval(() => socket.write(CONTINUE), 5);
          socket.on('close', () => clearInterval(timer));
        }),
      { timeoutMs: 200 },
    );
    expect(await rejection(sms.send(MESSAGE), OurSmsTimeoutError)).toMatchObject({ outcome: 'unknown' });
  });
});

it('an idle connection is closed before the server closes it', async () => {
  const connections = new Set<Socket>();
  const answer = httpAnswer('{"credits":"12.5"}', undefined, 'connection: keep-alive\r\nkeep-alive: timeout=60\r\n');
  const { sms } = await start((socket) => {
    connections.add(socket.on('close', () => connections.delete(socket)));
    socket.on('data', () => socket.write(answer));
  });
  await sms.getCredits();
  expect(connections.size).toBe(1);
  await until('the idle connection was closed', () => connections.size === 0, 8_000);
});

describe('Retry-After', () => {
  const refusal = (...headers: string[]): string =>
    httpAnswer('{}', 'HTTP/1.1 429 Too Many Requests', headers.map((value) => `Retry-After: ${value}\r\n`).join(''));

  it.each([
    ['sent twice', ['7', '9'], 9_000],
    ['joined by a comma', ['7, 9'], 9_000],
    ['one of them nonsense', ['soon', '7'], 7_000],
    ['one of them a date of the past', ['Sat, 31 Jan 2026 12:00:00 GMT', '3'], 3_000],
    ['nonsense', ['soon', '-5', '1.5', ''], undefined],
  ])('is the longest valid value: %s', async (_what, headers, retryAfterMs) => {
    const { sms } = await start(
      (socket) => void socket.on('data', () => socket.write(refusal(...headers))),
      {},
      { attempts: 1 },
    );
    const error = await rejection(sms.send(MESSAGE), OurSmsGatewayError);
    expect(error).toMatchObject({ kind: 'rateLimit', outcome: 'notSent', retryAfterMs });
  });

  it('as a date is measured by the Date header of the response, not by the local clock', async () => {
    const date = 'Date: Sat, 31 Jan 2026 12:00:00 GMT\r\nRetry-After: Sat, 31 Jan 2026 12:00:45 GMT\r\n';
    const answer = httpAnswer('{}', 'HTTP/1.1 429 Too Many Requests', date);
    const { sms } = await start((socket) => void socket.on('data', () => socket.write(answer)), {}, { attempts: 1 });
    expect(await rejection(sms.send(MESSAGE), OurSmsGatewayError)).toMatchObject({ retryAfterMs: 45_000 });
  });
});
