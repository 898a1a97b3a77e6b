import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Module, Post, ValidationPipe, type INestApplication } from '@nestjs/common';
import { OmitType, PickType } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { IsOptional, IsString } from 'class-validator';
import { OurSmsModule, OurSmsService, OurSmsValidationError, SendMessageDto, type SendReceipt } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { DEMO, rejection, startBench, type TestBench } from '../support/application.js';

class Order extends SendMessageDto {
  @IsString()
  orderId = 'order-4711';
}

class Reminder extends PickType(SendMessageDto, ['src', 'dests', 'body']) {
  @IsOptional()
  @IsString()
  appointment?: string;
}

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'hello' };

describe('a class of the application that extends the DTO', () => {
  let bench: TestBench | undefined;

  afterEach(() => bench?.close());

  it.each([
    ['the whole DTO', Object.assign(new Order(), MESSAGE)],
    ['a part of the DTO', Object.assign(new Reminder(), MESSAGE, { appointment: 'noon' })],
  ])('is sent without the fields that the class adds: %s', async (_what, message) => {
    bench = await startBench();
    expect(await bench.sms.send(message)).toMatchObject({ accepted: 1 });
    const { params } = bench.gateway.requests.at(-1) ?? {};
    expect(Object.keys(params ?? {}).sort()).toEqual(['body', 'dests', 'password', 'src', 'username']);
    expect((await bench.sms.estimate(message)).recipients).toBe(1);
  });

  it.each([
    ['of a class', Object.assign(new Order(), MESSAGE, { prioritty: 1 }), 'prioritty'],
    ['of a plain object', { ...MESSAGE, orderId: 'order-4711' }, 'orderId'],
  ])('is refused with an undeclared field: %s', async (_what, message, field) => {
    bench = await startBench();
    expect(await rejection(bench.sms.send(message), OurSmsValidationError)).toMatchObject({
      faults: [{ field, reason: 'is not known' }],
    });
    expect(bench.gateway.requests).toHaveLength(0);
  });
});

class Text extends OmitType(SendMessageDto, ['src']) {}

@Controller()
class TextController {
  constructor(private readonly sms: OurSmsService) {}

  @Post()
  send(@Body() text: Text): Promise<SendReceipt> {
    return this.sms.send(text);
  }
}

describe('a controller whose account has a default sender', () => {
  let app: INestApplication | undefined;

  afterEach(() => app?.close());

  it('accepts a message without src through OmitType(SendMessageDto, ["src"])', async () => {
    const gateway = await GatewaySimulator.start();
    @Module({
      imports: [OurSmsModule.forRoot({ baseUrl: gateway.url, auth: DEMO, defaults: { src: 'MyBrand' } })],
      controllers: [TextController],
    })
    class AppModule {}
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = module.createNestApplication({ logger: false });
    app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const post = (body: object): Promise<Response> =>
      fetch(url, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
      });
    expect((await post({ dests: ['0501234567'], body: 'hello' })).status).toBe(201);
    expect(gateway.requests.at(-1)?.params.src).toBe('MyBrand');
    expect((await post({ dests: ['0501234567'], body: 'hello', src: 'Other' })).status).toBe(400);
    await gateway.stop();
  });
});
