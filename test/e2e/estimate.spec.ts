import { afterEach, describe, expect, it } from '@jest/globals';
import { OurSmsGatewayError, OurSmsValidationError, type OurSmsModuleOptions } from 'nestjs-oursms';
import type { GatewaySimulatorOptions } from 'nestjs-oursms/testing';
import { rejection, startBench, type TestBench } from '../support/application.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'hello' };
const account = (credits: number) => ({ accounts: [{ username: 'demo', password: 'demo', credits }] });

let bench: TestBench;
const start = async (options: Partial<OurSmsModuleOptions> = {}, simulator: GatewaySimulatorOptions = {}) => {
  bench = await startBench(options, simulator);
  return bench.sms;
};

afterEach(() => bench?.close());

describe('an estimate', () => {
  it('reports the parts of a message and the credits of the account, and sends nothing', async () => {
    const sms = await start();
    const dests = ['0501234567', '+966 50 123 4567', '٠٥٠٧٦٥٤٣٢١'];
    const estimate = await sms.estimate({ ...MESSAGE, dests, body: 'مرحبا '.repeat(15) });
    expect(estimate).toEqual({
      recipients: 2,
      skipped: 1,
      text: expect.objectContaining({ encoding: 'UCS-2', parts: 2, units: 90, unitsLeft: 44 }),
      parts: 4,
      credits: 1000,
      sufficient: true,
      advice: [],
    });
    expect(bench.gateway.requests.map(({ path }) => path)).toEqual(['/api-a/billing/credits']);
    expect(bench.gateway.phone('966501234567')).toHaveLength(0);
  });

  it.each([
    [4, true],
    [3.5, false],
    [0, false],
  ])('of four parts, with %d credits: sufficient is %j', async (credits, sufficient) => {
    const sms = await start({}, account(credits));
    const dests = ['0501234567', '0507654321'];
    expect(await sms.estimate({ ...MESSAGE, dests, body: 'x'.repeat(161) })).toMatchObject({
      parts: 4,
      credits,
      sufficient,
    });
  });

  it('equals the receipt and the cost of the send that follows', async () => {
    const sms = await start();
    const message = { ...MESSAGE, dests: ['0501234567', '0507654321', '501234567'], body: '€'.repeat(100) };
    const { parts, credits, recipients, skipped } = await sms.estimate(message);
    expect(await sms.send(message)).toMatchObject({ total: recipients, cost: parts, skipped });
    expect((await sms.getCredits()).credits).toBe(credits - parts);
  });

  it('applies defaults and divertTo like a send', async () => {
    const sms = await start({ divertTo: '0509999999', defaults: { src: 'FarTooLongAName', maxParts: 1 } });
    const dests = ['0501234567', '0507654321'];
    const estimate = await sms.estimate({ dests, body: 'hello' });
    expect(estimate).toMatchObject({ recipients: 1, parts: 1 });
    expect(estimate.advice.map(({ code }) => code)).toEqual(['senderTooLong']);
    await expect(sms.estimate({ dests, body: 'x'.repeat(161) })).rejects.toThrow(OurSmsValidationError);
  });

  it.each([
    { ...MESSAGE, dests: ['0501'] },
    { ...MESSAGE, priority: 9 },
    { ...MESSAGE, body: '' },
    { ...MESSAGE, src: undefined },
    { ...MESSAGE, maxParts: 1, body: 'x'.repeat(161) },
    { ...MESSAGE, from: 'x' },
    null,
  ])('refuses an invalid message in the same words as a send: %j', async (message) => {
    const sms = await start();
    const refused = await rejection(sms.send(message as never), OurSmsValidationError);
    const estimated = await rejection(sms.estimate(message as never), OurSmsValidationError);
    expect(estimated.toJSON()).toEqual(refused.toJSON());
    expect(bench.gateway.requests).toHaveLength(0);
  });

  it('throws the error of getCredits when the credits cannot be read', async () => {
    const sms = await start({ auth: { username: 'demo', password: 'wrong' } });
    const error = await rejection(sms.estimate(MESSAGE), OurSmsGatewayError);
    expect(error).toMatchObject({ kind: 'auth', operation: 'getCredits' });
  });

  it('gives advice, which does not prevent the message from being sent', async () => {
    const sms = await start();
    const message = { ...MESSAGE, src: 'Shop', msgClass: 'promotional', body: 'code 1234' } as const;
    const { advice } = await sms.estimate(message);
    expect(advice.map(({ code }) => code)).toEqual(['promotionalWithoutAd', 'otpWithoutPurpose']);
    await expect(sms.send(message)).resolves.toMatchObject({ accepted: 1 });
  });
});

describe('a text with maxParts', () => {
  it('is refused before it is sent when it has more parts, and the error gives their number', async () => {
    const sms = await start();
    const error = await rejection(sms.send({ ...MESSAGE, body: 'م'.repeat(135), maxParts: 2 }), OurSmsValidationError);
    const reason = 'the text takes 3 parts, maxParts is 2: the gateway would cancel it';
    expect(error.faults).toEqual([{ field: 'maxParts', reason }]);
    expect(error.outcome).toBe('notSent');
    expect(bench.gateway.requests).toHaveLength(0);
  });

  it('is sent when it fits, or when maxParts is 0', async () => {
    const sms = await start();
    await sms.send({ ...MESSAGE, body: 'م'.repeat(134), maxParts: 2 });
    await sms.send({ ...MESSAGE, body: 'م'.repeat(135), maxParts: 0 });
    expect(bench.gateway.phone('966501234567')).toHaveLength(2);
  });

  it('is checked against the default maxParts, and against a maxParts given as a string', async () => {
    const sms = await start({ defaults: { maxParts: 1 } });
    await expect(sms.send({ ...MESSAGE, body: 'x'.repeat(161) })).rejects.toThrow(/takes 2 parts, maxParts is 1/);
    const written = { ...MESSAGE, body: 'x'.repeat(307), maxParts: '2' as never };
    await expect(sms.send(written)).rejects.toThrow(/takes 3 parts, maxParts is 2/);
    await sms.send({ ...MESSAGE, body: 'x'.repeat(161), maxParts: 2 });
  });
});
