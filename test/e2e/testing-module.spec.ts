import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type Type } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  DlrInbox,
  InjectOurSms,
  OnDlr,
  OurSmsConnectionError,
  OurSmsGatewayError,
  OurSmsModule,
  OurSmsResponseError,
  OurSmsService,
  OurSmsTimeoutError,
  OurSmsValidationError,
  type Dlr,
} from 'nestjs-oursms';
import {
  OurSmsTesting,
  OurSmsTestingModule,
  type OurSmsTestingModuleOptions,
  type TestFailure,
} from 'nestjs-oursms/testing';
import { LogRecorder } from '../support/application.js';

@Injectable()
class LoginService {
  readonly reports: Dlr[] = [];

  constructor(private readonly sms: OurSmsService) {}

  sendCode(number: string): Promise<unknown> {
    return this.sms.send({ src: 'MyBrand', dests: [number], body: 'Your code is 1234', dlr: true });
  }

  @OnDlr()
  onDlr(dlr: Dlr): void {
    if (dlr.dest === 'broken') throw new Error('database is away');
    this.reports.push(dlr);
  }
}

async function start(options: OurSmsTestingModuleOptions = {}) {
  const module = await Test.createTestingModule({
    imports: [EventEmitterModule.forRoot(), OurSmsTestingModule.forRoot(options)],
    providers: [LoginService],
  })
    .setLogger(new LogRecorder())
    .compile();
  await module.init();
  return { module, login: module.get(LoginService), sms: module.get(OurSmsTesting), close: () => module.close() };
}

describe('OurSmsTestingModule', () => {
  it('records sent messages with normalised numbers', async () => {
    const { login, sms, close } = await start();
    await login.sendCode('٠٥٠١٢٣٤٥٦٧');
    expect(sms.sent).toEqual([
      {
        account: 'default',
        src: 'MyBrand',
        dests: ['966501234567'],
        body: 'Your code is 1234',
        params: { src: 'MyBrand', dests: '966501234567', body: 'Your code is 1234', dlr: '1' },
      },
    ]);
    sms.clear();
    expect(sms.sent).toEqual([]);
    await close();
  });

  it('validates like the real module', async () => {
    const { login, sms, close } = await start();
    await expect(login.sendCode('123')).rejects.toThrow(OurSmsValidationError);
    expect(sms.sent).toEqual([]);
    await close();
  });

  it('emits reports on demand, and rejects with the error of a listener', async () => {
    const { login, sms, close } = await start();
    const dlr = await sms.emitDlr({ msgId: 'm1', status: 'undelivered', dest: '966501234567' });
    expect(dlr).toMatchObject({ msgId: 'm1', status: 'undelivered', account: 'default' });
    expect(login.reports).toEqual([dlr]);
    expect(await sms.emitDlr()).toMatchObject({ status: 'delivered' });
    await expect(sms.emitDlr({ dest: 'broken' })).rejects.toThrow('database is away');
    await close();
  });

  it.each<[TestFailure, abstract new (...args: never[]) => Error, object]>([
    ['auth', OurSmsGatewayError, { kind: 'auth', outcome: 'notSent' }],
    ['balance', OurSmsGatewayError, { kind: 'balance', outcome: 'notSent' }],
    ['sender', OurSmsGatewayError, { kind: 'sender', outcome: 'notSent' }],
    ['routing', OurSmsGatewayError, { kind: 'routing', outcome: 'notSent' }],
    ['rateLimit', OurSmsGatewayError, { kind: 'rateLimit', retryable: true, retryAfterMs: 1_000 }],
    ['server', OurSmsGatewayError, { kind: 'server', outcome: 'unknown' }],
    ['timeout', OurSmsTimeoutError, { outcome: 'unknown' }],
    ['unreachable', OurSmsConnectionError, { outcome: 'notSent', retryable: true }],
    ['garbage', OurSmsResponseError, { outcome: 'unknown' }],
  ])('makes the next call fail: %s', async (failure, type, fields) => {
    const { login, sms, close } = await start();
    sms.failNext(failure);
    const error = await login.sendCode('0501234567').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject(fields);
    await login.sendCode('0501234567');
    expect(sms.sent).toHaveLength(1);
    await close();
  });

  it('charges credits for each message', async () => {
    const { module, login, sms, close } = await start({ credits: 1 });
    const service = module.get(OurSmsService);
    await login.sendCode('0501234567');
    expect((await service.getCredits()).credits).toBe(0);
    await expect(login.sendCode('0501234567')).rejects.toThrow(OurSmsGatewayError);
    sms.setCredits(5);
    await login.sendCode('0501234567');
    expect((await service.getCredits()).credits).toBe(4);
    await close();
  });

  it('accepts the options defaults, numbers and name', async () => {
    @Injectable()
    class Bulk {
      constructor(@InjectOurSms('bulk') readonly sms: OurSmsService) {}
    }
    const module = await Test.createTestingModule({
      imports: [OurSmsTestingModule.forRoot({ name: 'bulk', defaults: { src: 'Shop' }, numbers: { country: 'any' } })],
      providers: [Bulk],
    })
      .setLogger(new LogRecorder())
      .compile();
    await module.get(Bulk).sms.send({ dests: '+971501234567', body: 'x' });
    expect(module.get(OurSmsTesting).sent).toMatchObject([{ account: 'bulk', src: 'Shop', dests: ['971501234567'] }]);
    await module.close();
  });
});

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    OurSmsModule.forRoot({ auth: { token: 'a' } }),
    OurSmsModule.forRoot({ auth: { token: 'b' }, name: 'bulk' }),
  ],
})
class ByHand {
  constructor(
    readonly sms: OurSmsService,
    @InjectOurSms('bulk') readonly bulk: OurSmsService,
  ) {}
}

