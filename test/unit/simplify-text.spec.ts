import { describe, expect, it } from '@jest/globals';
import { describeText, simplifyText } from 'nestjs-oursms';

describe('simplifyText', () => {
  it.each([
    ['typographic quotes', 'Don’t “do” ‘it’, «please»', 'Don\'t "do" \'it\', "please"'],
    ['the backtick', '`code`', "'code'"],
    ['dashes', '9–5 — now', '9-5 - now'],
    ['the ellipsis', 'wait…', 'wait...'],
    ['odd spaces', 'a\u00a0b\u202fc\u2009d\te', 'a b c d e'],
    ['other line breaks', 'a\u2028b', 'a\nb'],
    ['invisible characters', 'a\u200bb\ufeffc\u00add\u2060e', 'abcde'],
    ['bidi marks around a number', '\u200e+966501234567\u200f', '+966501234567'],
    ['joiners between Latin letters', 'a\u200cb\u200dc', 'abc'],
    ['bullets', '• one\n• two', '* one\n* two'],
    ['ligatures', 'oﬃce ﬁle ﬂat', 'office file flat'],
    ['full-width ASCII', 'ＣＯＤＥ：１２３４［｀］', "CODE:1234[']"],
    ['decomposed letters', 'cafe\u0301 An\u0303o', 'café Año'],
    ['decomposed letters outside GSM-7', 'franc\u0327ais', 'français'],
    ['the signs that are letters', '5 \u212a, 7 \u2126', '5 K, 7 Ω'],
    ['tatweel', 'مرحبـــا بكـــم', 'مرحبا بكم'],
    ['Arabic presentation forms', 'ﻣﺮﺣﺒﺎ ﺑﻚ', 'مرحبا بك'],
    ['decomposed Arabic letters', 'ا\u0654حمد ا\u0653مال', 'أحمد آمال'],
  ])('replaces %s', (_, text, simpler) => {
    expect(simplifyText(text)).toBe(simpler);
  });

  it.each([
    ['accents', 'façade, déjà vu, ê'],
    ['the joiners of emoji', 'hi 👨‍👩‍👧 ❤️'],
    ['the joiner of Persian', 'می\u200cخواهم'],
    ['the joiner of an Arabic abbreviation', '1445 ه\u200d'],
    ['bidi marks in an Arabic text', 'مرحبا \u200e+966501234567\u200f'],
    ['Arabic-Indic digits', 'code ١٢٣٤'],
    ['the abbreviation of the Hijri year', '1445هـ'],
    ['tatweel that carries a mark', 'ـَ'],
    ['a word with a ligature that would cost more', 'ﺳﻼﻡ'],
    ['ﷺ and ﷲ', 'محمد ﷺ ﷲ'],
    ['an ellipsis, in a text that stays UCS-2', 'مرحبا…'],
    ['ellipses that are fewer parts in UCS-2', '…'.repeat(70)],
    ['a directional override', 'a\u202eb'],
    ['fractions and powers, which would read as other numbers', '1½ m²'],
  ])('leaves %s', (_, text) => {
    expect(simplifyText(text)).toBe(text);
  });

  it('makes one part of two where a typographic quote was all that forced UCS-2', () => {
    const text = `Don’t ${'a'.repeat(100)}`;
    expect([describeText(text).parts, describeText(simplifyText(text)).parts]).toEqual([2, 1]);
  });
});
