import { describe, expect, it } from '@jest/globals';
import { normalizeNumber } from 'nestjs-oursms';

const SAUDI = '966501234567';

describe('normalizeNumber', () => {
  it.each([
    ['0501234567'],
    ['501234567'],
    ['966501234567'],
    ['+966501234567'],
    ['00966501234567'],
    ['9660501234567'],
    ['+9660501234567'],
    ['+966 50 123 4567'],
    ['050-123-4567'],
    ['(050) 123.4567'],
    ['(+966) 50 123 4567'],
    ['٠٥٠١٢٣٤٥٦٧'],
    ['+٩٦٦٥٠١٢٣٤٥٦٧'],
    ['۰۵۰۱۲۳۴۵۶۷'],
    ['０５０１２３４５６７'],
    ['＋966501234567'],
    ['\u200e+966501234567\u200f'],
    ['\u202b0501234567\u202c'],
    ['\u2066+966\u00a050\u202f123\u20114567\u2069'],
    ['  0501234567\n'],
    ['+00966501234567'],
  ])('reads %j as a Saudi mobile', (written) => {
    expect(normalizeNumber(written)).toEqual({ ok: true, number: SAUDI });
  });

  it.each(['50', '51', '52', '53', '54', '55', '56', '57', '58', '59'])('accepts the prefix 0%s', (prefix) => {
    expect(normalizeNumber(`0${prefix}1234567`)).toEqual({ ok: true, number: `966${prefix}1234567` });
  });

  it('does not double the country code', () => {
    expect(normalizeNumber('966966501234567').ok).toBe(false);
    expect(normalizeNumber('966966501234567', { country: 'any' }).ok).toBe(false);
  });

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['+', 'empty'],
    ['05012345', 'not a Saudi mobile'],
    ['05012345678', 'not a Saudi mobile'],
    ['0112345678', 'not a Saudi mobile'],
    ['+966112345678', 'not a Saudi mobile'],
    ['+971501234567', 'not a Saudi mobile'],
    ['+501234567', 'not a Saudi mobile'],
    ['050123456x', 'character 10 is not part of a phone number'],
    ['0501234567,0501234568', 'character 11 is not part of a phone number'],
    ['050+1234567', 'character 4 is not part of a phone number'],
  ])('refuses %j with the reason', (written, reason) => {
    expect(normalizeNumber(written)).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
  });

  it.each([undefined, null, 501234567, {}, []])('refuses %j, which is not a string, without throwing', (written) => {
    expect(normalizeNumber(written as never)).toEqual({ ok: false, reason: 'not a string' });
  });

  it.each([
    ['+971501234567', '971501234567'],
    ['00971501234567', '971501234567'],
    ['971501234567', '971501234567'],
    ['+44 20 7946 0958', '442079460958'],
    ['+12025550123', '12025550123'],
    ['+966112345678', '966112345678'],
    ['0501234567', SAUDI],
    ['501234567', SAUDI],
  ])('accepts %j when numbers of any country are allowed', (written, number) => {
    expect(normalizeNumber(written, { country: 'any' })).toEqual({ ok: true, number });
  });

  it.each([
    ['0201234567', 'needs its country code'],
    ['+1234567', 'too short'],
    ['+1234567890123456', 'too long'],
    ['+96650123456', 'not a Saudi mobile'],
  ])('refuses %j even when numbers of any country are allowed', (written, reason) => {
    expect(normalizeNumber(written, { country: 'any' })).toMatchObject({
      ok: false,
      reason: expect.stringContaining(reason),
    });
  });
});
