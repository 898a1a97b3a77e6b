import { describe, expect, it } from '@jest/globals';
import { parseJson } from '../../lib/gateway/parse-json.js';

const read = (text: string): unknown => {
  const json = parseJson(text);
  if (!json.ok) throw new Error(json.why);
  return json.value;
};

describe('a whole number that JavaScript would round', () => {
  it.each([
    ['[12345678901234567890]', ['12345678901234567890']],
    ['{"a":-12345678901234567890,"b":9007199254740991}', { a: '-12345678901234567890', b: 9007199254740991 }],
    ['9007199254740993', '9007199254740993'],
    ['[1234567890123456789, 12345678901234567890]', ['1234567890123456789', '12345678901234567890']],
    ['[12345678901234567890.5,1234567890123456789e3]', [12345678901234567000, 1.2345678901234568e21]],
    [
      '{"x":"say \\"12345678901234567890\\" \\\\","y":12345678901234567890}',
      { x: 'say "12345678901234567890" \\', y: '12345678901234567890' },
    ],
    ['{"12345678901234567890":1}', { '12345678901234567890': 1 }],
  ])('is read as its digits, and nothing else is changed: %s', (text, value) => {
    expect(read(text)).toEqual(value);
  });
});

/** Milliseconds that an answer takes to be read, well or not. */
function timeOf(text: string): number {
  const began = performance.now();
  parseJson(text);
  return performance.now() - began;
}

// Each of these took seconds to minutes with an expression that tries every character as a beginning.
describe('a megabyte of a hostile answer is read as fast as any other:', () => {
  const MANY = 1_000_000;
  it.each([
    ['escaped quotes that never end', `{"id":1234567890123456,"x":"${'\\"'.repeat(MANY / 2)}`],
    ['backslashes', `{"id":1234567890123456,"x":"${'\\'.repeat(MANY)}`],
    ['quotes', `[1234567890123456,${'"'.repeat(MANY)}`],
    ['digits', '9'.repeat(MANY)],
    ['short numbers', `[12345678901234567890${',1'.repeat(MANY / 2)}]`],
    ['minus signs', `[12345678901234567890,${'-'.repeat(MANY)}`],
    ['exponents', `[12345678901234567890,${'1e+'.repeat(MANY / 3)}`],
    ['brackets', `[12345678901234567890,${'['.repeat(MANY)}`],
    ['objects in objects', `[12345678901234567890,${'{"a":'.repeat(MANY / 5)}`],
    ['white space', `${' '.repeat(MANY)}x`],
    ['long numbers', `[${'12345678901234567890,'.repeat(MANY / 21)}1]`],
  ])('%s', (_what, text) => {
    expect(timeOf(text)).toBeLessThan(2_000);
  });
});
