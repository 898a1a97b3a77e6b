import { describe, expect, it } from '@jest/globals';
import { describeText } from 'nestjs-oursms';

describe('describeText', () => {
  it.each([
    ['', 'GSM-7', 0, 0, 160],
    ['hello', 'GSM-7', 1, 5, 155],
    ['a'.repeat(160), 'GSM-7', 1, 160, 0],
    ['a'.repeat(161), 'GSM-7', 2, 161, 145],
    ['a'.repeat(306), 'GSM-7', 2, 306, 0],
    ['a'.repeat(307), 'GSM-7', 3, 307, 152],
    ['€'.repeat(80), 'GSM-7', 1, 160, 0],
    ['م'.repeat(70), 'UCS-2', 1, 70, 0],
    ['م'.repeat(71), 'UCS-2', 2, 71, 63],
    ['م'.repeat(134), 'UCS-2', 2, 134, 0],
    ['م'.repeat(135), 'UCS-2', 3, 135, 66],
    ['😀', 'UCS-2', 1, 2, 68],
    ['’', 'UCS-2', 1, 1, 69],
  ])('describes %j', (text, encoding, parts, units, unitsLeft) => {
    expect(describeText(text)).toEqual({ encoding, parts, units, unitsLeft });
  });

  it('never lets an extension character straddle two parts: 306 units can need three parts', () => {
    const text = `${'a'.repeat(152)}€${'a'.repeat(152)}`;
    expect(describeText(text)).toEqual({ encoding: 'GSM-7', parts: 3, units: 306, unitsLeft: 152 });
  });

  it('never lets a surrogate pair straddle two parts: 134 units can need three parts', () => {
    const text = `${'م'.repeat(66)}😀${'م'.repeat(66)}`;
    expect(describeText(text)).toMatchObject({ encoding: 'UCS-2', parts: 3, units: 134 });
  });

  it('counts an extension character as one unit once the text is UCS-2', () => {
    expect(describeText(`م${'€'.repeat(69)}`)).toEqual({ encoding: 'UCS-2', parts: 1, units: 70, unitsLeft: 0 });
  });
});
