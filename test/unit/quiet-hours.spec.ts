import { describe, expect, it } from '@jest/globals';
import { OurSmsValidationError } from '../../lib/errors/oursms-validation.error.js';
import { quietMinutesLeft } from '../../lib/message/quiet-hours.js';
import { keepQuietHours } from '../../lib/sending/keep-quiet-hours.js';

const NIGHT = { from: '21:00', to: '09:00' };
const riyadh = (time: string): Date => new Date(`2025-03-14T${time}+03:00`);

describe('quiet hours', () => {
  it.each([
    ['20:59:59.999', 0],
    ['21:00', 720],
    ['21:00:00.001', 720],
    ['23:59', 541],
    ['00:00', 540],
    ['08:59', 1],
    ['08:59:59.999', 1],
    ['09:00', 0],
    ['12:00', 0],
  ])('across midnight have at %s %i minutes left', (time, minutes) => {
    expect(quietMinutesLeft(NIGHT, riyadh(time))).toBe(minutes);
  });

  it.each([
    ['12:59', 0],
    ['13:00', 90],
    ['14:29:30', 1],
    ['14:30', 0],
    ['23:00', 0],
  ])('within a day have at %s %i minutes left', (time, minutes) => {
    expect(quietMinutesLeft({ from: '13:00', to: '14:30' }, riyadh(time))).toBe(minutes);
  });

  it('follow the clock of Riyadh from the time zone database, in summer and in winter', () => {
    const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Riyadh', hour: '2-digit', minute: '2-digit' });
    for (let at = Date.UTC(2025, 0, 1); at < Date.UTC(2026, 0, 1); at += 7.3 * 3_600_000) {
      const time = clock.format(at);
      expect(quietMinutesLeft(NIGHT, new Date(at)) > 0).toBe(time >= NIGHT.from || time < NIGHT.to);
    }
  });

  it.each([
    { from: '9:00', to: '21:00' },
    { from: '24:00', to: '09:00' },
    { from: '09:60', to: '10:00' },
    { from: '09:00', to: '09:00' },
    { from: undefined as never, to: '09:00' },
  ])('are rejected when they are invalid: %j', (hours) => {
    expect(() => quietMinutesLeft(hours, riyadh('12:00'))).toThrow(RangeError);
  });
});

describe('a message in quiet hours', () => {
  const offer = { src: 'Shop-AD', body: 'a private offer' };
  const policy = (action: 'warn' | 'refuse' | 'hold') => ({ account: 'bulk', quietHours: { ...NIGHT, action } });
  const late = riyadh('22:30:15');

  it('is held until they end', () => {
    const { message, heldMinutes } = keepQuietHours(offer, policy('hold'), late);
    expect(message).toEqual({ ...offer, delay: 630 });
    expect(heldMinutes).toBe(630);
  });

  it('keeps a delay that ends after them, and gets a longer delay if it would end within them', () => {
    expect(keepQuietHours({ ...offer, delay: 700 }, policy('hold'), late)).toEqual({
      message: { ...offer, delay: 700 },
    });
    const raised = keepQuietHours({ ...offer, delay: 60 }, policy('hold'), late);
    expect(raised).toMatchObject({ message: { delay: 630 }, heldMinutes: 570 });
    const fromNoon = keepQuietHours({ ...offer, delay: 600 }, policy('hold'), riyadh('12:00'));
    expect(fromNoon).toMatchObject({ message: { delay: 1260 }, heldMinutes: 660 });
  });

  it('is refused when it would expire while it is held', () => {
    expect(() => keepQuietHours({ ...offer, validity: 630 }, policy('hold'), late)).toThrow(OurSmsValidationError);
    expect(keepQuietHours({ ...offer, validity: 631 }, policy('hold'), late).heldMinutes).toBe(630);
    expect(keepQuietHours({ ...offer, validity: 0 }, policy('hold'), late).heldMinutes).toBe(630);
  });

  it('is refused with the delay to set, or warned about, without showing its content', () => {
    const refused = () => keepQuietHours(offer, policy('refuse'), late);
    expect(refused).toThrow(
      'send (account bulk): delay: must be 630 or more for a promotional message now: quiet hours are from 21:00 to 09:00 in Riyadh. The request was not made.',
    );
    expect(keepQuietHours({ ...offer, delay: 630 }, policy('refuse'), late).message.delay).toBe(630);
    const { message, warning } = keepQuietHours(offer, policy('warn'), late);
    expect(message).toBe(offer);
    expect(warning).toBe(
      'A promotional message of account bulk is sent in quiet hours: quiet hours are from 21:00 to 09:00 in Riyadh',
    );
  });

  it('is unchanged when it is not promotional, the hours are over, or none are set', () => {
    for (const message of [
      { ...offer, src: 'Shop' },
      { ...offer, src: 'Shop', msgClass: 'transactional' as const },
    ]) {
      expect(keepQuietHours(message, policy('refuse'), late).message).toBe(message);
    }
    expect(keepQuietHours(offer, policy('refuse'), riyadh('09:00')).message).toBe(offer);
    expect(keepQuietHours(offer, { account: 'bulk' }, late).message).toBe(offer);
    const byClass = { src: 'Shop', msgClass: 'promotional' as const };
    expect(keepQuietHours(byClass, policy('hold'), late).heldMinutes).toBe(630);
  });
});
