import { describe, expect, it } from '@jest/globals';
import { normalizeNumber } from 'nestjs-oursms';
import { NUMBERS } from '../support/number-table.js';

describe('the table of numbers', () => {
  it('has at least 200 different inputs', () => {
    expect(new Set(NUMBERS.map(([written]) => written)).size).toBe(NUMBERS.length);
    expect(NUMBERS.length).toBeGreaterThanOrEqual(200);
  });

  it.each(NUMBERS)('reads %j as %s for Saudi mobiles only', (written, saudiOnly) => {
    expectReading(normalizeNumber(written), saudiOnly);
    expectReading(normalizeNumber(written, { country: 'SA' }), saudiOnly);
  });

  it.each(NUMBERS)('reads %j for any country', (written, saudiOnly, anyCountry = saudiOnly) => {
    expectReading(normalizeNumber(written, { country: 'any' }), anyCountry);
  });
});

function expectReading(reading: ReturnType<typeof normalizeNumber>, expected: string): void {
  if (/^\d+$/.test(expected)) expect(reading).toEqual({ ok: true, number: expected });
  else expect(reading).toEqual({ ok: false, reason: expect.stringContaining(expected) });
}
