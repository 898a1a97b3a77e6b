import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  getOurSmsToken,
  InjectOurSms,
  OurSmsConfigError,
  OurSmsModule,
  OurSmsService,
  type OurSmsModuleOptions,
  type OurSmsOptionsFactory,
} from 'nestjs-oursms';
import { LogRecorder, rejection } from '../support/application.js';

const OPTIONS: OurSmsModuleOptions = { auth: { username: 'demo', password: 'demo' } };

@Injectable()
class OptionsFactory implements OurSmsOptionsFactory {
  createOurSmsOptions(): OurSmsModuleOptions {
    return OPTIONS;
  }
}

@Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsModule {}

@Injectable()
class Greeter {
  constructor(readonly sms: OurSmsService) {}
}

const compile = (...imports: (DynamicModule | Type)[]) =>
  Test.createTestingModule({ imports, providers: [Greeter] })
    .setLogger(new LogRecorder())
    .compile();

async function starts(...imports: (DynamicModule | Type)[]): Promise<void> {
  const module = await compile(...imports);
  await module.init();
  expect(module.get(Greeter).sms).toBeInstanceOf(OurSmsService);
  await module.close();
}

describe('OurSmsModule is registered', () => {
  it('with forRoot', () => starts(OurSmsModule.forRoot(OPTIONS)));

  it('with useFactory and injected providers', async () => {
    @Module({ providers: [{ provide: 'PASSWORD', useValue: 'demo' }], exports: ['PASSWORD'] })
    class SecretsModule {}
    await starts(
      OurSmsModule.forRootAsync({
        imports: [SecretsModule],
        inject: ['PASSWORD'],
        useFactory: async (password: string) => ({ auth: { username: 'demo', password } }),
      }),
    );
  });

  it('with useClass', () => starts(OurSmsModule.forRootAsync({ useClass: OptionsFactory })));

  it('with useExisting', () =>
    starts(OurSmsModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFactory })));

  it.each([true, false])('globally or not: isGlobal %s', async (isGlobal) => {
    @Injectable()
    class Inner {
      constructor(readonly sms: OurSmsService) {}
    }
    @Module({ providers: [Inner] })
    class Feature {}
    const compiled = Test.createTestingModule({ imports: [OurSmsModule.forRoot({ ...OPTIONS, isGlobal }), Feature] })
      .setLogger(new LogRecorder())
      .compile();
    if (isGlobal) await (await compiled).close();
    else await expect(compiled).rejects.toThrow(/can't resolve dependencies of the Inner/);
  });

  it('for several accounts, each injected by its name', async () => {
    @Injectable()
    class Sender {
      constructor(
        readonly main: OurSmsService,
        @InjectOurSms('otp') readonly otp: OurSmsService,
        @Inject(getOurSmsToken('bulk')) readonly bulk: OurSmsService,
      ) {}
    }
    const module = await Test.createTestingModule({
      imports: [
        OurSmsModule.forRoot(OPTIONS),
        OurSmsModule.forRoot({ ...OPTIONS, name: 'otp' }),
        OurSmsModule.forRootAsync({ name: 'bulk', useFactory: () => OPTIONS }),
      ],
      providers: [Sender],
    })
      .setLogger(new LogRecorder())
      .compile();
    await module.init();
    const { main, otp, bulk } = module.get(Sender);
    expect(new Set([main, otp, bulk]).size).toBe(3);
    await module.close();
  });

  it('once and imported in several modules', async () => {
    const account = OurSmsModule.forRoot(OPTIONS);
    @Module({ imports: [account] })
    class Feature {}
    await starts(account, Feature);
  });
});

describe('a registration that cannot work is reported in one sentence:', () => {
  const refuses = async (build: () => Promise<unknown>, sentence: RegExp): Promise<void> => {
    const error = await rejection(Promise.resolve().then(build), OurSmsConfigError);
    expect(error.message).toMatch(sentence);
    expect(error.message).not.toContain('\n');
  };

  it('a bare import', () => refuses(() => compile(OurSmsModule), /imported bare: import OurSmsModule\.forRoot/));

  it('forRoot without options', () =>
    refuses(() => compile(OurSmsModule.forRoot(undefined as never)), /auth: must be set/));

  it.each([
    ['an empty async form', {}, /takes one of useFactory, useClass, useExisting; it was given none of them/],
    ['no async form', undefined, /takes one of useFactory, useClass, useExisting; it was given none of them/],
    ['two ways at once', { useFactory: () => OPTIONS, useClass: OptionsFactory }, /given useFactory and useClass/],
  ])('%s', (_what, options, sentence) => refuses(() => compile(OurSmsModule.forRootAsync(options as never)), sentence));

  it.each([undefined, null, 'options'])('a factory that returns %s', (nothing) =>
    refuses(
      () => compile(OurSmsModule.forRootAsync({ useFactory: () => nothing as never })),
      /its factory must return/,
    ),
  );

  it('isGlobal or name returned by the factory', () =>
    refuses(
      () =>
        compile(OurSmsModule.forRootAsync({ useFactory: () => ({ ...OPTIONS, isGlobal: true, name: 'x' }) as never })),
      /isGlobal: belongs beside useFactory.*name: belongs beside useFactory/,
    ));

  it('two unnamed registrations', () =>
    refuses(async () => {
      const module = await compile(OurSmsModule.forRoot(OPTIONS), OurSmsModule.forRoot({ ...OPTIONS }));
      await module.init();
    }, /registered twice without a name/));

  it('two registrations of one name', () =>
    refuses(async () => {
      const module = await compile(
        OurSmsModule.forRoot(OPTIONS),
        OurSmsModule.forRoot({ ...OPTIONS, name: 'otp' }),
        OurSmsModule.forRoot({ ...OPTIONS, name: 'otp' }),
      );
      await module.init();
    }, /registered twice with the name otp/));

  it('the service listed in the providers of a module', () =>
    refuses(
      () =>
        Test.createTestingModule({ providers: [OurSmsService] })
          .setLogger(new LogRecorder())
          .compile(),
      /is listed in the providers of one of your modules/,
    ));
});
