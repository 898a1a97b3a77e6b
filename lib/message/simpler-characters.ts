import { gsmUnits } from './gsm-alphabet.js';

/** Replacement of a character that GSM-7 does not have. */
export interface SimplerCharacter {
  /** The replacement; empty when the character can be removed. */
  text: string;
  /** Whether the replacement saves units, or is harmless, only when it makes the whole text GSM-7. */
  onlyForGsm: boolean;
}

interface Row {
  from: string;
  to: string;
  onlyForGsm?: boolean;
}

/** A replacement that is longer than its character is always `onlyForGsm`. */
const ROWS: Row[] = [
  // Typographic quotes and apostrophes, set by word processors and phone keyboards.
  { from: '‘’‚‛‹›ʹʻʼʽ', to: "'" },
  // The backtick, the spacing acute and the prime are typed as apostrophes.
  { from: '`´′', to: "'" },
  // Typographic quotes.
  { from: '“”„‟«»″〝〞', to: '"' },
  // Dashes, the minus sign and the hyphen bullet.
  { from: '\u2010\u2011\u2012–—―−⁃﹘﹣', to: '-' },
  // The ellipsis is one character for three dots.
  { from: '…', to: '...' },
  // Spaces of another width, the no-break spaces and the tab, which GSM-7 lacks.
  {
    from: '\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000',
    to: ' ',
  },
  // Line breaks by other names.
  { from: '\u000b\u0085\u2028\u2029', to: '\n' },
  // Invisible: they only say where a line may or may not break.
  { from: '\u00ad\u200b\u2060\ufeff', to: '' },
  // Joiners and variation selectors shape Arabic, Persian, Indic scripts and emoji; what is GSM-7 has no use for them.
  { from: '\u200c\u200d\u034f\ufe0e\ufe0f', to: '', onlyForGsm: true },
  // Bidi marks and embeddings, pasted along with numbers: they order Arabic beside Latin, not Latin alone.
  { from: '\u061c\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069', to: '', onlyForGsm: true },
  // Bullets of a list.
  { from: '•‣◦●', to: '*' },
  // The fraction and the division slash.
  { from: '⁄∕', to: '/' },
  // The multiplication sign.
  { from: '×', to: 'x' },
  // Ligatures.
  { from: 'ﬀ', to: 'ff' },
  { from: 'ﬁ', to: 'fi' },
  { from: 'ﬂ', to: 'fl' },
  { from: 'ﬃ', to: 'ffi' },
  { from: 'ﬄ', to: 'ffl' },
  { from: 'ﬅﬆ', to: 'st' },
  // The Ohm sign is canonically the Greek letter.
  { from: '\u2126', to: 'Ω' },
  // The Kelvin sign is canonically the letter.
  { from: '\u212a', to: 'K' },
  // The Angstrom sign is canonically the letter.
  { from: '\u212b', to: 'Å' },
  // The Greek question mark is canonically the semicolon.
  { from: '\u037e', to: ';' },
  // Full width.
  { from: '￡', to: '£' },
  { from: '￥', to: '¥' },
  // Tatweel only stretches an Arabic word, and costs a unit.
  { from: '\u0640', to: '' },
];

/** Full-width ASCII is ASCII, 0xfee0 higher. @see Unicode, Halfwidth and Fullwidth Forms */
const FULL_WIDTH = { first: 0xff01, last: 0xff5e, offset: 0xfee0 };

const SIMPLER: ReadonlyMap<string, SimplerCharacter> = new Map(
  ROWS.flatMap(({ from, to, onlyForGsm = false }) =>
    [...from].map((character) => [character, { text: to, onlyForGsm: onlyForGsm || to.length > 1 }]),
  ),
);

/** `e` + U+0301 for `é`: the sequences that are one character of GSM-7 when composed. @see UAX #15, NFC */
const COMPOSED: ReadonlyMap<string, string> = new Map(
  [...'àÄäÅåÇÉéèìÑñÖöòÜüù'].map((character) => [character.normalize('NFD'), character]),
);

/** The replacement of one character (code point) outside GSM-7; undefined when none has the same meaning. */
export function simplerCharacter(character: string): SimplerCharacter | undefined {
  const code = character.charCodeAt(0);
  if (isArabicLetter(code)) return undefined;
  if (isArabicForm(code)) return letterOfForm(character);
  if (code < FULL_WIDTH.first || code > FULL_WIDTH.last) return SIMPLER.get(character);
  const ascii = String.fromCharCode(code - FULL_WIDTH.offset);
  return gsmUnits(ascii.charCodeAt(0)) === 0 ? SIMPLER.get(ascii) : { text: ascii, onlyForGsm: false };
}

/** The GSM-7 character composed of a letter and a combining mark; undefined when there is none. */
export function composedForGsm(letterAndMark: string): string | undefined {
  return COMPOSED.get(letterAndMark);
}

/** Whether this is a character of Arabic Presentation Forms-A or -B (U+FEFF among them is a byte order mark). */
export const isArabicForm = (code: number): boolean =>
  (code >= 0xfb50 && code <= 0xfdff) || (code >= 0xfe70 && code < 0xfeff);

/** Of the ordinary letters, marks and digits, the table contains only tatweel: Arabic texts need no lookup. */
const isArabicLetter = (code: number): boolean => code >= 0x0620 && code <= 0x06ff && code !== 0x0640;

/** The letter of a contextual form: phones shape it themselves. None for a ligature, which would cost more as letters. */
function letterOfForm(form: string): SimplerCharacter | undefined {
  const letter = form.normalize('NFKC');
  return letter === form || letter.length > 1 ? undefined : { text: letter, onlyForGsm: false };
}
