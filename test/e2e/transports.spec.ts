import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Query, Res, UseFilters, type INestApplication } from '@nestjs/common';
import { ExternalContextCreator, NestFactory } from '@nestjs/core';
import { ClientProxyFactory, GrpcMethod, MessagePattern, Transport, type ClientGrpc } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Response } from 'express';
import { OurSmsExceptionFilter, OurSmsModule, OurSmsService } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { firstValueFrom, timeout, type Observable } from 'rxjs';
import { WebSocket } from 'ws';
import { DEMO, LogRecorder } from '../support/application.js';

const PROTO = fileURLToPath(new URL('../support/sms.proto', import.meta.url));
const BAD = '0501234567x';
const GOOD = '0501234567';
const REFUSED = {
  error: 'OurSmsValidationError',
  message: expect.stringContaining('The request was not made') as unknown,
  outcome: 'notSent',
  retryable: false,
  faults: [{ field: 'dests[0]', reason: expect.any(String) as unknown }],
};

@Controller()
@UseFilters(OurSmsExceptionFilter)
class SmsController {
  constructor(private readonly sms: OurSmsService) {}

  @Get('send')
  overHttp(@Query('dest') dest: string): Promise<object> {
    return this.#send(dest);
  }

  @Get('streamed')
  async afterItsHead(@Query('dest') dest: string, @Res() response: Response): Promise<void> {
    response.write('begun');
    await this.#send(dest);
  }

  @MessagePattern('send')
  overTcp(dest: string): Promise<object> {
    return this.#send(dest);
  }

  @GrpcMethod('Sms', 'Send')
  overGrpc({ dest }: { dest: string }): Promise<object> {
    return this.#send(dest);
  }

  #send(dest: string): Promise<object> {
    return this.sms.send({ src: 'MyBrand', dests: [dest], body: 'hello' });
  }
}

@WebSocketGateway()
@UseFilters(OurSmsExceptionFilter)
class SmsGateway {
  constructor(private readonly sms: OurSmsService) {}

  @SubscribeMessage('send')
  async send(_client: unknown, dest: string): Promise<object> {
    const receipt = await this.sms.send({ src: 'MyBrand', dests: [dest], body: 'hello' });
    return { event: 'sent', data: receipt };
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let gateway: GatewaySimulator;
let app: INestApplication;
let logs: LogRecorder;
let tcpPort: number;
let grpcPort: number;
let url: string;

beforeEach(async () => {
  gateway = await GatewaySimulator.start();
  logs = new LogRecorder();
  class HybridModule {}
  const module = {
    module: HybridModule,
    imports: [OurSmsModule.forRoot({ baseUrl: gateway.url, auth: DEMO, retry: { attempts: 1 } })],
    controllers: [SmsController],
    providers: [SmsGateway],
  };
  app = await NestFactory.create(module, { logger: logs, abortOnError: false });
  app.useWebSocketAdapter(new WsAdapter(app));
  [tcpPort, grpcPort] = [await freePort(), await freePort()];
  app.connectMicroservice({ transport: Transport.TCP, options: { host: '127.0.0.1', port: tcpPort } });
  app.connectMicroservice({
    transport: Transport.GRPC,
    options: { url: `127.0.0.1:${grpcPort}`, package: 'sms', protoPath: PROTO },
  });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});

afterEach(async () => {
  await app.close();
  await gateway.stop();
});

/** The answer, or the error that the caller receives; fails when no answer arrives. */
const answerOf = (answer: Observable<unknown>): Promise<unknown> =>
  firstValueFrom(answer.pipe(timeout(5_000))).catch((error: unknown) => error);

describe('the filter in a hybrid application', () => {
  it('answers over HTTP as in an HTTP application', async () => {
    expect(await (await fetch(`${url}/send?dest=${GOOD}`)).json()).toMatchObject({ accepted: 1 });
    expect(await (await fetch(`${url}/send?dest=${BAD}`)).json()).toEqual({ statusCode: 400, ...REFUSED });
  });

  it('ends an HTTP response whose headers were already sent', async () => {
    expect(await (await fetch(`${url}/streamed?dest=${BAD}`)).text()).toBe('begun');
  });

  it('answers a TCP microservice with the error and its outcome', async () => {
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: tcpPort },
    });
    try {
      expect(await answerOf(client.send('send', GOOD))).toMatchObject({ accepted: 1 });
      expect(await answerOf(client.send('send', BAD))).toEqual({ status: 'error', ...REFUSED });
      gateway.faults.next('resetAfter');
      const lost = { status: 'error', error: 'OurSmsConnectionError', outcome: 'unknown', retryable: false };
      expect(await answerOf(client.send('send', GOOD))).toMatchObject(lost);
    } finally {
      await client.close();
    }
  });

  it('answers a gRPC call with its status', async () => {
    const client = ClientProxyFactory.create({
      transport: Transport.GRPC,
      options: { url: `127.0.0.1:${grpcPort}`, package: 'sms', protoPath: PROTO },
    }) as unknown as ClientGrpc & { close(): void };
    try {
      const service = client.getService<{ send(message: { dest: string }): Observable<unknown> }>('Sms');
      expect(await answerOf(service.send({ dest: GOOD }))).toEqual({ accepted: 1 });
      const refused = { code: 3, details: REFUSED.message };
      expect(await answerOf(service.send({ dest: BAD }))).toMatchObject(refused);
      for (const [fault, code] of [
        ['rateLimit', 8],
        ['serverError', 2],
        ['insufficientBalance', 14],
      ] as const) {
        if (fault === 'insufficientBalance') gateway.faults.next('errorIn200', { errorCode: 1008 });
        else gateway.faults.next(fault);
        expect(await answerOf(service.send({ dest: GOOD }))).toMatchObject({ code });
      }
    } finally {
      client.close();
    }
  });

  it('answers a WebSocket with the event exception, and continues', async () => {
    const socket = new WebSocket(url.replace('http', 'ws'));
    await once(socket, 'open');
    const ask = async (dest: string): Promise<unknown> => {
      const answered = once(socket, 'message', { signal: AbortSignal.timeout(5_000) });
      socket.send(JSON.stringify({ event: 'send', data: dest }));
      const [data] = (await answered) as [Buffer];
      return JSON.parse(data.toString('utf8'));
    };
    try {
      const exception = { status: 'error', ...REFUSED, cause: { pattern: 'send' } };
      expect(await ask(BAD)).toEqual({ event: 'exception', data: exception });
      expect(await ask(GOOD)).toMatchObject({ event: 'sent', data: { accepted: 1 } });
    } finally {
      socket.terminate();
    }
  });

  it.each(['graphql', 'bot'])('rejects or answers a call of a %s context with the error', async (type) => {
    // The way @nestjs/graphql and similar packages create their handlers.
    const creator = app.get(ExternalContextCreator, { strict: false });
    const resolver = app.get(SmsGateway);
    const unset = [undefined, undefined, undefined, undefined, undefined] as const;
    const send = (...[dest]: unknown[]): Promise<object> => resolver.send(undefined, String(dest));
    const handler = creator.create(resolver, send, 'send', ...unset, type);
    const answer: unknown = await Promise.resolve(handler(BAD)).catch((error: unknown) => error);
    expect(answer).toBeInstanceOf(Error);
    expect(answer).toMatchObject({ name: 'OurSmsValidationError', message: REFUSED.message });
    if (type === 'graphql') expect(answer).toMatchObject({ extensions: REFUSED });
  });

  it('logs nothing about a refused message', async () => {
    await fetch(`${url}/send?dest=${BAD}`);
    expect(logs.lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });
});
