import { describe, expect, it } from '@jest/globals';
import { normalizeNumber } from 'nestjs-oursms';
import { Seeded } from '../support/seeded.js';

const ROWS = ['0123456789', '٠١٢٣٤٥٦٧٨٩', '۰۱۲۳۴۵۶۷۸۹', '０１２３４５６７８９'];
const PREFIXES = ['0', '', '966', '+966', '00966', '9660', '+971', '00971', '971', '+1', '+49', '5', '20'];
const BETWEEN = [' ', '-', '.', '/', '\u00a0', '\u2011', ' - ', '\u200e', ''];
const DECIMAL_MARKS = ['.', ',', '٫', '،', '．', '，'];
const ODD = [...' -./()[]+,\n\t', '\u200f', '\u066b', "'", '=', '"', 'e', ...'00112234556667899٠١٥٦９'];

const inRow = (text: string, row: string): string => text.replace(/\d/g, (digit) => row[Number(digit)] as string);

/** The digits of a text, in ASCII, without the characters between them. */
const digitsIn = (text: string): string =>
  Array.from(text, (one) => ROWS.map((row) => row.indexOf(one)).find((value) => value >= 0) ?? '').join('');

/** The number that a person would dial: country code and number, without trunk zeros of Saudi Arabia. */
function dialled(written: string): string {
  const digits = digitsIn(written);
  const isInternational = written.includes('+') || digits.startsWith('00');
  const bare = digits.replace(/^00/, '').replace(/^9660/, '966');
  if (/^05/.test(bare)) return `966${bare.slice(1)}`;
  return /^5\d{8}$/.test(bare) && !isInternational ? `966${bare}` : bare;
}

/** The readings of a written number: as it is, and without zeros that may be decimals. */
const readings = (written: string): string[] =>
  [written, written.replace(/[.．,\u066b][0٠۰０]+[^0-9٠-٩۰-۹０-９]*$/, '')].map(dialled);

/** A number of one of several countries, in digits, some with a leading plus. */
const someNumber = (random: Seeded): string =>
  random.pick(PREFIXES) + String(random.pick([5, 5, 5, 3, 9])) + String(10_000_000 + random.next(90_000_000));

function grouped(number: string, random: Seeded): string {
  let written = '';
  for (const character of number) written += character + (random.next(3) === 0 ? random.pick(BETWEEN) : '');
  return inRow(written, random.pick(ROWS));
}

describe.each(['SA', 'any'] as const)('a phone number that normalizeNumber accepts (country %s)', (country) => {
  const read = (written: string): string | undefined => {
    const result = normalizeNumber(written, { country });
    return result.ok ? result.number : undefined;
  };

  it('has the digits that a person reads, however they are grouped', () => {
    const random = new Seeded(1);
    let taken = 0;
    for (let i = 0; i < 20_000; i++) {
      const written = grouped(someNumber(random), random);
      const number = read(written);
      if (number === undefined) continue;
      taken += 1;
      expect(readings(written)).toContain(number);
    }
    expect(taken).toBeGreaterThan(3_000);
  });

  it('is the same with and without zeros after a decimal mark', () => {
    const random = new Seeded(2);
    for (let i = 0; i < 5_000; i++) {
      const number = someNumber(random);
      const written = inRow(number + random.pick(DECIMAL_MARKS) + random.pick(['0', '00']), random.pick(ROWS));
      expect([written, normalizeNumber(written, { country })]).toEqual([written, normalizeNumber(number, { country })]);
    }
  });

  it('has no decimals other than zeros', () => {
    const random = new Seeded(3);
    for (let i = 0; i < 5_000; i++) {
      const decimals = random.pick([String(1 + random.next(9)), `${random.next(10)}${1 + random.next(9)}`]);
      const written = inRow(someNumber(random) + random.pick(DECIMAL_MARKS) + decimals, random.pick(ROWS));
      expect([written, read(written)]).toEqual([written, undefined]);
    }
  });

  it('has the digits of the text in the same order, even with odd characters inserted', () => {
    const random = new Seeded(4);
    let taken = 0;
    for (let i = 0; i < 100_000; i++) {
      const number = Array.from(someNumber(random));
      for (let n = random.next(4); n > 0; n--) number.splice(random.next(number.length + 1), 0, random.pick(ODD));
      const written = number.join('');
      const got = read(written);
      if (got === undefined) continue;
      taken += 1;
      expect(readings(written)).toContain(got);
      expect(written).not.toMatch(/^[\s\u200f]*-[^-]*$|^[^(]*\)|^[^[]*\]|\+.*\+|e/);
    }
    expect(taken).toBeGreaterThan(5_000);
  });
});
