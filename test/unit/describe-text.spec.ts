import { inspect, isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { describeText, type TextDescription } from 'nestjs-oursms';

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
    expect(describeText(text)).toMatchObject({ encoding, parts, units, unitsLeft });
  });

  it('never lets an extension character straddle two parts: 306 units can need three parts', () => {
    const text = `${'a'.repeat(152)}€${'a'.repeat(152)}`;
    expect(describeText(text)).toMatchObject({ encoding: 'GSM-7', parts: 3, units: 306, boundaries: [152, 304] });
  });

  it('never lets a surrogate pair straddle two parts: 134 units can need three parts', () => {
    const text = `${'م'.repeat(66)}😀${'م'.repeat(66)}`;
    expect(describeText(text)).toMatchObject({ encoding: 'UCS-2', parts: 3, units: 134, boundaries: [66, 133] });
  });

  it('counts an extension character as one unit once the text is UCS-2', () => {
    expect(describeText(`م${'€'.repeat(69)}`)).toMatchObject({
      encoding: 'UCS-2',
      parts: 1,
      units: 70,
      unitsLeft: 0,
    });
  });

  it('says where each part after the first starts', () => {
    expect(describeText('a'.repeat(160)).boundaries).toEqual([]);
    expect(describeText('a'.repeat(307)).boundaries).toEqual([153, 306]);
    expect(describeText('م'.repeat(135)).boundaries).toEqual([67, 134]);
  });

  it('names each character that forces UCS-2, with its positions and a replacement', () => {
    expect(describeText('Don’t… it’s `me`').forcing).toEqual([
      { character: '’', positions: [3, 9], suggestion: "'" },
      { character: '…', positions: [5], suggestion: '...' },
      { character: '`', positions: [12, 15], suggestion: "'" },
    ]);
    expect(describeText('hello €').forcing).toEqual([]);
  });

  it('names an emoji by its characters, a surrogate pair as one', () => {
    expect(describeText('a 😀 ❤️😀').forcing).toEqual([
      { character: '😀', positions: [2, 7] },
      { character: '❤', positions: [5] },
      { character: '\ufe0f', positions: [6] },
    ]);
  });

  it('suggests a costlier replacement only where it makes the text GSM-7', () => {
    expect(describeText('wait… 😀').forcing[0]).toEqual({ character: '…', positions: [4] });
    expect(describeText('wait…').forcing[0]).toMatchObject({ suggestion: '...' });
  });

  it('suggests one letter for a letter and its combining mark', () => {
    expect(describeText('cafe\u0301').forcing).toEqual([{ character: 'e\u0301', positions: [3], suggestion: 'é' }]);
  });

  it('suggests ordinary letters for presentation forms, and the removal of tatweel', () => {
    expect(describeText('ﻣـ').forcing).toEqual([
      { character: 'ﻣ', positions: [0], suggestion: 'م' },
      { character: 'ـ', positions: [1], suggestion: '' },
    ]);
  });

  it('lists each distinct character of a long text once', () => {
    const { forcing } = describeText('مرحبا '.repeat(2000));
    expect(forcing.map(({ character }) => character)).toEqual(['م', 'ر', 'ح', 'ب', 'ا']);
    expect(forcing[0]?.positions).toHaveLength(2000);
  });

  describe('gives a plain object', () => {
    const PLAIN = {
      encoding: 'UCS-2',
      parts: 1,
      units: 4,
      unitsLeft: 66,
      boundaries: [],
      forcing: [{ character: '’', positions: [2], suggestion: "'" }],
    };
    const described = () => describeText('it’s');

    it.each<[string, (text: TextDescription) => unknown]>([
      ['as it is', (text) => text],
      ['serialised', (text) => JSON.parse(JSON.stringify(text)) as unknown],
      ['spread', (text) => ({ ...text })],
      ['assigned', (text) => Object.assign({}, text)],
      ['read field by field', (text) => Object.fromEntries(Object.entries(text))],
    ])('that equals one with all its fields: %s', (_, take) => {
      expect(take(described())).toStrictEqual(PLAIN);
      expect(isDeepStrictEqual(take(described()), PLAIN)).toBe(true);
    });

    it('that has its fields in the order of the documentation', () => {
      expect(Object.keys(described())).toEqual(Object.keys(PLAIN));
    });

    it('that can be posted to a worker', () => {
      expect(structuredClone(described())).toEqual(PLAIN);
    });

    it('that prints with all its fields', () => {
      expect(inspect(described())).toBe(inspect(PLAIN));
      expect(inspect({ text: [described()] }, { depth: 5 })).toBe(inspect({ text: [PLAIN] }, { depth: 5 }));
    });

    it('whose list is the same object on each access, even when frozen', () => {
      const text = Object.freeze(described());
      expect(text.forcing).toBe(text.forcing);
      expect(text.forcing).toEqual(PLAIN.forcing);
    });

    it('whose list can be replaced', () => {
      const text = described();
      text.forcing = [];
      expect(text).toStrictEqual({ ...PLAIN, forcing: [] });
    });
  });

  it('counts half of a surrogate pair as one unit', () => {
    expect(describeText(`${'م'.repeat(69)}\ud83d`)).toMatchObject({ parts: 1, units: 70 });
  });
});
