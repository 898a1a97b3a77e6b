import { isArabicForm, simplerCharacter } from './simpler-characters.js';
import { countParts, firstOutsideGsm } from './split-text.js';

/**
 * Replaces characters by cheaper ones of the same meaning: `'` for `’`, a space for a no-break space, ordinary letters for
 * Arabic presentation forms, no tatweel, `é` for `e` + U+0301. The library never does this by itself.
 *
 * A replacement costs more units than its character only when it makes the whole text GSM-7 (`...` for `…`), and the result
 * never has more parts than the text. A text in GSM-7, or a text that is already simplified, is returned unchanged. Characters
 * with their own meaning stay: accents, digits of any script, the joiners of emoji, Persian and
 * Arabic, the bidi marks of an Arabic text, the abbreviation `هـ`, and a word written in presentation forms one of which
 * is a ligature (`ﻻ` would cost two units as letters, and would no longer join with them).
 *
 * @see 3GPP TS 23.038, 6.2.1 (what GSM-7 has); UAX #15 (NFC, and NFKC for the presentation forms)
 */
export function simplifyText(body: string): string {
  if (isGsm(body)) return body;
  const lean = replaceIn(body, false);
  if (isGsm(lean)) return lean;
  const gsm = replaceIn(body, true);
  // Seventy ellipses take fewer parts than three dots for each of them.
  return isGsm(gsm) && countParts(gsm) <= countParts(lean) ? gsm : lean;
}

function replaceIn(body: string, becomesGsm: boolean): string {
  return body
    .replace(ARABIC_WORD, ordinaryLetters)
    .replace(MAYBE_SIMPLER, (character) => {
      const simpler = simplerCharacter(character);
      return simpler && (becomesGsm || !simpler.onlyForGsm) ? simpler.text : character;
    })
    .replace(TATWEEL, (_, abbreviation: string | undefined) => (abbreviation ? `${abbreviation}\u0640` : ''))
    .replace(COMBINING_SEQUENCE, composed);
}

/** Arabic letters, marks, tatweel and presentation forms, which join with one another. */
const ARABIC_WORD = /[\u0621-\u065f\u066e-\u06d3\ufb50-\ufd3d\ufd50-\ufdff\ufe70-\ufefc]+/g;

/** Characters that the table may contain, without tatweel and presentation forms: these depend on their neighbours. */
// eslint-disable-next-line no-control-regex
const MAYBE_SIMPLER = /[^\x00-\x08\x0a\x0c-\x5f\x61-\x7f\u0621-\u06d3\ufb50-\ufdff\ufe70-\ufefc]/gu;

/** Tatweel without a mark on it. After a single `ه` it is part of the abbreviation of the Hijri year. */
const TATWEEL = /(?<!\p{L})(ه)\u0640+(?![\p{L}\p{M}])|\u0640+(?!\p{M})/gu;

/**
 * A letter with at most 30 marks: no language has more, and ordering them takes quadratic time.
 *
 * @see UAX #15, 13 (Stream-Safe Text Format)
 */
const COMBINING_SEQUENCE = /\P{M}\p{M}{1,30}(?!\p{M})/gu;

function ordinaryLetters(word: string): string {
  let letters = '';
  for (const character of word) {
    const letter = isArabicForm(character.charCodeAt(0)) ? simplerCharacter(character)?.text : character;
    if (letter === undefined) return word;
    letters += letter;
  }
  return letters;
}

/** Some sequences are longer in NFC: the composition exclusions of UAX #15. */
function composed(sequence: string): string {
  const composed = sequence.normalize('NFC');
  return composed.length < sequence.length ? composed : sequence;
}

const isGsm = (text: string): boolean => firstOutsideGsm(text) === -1;
