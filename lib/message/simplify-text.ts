import { isArabicForm, simplerCharacter } from './simpler-characters.js';
import { firstOutsideGsm, splitText } from './split-text.js';

/**
 * The text in cheaper characters that mean the same: `'` for `’`, a space for a no-break space, ordinary letters for
 * Arabic presentation forms, no tatweel, `é` for `e` + U+0301. The library never applies it by itself.
 *
 * No replacement costs more units than what it replaces, unless the whole text becomes GSM-7 by it (`...` for `…`), and
 * the result never has more parts than the text. A text that is GSM-7 comes back as it is; so does a result that is
 * given again. What has a meaning of its own stays: accents, digits of any script, the joiners of emoji, Persian and
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
  // Three dots for each of seventy ellipses are more parts than the ellipses were.
  return isGsm(gsm) && partsOf(gsm) <= partsOf(lean) ? gsm : lean;
}

function replaceIn(body: string, becomesGsm: boolean): string {
  return body
    .replace(ARABIC_WORD, ordinaryLetters)
    .replace(PERHAPS_SIMPLER, (character) => {
      const simpler = simplerCharacter(character);
      return simpler && (becomesGsm || !simpler.onlyForGsm) ? simpler.text : character;
    })
    .replace(TATWEEL, (_, abbreviation: string | undefined) => (abbreviation ? `${abbreviation}\u0640` : ''))
    .replace(COMBINING_SEQUENCE, composed);
}

/** Letters, marks, tatweel and presentation forms of Arabic: what joins with one another. */
const ARABIC_WORD = /[\u0621-\u065f\u066e-\u06d3\ufb50-\ufd3d\ufd50-\ufdff\ufe70-\ufefc]+/g;

/** All that the table may hold but tatweel and the presentation forms, which need a look at their neighbours. */
// eslint-disable-next-line no-control-regex
const PERHAPS_SIMPLER = /[^\x00-\x08\x0a\x0c-\x5f\x61-\x7f\u0621-\u06d3\ufb50-\ufdff\ufe70-\ufefc]/gu;

/** Tatweel that carries no mark. After a `ه` that stands alone it makes the abbreviation of the Hijri year. */
const TATWEEL = /(?<!\p{L})(ه)\u0640+(?![\p{L}\p{M}])|\u0640+(?!\p{M})/gu;

/**
 * Not with more than 30 marks, which no language has: putting them in order takes quadratic time.
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
const partsOf = (text: string): number => splitText(text, firstOutsideGsm(text)).parts;
