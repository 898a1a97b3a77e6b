import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { OurSmsConnectionError, OurSmsGatewayError, OurSmsResponseError } from 'nestjs-oursms';
import { rejection, startBench } from '../support/application.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'hello' };
const ADVICE = 'Check `baseUrl` in the options of the module.';
const PAGE = '<!DOCTYPE html><title>Not here</title>';

let server: Server | undefined;

afterEach(async () => {
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

/** A web server that answers everything alike; its address. */
async function serve(status: number, body: string): Promise<string> {
  server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api-a`;
}

async function errorAt<E extends Error>(baseUrl: string, type: abstract new (...args: never[]) => E): Promise<E> {
  const bench = await startBench({ baseUrl });
  try {
    return await rejection(bench.sms.send(MESSAGE), type);
  } finally {
    await bench.close();
  }
}

describe('an error says to check baseUrl', () => {
  it('when the connection is refused', async () => {
    const baseUrl = await serve(200, '{}');
    await new Promise((resolve) => server?.close(resolve));
    server = undefined;
    const error = await errorAt(baseUrl, OurSmsConnectionError);
    expect(error.message).toContain('(ECONNREFUSED)');
    expect(error.message).toContain(ADVICE);
  });

  it('when the host is unknown', async () => {
    const error = await errorAt('https://gateway.invalid/api-a', OurSmsConnectionError);
    expect(error.code).toMatch(/ENOTFOUND|EAI_AGAIN/);
    expect(error.message).toContain(ADVICE);
  });

  it('when https is used with a server that speaks http', async () => {
    const baseUrl = await serve(200, '{}');
    const error = await errorAt(baseUrl.replace('http:', 'https:'), OurSmsConnectionError);
    expect(error.message).toContain(ADVICE);
  });

  it.each([404, 405])('when the server answers %i', async (status) => {
    const error = await errorAt(await serve(status, PAGE), OurSmsGatewayError);
    expect(error).toMatchObject({ outcome: 'notSent', httpStatus: status });
    expect(error.message).toContain(ADVICE);
  });

  it('when the answer is a web page', async () => {
    const error = await errorAt(await serve(200, PAGE), OurSmsResponseError);
    expect(error).toMatchObject({ outcome: 'unknown', httpStatus: 200 });
    expect(error.message).toContain(ADVICE);
  });
});

describe('an error does not mention baseUrl', () => {
  it('when the gateway refuses the message, or its answer is cut off', async () => {
    expect((await errorAt(await serve(400, '{"errorCode":400}'), OurSmsGatewayError)).message).not.toContain('baseUrl');
    await new Promise((resolve) => server?.close(resolve));
    expect((await errorAt(await serve(200, '{"total":'), OurSmsResponseError)).message).not.toContain('baseUrl');
  });
});
