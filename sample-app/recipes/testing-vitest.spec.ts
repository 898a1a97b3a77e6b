// The same unit tests with Vitest, as an application of the Nest CLI 12 has them: no setting is needed. `vitest run`
import { Test, type TestingModule } from '@nestjs/testing';
import { OurSmsTesting, OurSmsTestingModule } from 'nestjs-oursms/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoginCodes, LoginCodesModule } from './login-codes.js';

describe('LoginCodes', () => {
  let module: TestingModule;
  let codes: LoginCodes;
  let sms: OurSmsTesting;

  beforeEach(async () => {
    module = await Test.createTestingModule({
      imports: [OurSmsTestingModule.forRoot({ defaults: { src: 'MyBrand' } })], // in place of OurSmsModule
      providers: [LoginCodes],
    }).compile();
    await module.init();
    codes = module.get(LoginCodes);
    sms = module.get(OurSmsTesting);
  });

  afterEach(() => module.close());

  const lastCode = (): string => /\d{6}/.exec(sms.sent.at(-1)?.body ?? '')?.[0] ?? '';

  it('sends a code that works', async () => {
    await codes.send('0501234567');
    expect(sms.sent).toHaveLength(1);
    expect(sms.sent[0]).toMatchObject({ src: 'MyBrand', dests: ['966501234567'] });
    expect(codes.verify('0501234567', lastCode())).toBe(true);
  });

  it('sends no second code at once when the first one may have arrived', async () => {
    sms.failNext('timeout'); // the outcome is unknown
    expect(await codes.send('0501234567')).toBe(60);
    await expect(codes.send('0501234567')).rejects.toMatchObject({ status: 429 });
  });

  it('lets the user try again at once when nothing was sent', async () => {
    sms.failNext('unreachable'); // or auth, balance, sender, routing, rateLimit, server, garbage
    await expect(codes.send('0501234567')).rejects.toMatchObject({ outcome: 'notSent' });
    await codes.send('0501234567');
    expect(sms.sent).toHaveLength(1);
  });
});

describe('the whole application', () => {
  it('sends without its gateway and its credentials', async () => {
    const sms = new OurSmsTesting();
    const builder = sms.override(Test.createTestingModule({ imports: [LoginCodesModule] })); // keeps its own OurSmsModule
    const module = await builder.compile();
    await module.init();
    await module.get(LoginCodes).send('0501234567');
    expect(sms.sent[0]).toMatchObject({ dests: ['966501234567'] });
    await module.close();
  });
});
