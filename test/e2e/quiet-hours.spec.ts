import { afterEach, describe, expect, it } from '@jest/globals';
import { OurSmsValidationError, type QuietHoursAction } from 'nestjs-oursms';
import { OurSmsTestingModule } from 'nestjs-oursms/testing';
import { rejection, startApplication, startBench, type TestBench } from '../support/application.js';

const OFFER = { src: 'Shop-AD', dests: ['0501234567'], body: 'a private offer' };
const MINUTE_MS = 60_000;

/** The time in Riyadh some minutes from now, as `HH:MM`. */
const timeIn = (minutes: number): string =>
  new Date(Date.now() + (3 * 60 + minutes) * MINUTE_MS).toISOString().slice(11, 16);

/** Quiet hours that began two hours ago and last some 90 minutes more. */
const quietNow = (action: QuietHoursAction) => ({ quietHours: { from: timeIn(-120), to: timeIn(90), action } });
const quietLater = (action: QuietHoursAction) => ({ quietHours: { from: timeIn(90), to: timeIn(120), action } });

let bench: TestBench;
afterEach(() => bench?.close());

describe('a promotional message in quiet hours', () => {
  it('is held at the gateway until the quiet hours end', async () => {
    bench = await startBench(quietNow('hold'));
    const receipt = await bench.sms.send(OFFER);
    const held = receipt.heldMinutes ?? 0;
    expect(held).toBeGreaterThanOrEqual(88);
    expect(held).toBeLessThanOrEqual(90);
    expect(bench.gateway.requests.at(-1)?.params.delay).toBe(String(held));
    expect(bench.gateway.phone('966501234567')).toHaveLength(0);
    bench.gateway.clock.advance(91 * MINUTE_MS);
    expect(bench.gateway.phone('966501234567')).toHaveLength(1);
  });

  it('keeps a longer delay of its own', async () => {
    bench = await startBench(quietNow('hold'));
    const receipt = await bench.sms.send({ ...OFFER, delay: 100 });
    expect(receipt).not.toHaveProperty('heldMinutes');
    expect(bench.gateway.requests.at(-1)?.params.delay).toBe('100');
  });

  it('is refused with the required delay, and accepted with that delay', async () => {
    bench = await startBench(quietNow('refuse'));
    const error = await rejection(bench.sms.send(OFFER), OurSmsValidationError);
    expect(error.faults.map(({ field }) => field)).toEqual(['delay']);
    await expect(bench.sms.estimate(OFFER)).rejects.toThrow(OurSmsValidationError);
    expect(bench.gateway.requests).toHaveLength(0);
    const delay = Number(/must be (\d+)/.exec(error.message)?.[1]);
    await expect(bench.sms.send({ ...OFFER, delay })).resolves.toMatchObject({ accepted: 1 });
  });

  it('is sent with a warning in the log that contains no text, sender or number', async () => {
    bench = await startBench(quietNow('warn'));
    await bench.sms.send(OFFER);
    expect(bench.gateway.phone('966501234567')).toHaveLength(1);
    const [line, ...others] = bench.logs.matching('quiet hours');
    expect(line).toMatch(/^A promotional message of account default is sent in quiet hours/);
    expect(others).toEqual([]);
    expect(line).not.toMatch(/Shop|private|501234567/);
  });

  it('is estimated as it would be sent', async () => {
    bench = await startBench(quietNow('hold'));
    const held = await bench.sms.estimate(OFFER);
    expect(held.advice).toEqual([]);
    expect(held.heldMinutes).toBeGreaterThanOrEqual(88);
    await bench.close();
    bench = await startBench(quietNow('warn'));
    const warned = await bench.sms.estimate(OFFER);
    expect(warned.advice.map(({ code }) => code)).toEqual(['quietHours']);
    expect(warned).not.toHaveProperty('heldMinutes');
    expect(bench.logs.matching('quiet hours')).toEqual([]);
  });

  it('is held by the testing module as well', async () => {
    const application = await startApplication([OurSmsTestingModule.forRoot(quietNow('hold'))]);
    expect((await application.sms.send(OFFER)).heldMinutes).toBeGreaterThanOrEqual(88);
    await application.close();
  });
});

describe('other messages', () => {
  it.each(['hold', 'refuse', 'warn'] as const)('are sent at any time with the action %s', async (action) => {
    bench = await startBench(quietNow(action));
    await bench.sms.send({ ...OFFER, src: 'Shop' });
    await bench.sms.send({ ...OFFER, src: 'Shop', msgClass: 'transactional' });
    expect(bench.gateway.requests.every(({ params }) => !('delay' in params))).toBe(true);
    expect(bench.gateway.phone('966501234567')).toHaveLength(2);
    expect(bench.logs.matching('quiet hours')).toEqual([]);
  });

  it.each(['hold', 'refuse', 'warn'] as const)(
    'are sent before the quiet hours with the action %s, even promotional ones',
    async (action) => {
      bench = await startBench(quietLater(action));
      await bench.sms.send({ ...OFFER, msgClass: 'promotional' });
      expect(bench.gateway.phone('966501234567')).toHaveLength(1);
      expect(bench.logs.matching('quiet hours')).toEqual([]);
    },
  );
});
