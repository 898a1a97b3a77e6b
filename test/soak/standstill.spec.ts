import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from '@jest/globals';
import { OurSmsAbortedError, OurSmsModule, OurSmsTimeoutError } from 'nestjs-oursms';
import type { GatewayClient } from '../../lib/gateway/gateway-client.js';
import type { Account } from '../../lib/module/account.js';
import { ACCOUNT } from '../../lib/module/internal-tokens.js';
import { DEMO, rejection, startApplication, type TestApplication } from '../support/application.js';
import { httpAnswer, startRawGateway } from '../support/raw-gateway.js';

/** A gateway that runs while this thread is blocked. It responds after `workerData` milliseconds; 0: never. */
const GATEWAY_THREAD = `
  const { createServer } = require('node:http');
  const { parentPort, workerData } = require('node:worker_threads');
  const server = createServer((request, response) => {
    request.resume();
    parentPort.postMessage('request');
    if (workerData > 0) setTimeout(() => response.end('{"jobId":1,"total":1,"accepted":1}'), workerData);
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

const MESSAGE = { src: 'MyBrand', dests: ['966501234567'], body: 'hello' };
const TIMEOUT_MS = 400;

let application: TestApplication | undefined;
let thread: Worker | undefined;

async function startBeside(answersAfterMs: number): Promise<TestApplication> {
  thread = new Worker(GATEWAY_THREAD, { eval: true, workerData: answersAfterMs });
  const [port] = (await once(thread, 'message')) as [number];
  const http = { timeoutMs: TIMEOUT_MS };
  application = await startApplication([
    OurSmsModule.forRoot({ baseUrl: `http://127.0.0.1:${port}`, auth: DEMO, http }),
  ]);
  return application;
}

/** Blocks the event loop. */
function standStill(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

afterEach(async () => {
  await application?.close();
  await thread?.terminate();
  application = thread = undefined;
});

describe('a process that is suspended', () => {
  it('reads a response that arrived meanwhile, although its timeout has passed', async () => {
    const { sms } = await startBeside(100);
    const receipt = sms.send(MESSAGE);
    await once(thread as Worker, 'message');
    standStill(TIMEOUT_MS + 1_200);
    expect(await receipt).toMatchObject({ accepted: 1 });
  });

  it('reads a response that arrived meanwhile when it resumes just after the timeout', async () => {
    const { sms } = await startBeside(100);
    const receipt = sms.send(MESSAGE);
    await once(thread as Worker, 'message');
    standStill(TIMEOUT_MS + 100);
    expect(await receipt).toMatchObject({ accepted: 1 });
  });

  it('times out a request that has no response when it resumes', async () => {
    const { sms } = await startBeside(0);
    const failure = rejection(sms.send(MESSAGE), OurSmsTimeoutError);
    await once(thread as Worker, 'message');
    standStill(TIMEOUT_MS + 1_200);
    expect(await failure).toMatchObject({ outcome: 'unknown' });
  });
});

describe('a request that another process has taken over', () => {
  /** A download returns its error beside the pages it got; here there must be no page. */
  const downloaded = async (client: GatewayClient, bounds: { mayStart: () => boolean }): Promise<void> => {
    const { pages, error } = await client.downloadDlrs(1, bounds);
    expect(pages).toEqual([]);
    if (error) throw error;
  };

  it.each(['send', 'downloadDlrs'] as const)(
    'is not sent, and fails with an error that explains it: %s',
    async (operation) => {
      const gateway = await startRawGateway((socket) => socket.once('data', () => socket.end(httpAnswer('{}'))));
      application = await startApplication([OurSmsModule.forRoot({ baseUrl: gateway.url, auth: DEMO })]);
      const { gateway: client } = application.app.get<Account>(ACCOUNT);
      const bounds = { mayStart: () => false };
      const call = operation === 'send' ? client.send(MESSAGE, 0, bounds) : downloaded(client, bounds);
      const error = await rejection(call, OurSmsAbortedError);
      expect(error).toMatchObject({ outcome: 'notSent', operation });
      expect(error.message).toContain('another process took over this request before it left');
      expect(gateway.received.join('')).toBe('');
      await gateway.close();
    },
  );
});
