import { describe, expect, it } from '@jest/globals';
import { normalizeNumber } from 'nestjs-oursms';
import { SPELLINGS } from '../support/number-spellings.js';
import { NUMBERS } from '../support/number-table.js';

describe.each([
  ['the table of numbers', NUMBERS],
  ['the table of spellings', SPELLINGS],
])('%s', (_name, rows) => {
  it('has at least 200 different inputs', () => {
    expect(new Set(rows.map(([written]) => written)).size).toBe(rows.length);
    expect(rows.length).toBeGreaterThanOrEqual(200);
  });

  it.each(rows)('reads %j as %s for Saudi mobiles only', (written, saudiOnly) => {
    expectReading(normalizeNumber(written), saudiOnly);
    expectReading(normalizeNumber(written, { country: 'SA' }), saudiOnly);
  });

  it.each(rows)('reads %j for any country', (written, saudiOnly, anyCountry = saudiOnly) => {
    expectReading(normalizeNumber(written, { country: 'any' }), anyCountry);
  });
});

function expectReading(reading: ReturnType<typeof normalizeNumber>, expected: string): void {
  if (/^\d+$/.test(expected)) expect(reading).toEqual({ ok: true, number: expected });
  else expect(reading).toEqual({ ok: false, reason: expect.stringContaining(expected) });
}
