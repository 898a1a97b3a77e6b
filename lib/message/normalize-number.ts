/** Which numbers are taken: Saudi mobiles only, or any number in international form as well. */
export type NumberCountry = 'SA' | 'any';

/** A number as the gateway takes it (digits only, with the country code), or the reason why it is not one. */
export type NormalizedNumber = { ok: true; number: string } | { ok: false; reason: string };

const SAUDI_FORMS = 'a Saudi mobile number is written 05XXXXXXXX, 5XXXXXXXX or 9665XXXXXXXX';

/**
 * Brings a phone number into the form that the gateway takes: digits only, `9665XXXXXXXX` for a Saudi mobile.
 *
 * Understands `05XXXXXXXX`, `5XXXXXXXX`, `9665…`, `+9665…`, `009665…` and `96605…`, with spaces, dashes, dots, brackets,
 * no-break spaces and bidi marks, in ASCII, Arabic-Indic (٠-٩), Persian (۰-۹) and full-width digits. Never throws.
 *
 * @param options.country `'SA'` (default) takes Saudi mobiles only. `'any'` also takes 8 to 15 digits of another country's
 * number in international form (E.164; a local form of another country cannot be told from a mistake). A leading `+` or
 * `00` is optional there; nine digits that start with 5 are read as a Saudi mobile.
 * @see ITU-T E.164; the numbering plan of the Saudi regulator: mobiles are 9 digits that start with 5
 */
export function normalizeNumber(input: string, options: { country?: NumberCountry } = {}): NormalizedNumber {
  if (typeof input !== 'string') return refuse('not a string');
  const written = readDigits(input);
  if (!written.ok) return written;
  const { digits, international } = stripPrefix(written.digits, written.plus);
  if (digits === '') return refuse('empty');

  const national = saudiNational(digits, international);
  if (national !== undefined && national.length === 9 && national[0] === '5') return accept(`966${national}`);
  if (options.country !== 'any') return refuse(`not a Saudi mobile: ${SAUDI_FORMS}`);
  return otherCountry(digits, national);
}

function otherCountry(digits: string, national: string | undefined): NormalizedNumber {
  if (national !== undefined && /^(?:5|966|0)/.test(national)) return refuse(`not a Saudi mobile: ${SAUDI_FORMS}`);
  if (digits[0] === '0')
    return refuse("a number of another country, which needs its country code, such as +971 for the Emirates'");
  const number = national === undefined ? digits : `966${national}`;
  if (number.length < 8) return refuse(`too short: ${number.length} digits, an international number has 8 to 15`);
  if (number.length > 15) return refuse(`too long: ${number.length} digits, an international number has 8 to 15`);
  return accept(number);
}

/** The digits after Saudi Arabia's country code or trunk zero, or undefined for a number written as another country's. */
function saudiNational(digits: string, international: boolean): string | undefined {
  if (digits.startsWith('966')) return digits[3] === '0' ? digits.slice(4) : digits.slice(3);
  if (international) return undefined;
  if (digits.startsWith('05')) return digits.slice(1);
  return digits.length === 9 && digits[0] === '5' ? digits : undefined;
}

function stripPrefix(digits: string, plus: boolean): { digits: string; international: boolean } {
  if (digits.startsWith('00')) return { digits: digits.slice(2), international: true };
  return { digits, international: plus };
}

function readDigits(input: string): { ok: true; digits: string; plus: boolean } | { ok: false; reason: string } {
  let digits = '';
  let plus = false;
  for (let i = 0; i < input.length; i++) {
    const code = input.charCodeAt(i);
    const digit = digitOf(code);
    if (digit >= 0) {
      digits += digit;
    } else if ((code === 0x2b || code === 0xff0b) && digits === '' && !plus) {
      plus = true;
    } else if (!isSeparator(code)) {
      return refuse(`no phone number: character ${[...input.slice(0, i)].length + 1} is not part of a phone number`);
    }
  }
  return { ok: true, digits, plus };
}

/** The zeros of the digit rows that are read: ASCII, Arabic-Indic, Persian, full-width. */
function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x660 && code <= 0x669) return code - 0x660;
  if (code >= 0x6f0 && code <= 0x6f9) return code - 0x6f0;
  if (code >= 0xff10 && code <= 0xff19) return code - 0xff10;
  return -1;
}

/** White space, dashes, dots, brackets, zero-width characters and bidi marks, by their UTF-16 code. */
const SEPARATORS = new Set(
  [
    '\t\n\r ()[].-/',
    '\u00a0\u00ad\u061c\u1680\u180e\u202f\u205f\u2060\u3000\ufeff',
    '\u2212\ufe63\uff0d\uff08\uff09\uff0e',
    ...[...Array(0x2015 - 0x2000 + 1).keys()].map((offset) => String.fromCharCode(0x2000 + offset)),
    '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069',
  ].flatMap((characters) => [...characters].map((character) => character.charCodeAt(0))),
);

function isSeparator(code: number): boolean {
  return SEPARATORS.has(code);
}

const accept = (number: string): NormalizedNumber => ({ ok: true, number });
const refuse = (reason: string): { ok: false; reason: string } => ({ ok: false, reason });