const opened: TestingModule[] = [];

// Also after a failed test: a running poller prevents Jest from exiting.
afterEach(async () => {
  for (const module of opened.splice(0)) await module.close();
});

async function startWhole(application: Type) {
  const sms = new OurSmsTesting();
  const builder = sms.override(Test.createTestingModule({ imports: [application] }));
  const module = await builder.setLogger(new LogRecorder()).compile();
  opened.push(module);
  await module.init();
  return { sms, module };
}

describe('OurSmsTesting', () => {
  it('replaces missing credentials of the application', async () => {
    const auth = { username: process.env.OURSMS_UNSET ?? '', password: process.env.OURSMS_UNSET ?? '' };
    @Module({
      imports: [EventEmitterModule.forRoot(), OurSmsModule.forRootAsync({ useFactory: () => ({ auth }) })],
      providers: [LoginService],
    })
    class AppModule {}
    const { sms, module } = await startWhole(AppModule);
    await module.get(LoginService).sendCode('0501234567');
    expect(sms.sent).toMatchObject([{ dests: ['966501234567'] }]);
  });

  it('replaces the JSON API when the application has an API key, with any baseUrl', async () => {
    const auth = { apiKey: process.env.OURSMS_UNSET ?? '' };
    const baseUrl = 'https://gateway.example/v2';
    @Module({
      imports: [EventEmitterModule.forRoot(), OurSmsModule.forRoot({ auth, baseUrl })],
      providers: [LoginService],
    })
    class AppModule {}
    const { sms, module } = await startWhole(AppModule);
    await module.get(OurSmsService).send({ src: 'Shop', dests: '0501234567', body: 'مرحبا', dlr: true });
    expect(sms.sent).toEqual([
      {
        ...{ account: 'default', src: 'Shop', dests: ['966501234567'], body: 'مرحبا' },
        params: { src: 'Shop', dests: '966501234567', body: 'مرحبا', dlr: 'true' },
      },
    ]);
    expect(await module.get(OurSmsService).whoAmI()).toMatchObject({ username: 'testing' });
  });

  it('replaces api-a with any baseUrl', async () => {
    const options = { auth: { token: 't' }, baseUrl: 'https://gateway.example/v2' };
    @Module({ imports: [EventEmitterModule.forRoot(), OurSmsModule.forRoot(options)], providers: [LoginService] })
    class AppModule {}
    const { sms, module } = await startWhole(AppModule);
    await module.get(LoginService).sendCode('0501234567');
    expect(sms.sent).toHaveLength(1);
  });

  it('replaces the gateway for all accounts and the poller of an application, and creates no directory', async () => {
    const auth = { username: 'real', password: 'secret' };
    const storage = { path: join(tmpdir(), `oursms-never-made-${process.pid}`) };
    @Module({
      imports: [
        ScheduleModule.forRoot(),
        EventEmitterModule.forRoot(),
        OurSmsModule.forRoot({ auth, storage, dlr: { poll: { everyMs: 10 } } }),
        OurSmsModule.forRootAsync({ name: 'bulk', useFactory: () => ({ auth: { token: 't' } }) }),
      ],
      providers: [LoginService],
    })
    class AppModule {}
    const { sms, module } = await startWhole(AppModule);
    const login = module.get(LoginService);
    await login.sendCode('0501234567');
    const bulk = module.get<OurSmsService>('OurSmsService:bulk', { strict: false });
    await bulk.send({ src: 'Shop', dests: '0507654321', body: 'sale' });
    expect(sms.sent.map(({ account, dests }) => [account, dests])).toEqual([
      ['default', ['966501234567']],
      ['bulk', ['966507654321']],
    ]);
    sms.pushDlr({ dest: '966501234567' });
    for (let i = 0; i < 200 && login.reports.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(login.reports).toMatchObject([{ status: 'delivered', dest: '966501234567' }]);
    expect(await module.get(DlrInbox, { strict: false }).pollNow()).toMatchObject({ result: 'downloaded', reports: 0 });
    await expect(access(storage.path)).rejects.toThrow('ENOENT');
  });

  it('delivers only reports of the test to an application that polls and asks for reports', async () => {
    const options = { auth: { token: 't' }, dlr: { poll: { everyMs: 10 } } };
    @Module({
      imports: [ScheduleModule.forRoot(), EventEmitterModule.forRoot(), OurSmsModule.forRoot(options)],
      providers: [LoginService],
    })
    class AppModule {}
    const { sms, module } = await startWhole(AppModule);
    const login = module.get(LoginService);
    const inbox = module.get(DlrInbox, { strict: false });
    await login.sendCode('0501234567');
    expect(await inbox.pollNow()).toMatchObject({ result: 'downloaded', reports: 0 });
    const emitted = await sms.emitDlr({ dest: '966501234567' });
    expect(await inbox.pollNow()).toMatchObject({ result: 'downloaded', reports: 0 });
    expect(login.reports).toEqual([emitted]);
  });

  it('puts reports into the inbox of an account for an application that calls downloadDlrs', async () => {
    const { sms, module } = await startWhole(ByHand);
    const [account, bulk] = [module.get(ByHand).sms, module.get(ByHand).bulk];
    await account.send({ src: 'MyBrand', dests: '0501234567', body: 'x', dlr: true });
    expect(await account.downloadDlrs()).toEqual([]);
    sms.pushDlr({ msgId: 'm1', status: 'undelivered' }, 'bulk');
    expect(await account.downloadDlrs()).toEqual([]);
    expect(await bulk.downloadDlrs()).toMatchObject([{ msgId: 'm1', status: 'undelivered', account: 'bulk' }]);
    expect(() => sms.pushDlr({}, 'none')).toThrow('no account none');
  });
});
