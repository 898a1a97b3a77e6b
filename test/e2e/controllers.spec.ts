import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  Get,
  Module,
  Post,
  Query,
  UseFilters,
  ValidationPipe,
  type INestApplication,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  DownloadDlrsDto,
  OurSmsExceptionFilter,
  OurSmsModule,
  OurSmsService,
  SendMessageDto,
  type Dlr,
  type SendReceipt,
} from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { readDestinations } from '../../lib/dto/destinations.js';
import { DEMO, LogRecorder } from '../support/application.js';

@Controller()
@UseFilters(OurSmsExceptionFilter)
class SmsController {
  constructor(private readonly sms: OurSmsService) {}

  @Post('messages')
  send(@Body() message: SendMessageDto): Promise<SendReceipt> {
    return this.sms.send(message);
  }

  @Get('messages')
  sendFromQuery(@Query() message: SendMessageDto): Promise<SendReceipt> {
    return this.sms.send(message);
  }

  @Get('dlrs')
  download(@Query() query: DownloadDlrsDto): Promise<Dlr[]> {
    return this.sms.downloadDlrs(query);
  }

  @Get('bug')
  bug(): never {
    throw new Error('not ours');
  }
}

let gateway: GatewaySimulator;
let app: INestApplication;
let url: string;

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'hello' };

async function call(
  path: string,
  body?: unknown,
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const request = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(url + path, body === undefined ? {} : request);
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

beforeEach(async () => {
  gateway = await GatewaySimulator.start();
  @Module({
    imports: [
      OurSmsModule.forRoot({ baseUrl: gateway.url, auth: DEMO, http: { timeoutMs: 300 }, retry: { attempts: 1 } }),
    ],
    controllers: [SmsController],
  })
  class AppModule {}
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .setLogger(new LogRecorder())
    .compile();
  app = module.createNestApplication({ logger: false });
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
  await app.listen(0, '127.0.0.1');
  url = `${await app.getUrl()}/`;
});

afterEach(async () => {
  await app.close();
  await gateway.stop();
});

describe("the DTOs in an application's own controllers", () => {
  it('take a message as JSON', async () => {
    const all = { priority: 1, delay: 0, validity: 5, maxParts: 2, dlr: true, prevDups: 3, msgClass: 'transactional' };
    expect(await call('messages', { ...MESSAGE, ...all })).toMatchObject({ status: 201, body: { accepted: 1 } });
    expect(gateway.requests[0]?.params).toMatchObject({
      priority: '1',
      dlr: '1',
      prevDups: '3',
      msgClass: 'transactional',
    });
  });

  it('take a message as a query string, where every value is a string', async () => {
    const query = 'src=MyBrand&dests=0501234567,0507654321&body=a%20b&priority=4&delay=0&dlr=0&prevDups=10';
    expect(await call(`messages?${query}`)).toMatchObject({ status: 200, body: { accepted: 2 } });
    expect(gateway.requests[0]?.params).toMatchObject({ priority: '4', delay: '0', dlr: '0', prevDups: '10' });
  });

  it('name every faulty field, in one sentence each', async () => {
    const faulty = { src: '', dests: ['0501234567', '05012345678'], body: 5, priority: 9, dlr: 'maybe', from: 'x' };
    const { status, body } = await call('messages', faulty);
    expect(status).toBe(400);
    expect(body.message).toEqual([
      'property from should not exist',
      'src must not be empty',
      expect.stringMatching(/^dests\[1\] "0501\*+78" is not a Saudi mobile/),
      'body must be a string',
      'priority must be a whole number from 0 to 4',
      'dlr must be true or false',
    ]);
    expect(JSON.stringify(body)).not.toContain('05012345678');
    expect(gateway.requests).toHaveLength(0);
  });

  it.each(['0112345678', '12345', '+1234567890123456', '9665012', 'abc', '9.66E+11', ''])(
    'refuse the recipient %j in the words of the service, for any country of the account',
    async (dest) => {
      const { body } = await call('messages', { ...MESSAGE, dests: [dest] });
      const reasons = (['SA', 'any'] as const).map(
        (country) => `dests[0] ${readDestinations([dest], country).faults[0]?.reason}`,
      );
      expect(body.message).toEqual([reasons[0]]);
      expect(reasons[1]).toBe(reasons[0]);
    },
  );

  it('accept a valid count of reports and refuse an invalid one', async () => {
    gateway.pushReport('demo', { msgId: 'm1' });
    expect(await call('dlrs?count=500')).toMatchObject({ status: 200, body: [{ msgId: 'm1' }] });
    expect(await call('dlrs')).toMatchObject({ status: 200, body: [] });
    expect(await call('dlrs?count=501')).toMatchObject({
      status: 400,
      body: { message: ['count must be a whole number from 1 to 500'] },
    });
  });
});

describe('OurSmsExceptionFilter', () => {
  it('answers 400 with the faults when only the service can find them', async () => {
    const { status, body } = await call('messages', { ...MESSAGE, dests: ['+971501234567'] });
    expect({ status, ...body }).toMatchObject({
      status: 400,
      error: 'OurSmsValidationError',
      outcome: 'notSent',
      retryable: false,
      faults: [{ field: 'dests[0]' }],
    });
  });

  it.each([
    ['a rate limit', 429, () => gateway.faults.next('rateLimit', { retryAfter: 7 })],
    ['an empty balance', 503, () => gateway.setCredits('demo', 0)],
    ['an unavailable gateway', 503, () => gateway.refuseConnections()],
    ['a time-out', 504, () => gateway.faults.next('hang')],
    ['an error of the gateway', 502, () => gateway.faults.next('serverError')],
    ['an answer that cannot be read', 502, () => gateway.faults.next('garbage')],
    ['a connection that breaks', 502, () => gateway.faults.next('resetAfter')],
  ])('answers %s with %i, and includes whether the message may have been sent', async (_what, status, fault) => {
    await Promise.resolve(fault());
    const answer = await call('messages', MESSAGE);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ statusCode: status, outcome: expect.stringMatching(/notSent|unknown/) });
    expect(answer.headers.get('retry-after')).toBe(status === 429 ? '7' : null);
  });

  it('leaves every other error alone', async () => {
    expect(await call('bug')).toMatchObject({
      status: 500,
      body: { statusCode: 500, message: 'Internal server error' },
    });
  });
});
