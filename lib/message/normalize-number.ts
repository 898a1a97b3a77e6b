import { readNumber } from './read-number.js';
import { readSaudiMobile } from './read-saudi-mobile.js';

/** Accepted numbers: `SA` for Saudi mobiles only, `any` also for numbers of other countries in international form. */
export type NumberCountry = 'SA' | 'any';

/** A number in the gateway's form (digits only, with the country code), or the reason why the text was refused. */
export type NormalizedNumber = { ok: true; number: string } | { ok: false; reason: string };

// The reason is the same for both values of `country`: a DTO does not know which one the account has.
const NOT_SAUDI = 'not a Saudi mobile: a Saudi mobile number is written 05XXXXXXXX, 5XXXXXXXX or 9665XXXXXXXX';
const NOT_TAKEN = "not a Saudi mobile but a number of another country, which is taken with country: 'any'";
const NO_CODE = `${NOT_SAUDI}; a number of another country needs its country code, such as +971`;

/**
 * Converts a phone number to the gateway's form: digits only, `9665XXXXXXXX` for a Saudi mobile.
 *
 * Understands `05XXXXXXXX`, `5XXXXXXXX`, `9665…`, `+9665…`, `009665…` and `96605…`, with spaces, dashes, dots, slashes,
 * brackets, no-break spaces and bidi marks, in ASCII, Arabic-Indic (٠-٩), Persian (۰-۹) and full-width digits. It
 * also reads the forms of spreadsheets: `501234567.0`, a leading apostrophe and `="0501234567"`. It refuses a text that may
 * have another meaning, with the reason: decimals, scientific notation, dates, IP addresses, negative numbers. Never throws.
 *
 * @param options.country `'SA'` (default) accepts only Saudi mobiles. `'any'` also accepts 8 to 15 digits of another country's
 * number in international form (E.164; a local form of another country is indistinguishable from a mistake). A leading `+` or
 * `00` is optional; nine digits that start with 5 are read as a Saudi mobile.
 * @see ITU-T E.164; the numbering plan of the Saudi regulator: mobiles are 9 digits that start with 5
 */
export function normalizeNumber(input: string, options: { country?: NumberCountry } = {}): NormalizedNumber {
  if (typeof input !== 'string') return refuse('not a string');
  const mobile = readSaudiMobile(input);
  if (mobile !== undefined) return accept(mobile);
  const read = readNumber(input);
  if (!read.ok) return read;
  const grouped = judge(read.digits, read.plus, options.country);
  if (read.whole === undefined) return grouped;
  const whole = judge(read.whole, read.plus, options.country);
  if (grouped.ok && whole.ok) return refuse('unclear: the zeros behind its dot may be decimals');
  return grouped.ok ? grouped : whole;
}

function judge(digits: string, plus: boolean, country: NumberCountry | undefined): NormalizedNumber {
  const from = digits.startsWith('00') ? 2 : 0;
  if (digits.length === from) return refuse('empty');
  const start = startOfNational(digits, from, plus);
  if (start !== undefined && digits.length - start === 9 && digits[start] === '5') {
    return accept(start === 3 ? digits : `966${digits.slice(start)}`);
  }
  const other = otherCountry(digits.slice(from), start === undefined ? undefined : digits.slice(start));
  return other.ok && country !== 'any' ? refuse(NOT_TAKEN) : other;
}

function otherCountry(digits: string, national: string | undefined): NormalizedNumber {
  if (national !== undefined && /^(?:5|966|0)/.test(national)) return refuse(NOT_SAUDI);
  if (digits[0] === '0') return refuse(NO_CODE);
  const number = national === undefined ? digits : `966${national}`;
  if (number.length >= 8 && number.length <= 15) return accept(number);
  const size = number.length < 8 ? 'short' : 'long';
  return refuse(`${NOT_SAUDI}; too ${size} for a number of another country: ${number.length} digits, not 8 to 15`);
}

/**
 * Index of the first digit after Saudi Arabia's country code or trunk zero; undefined for a number of another country.
 *
 * @param from Index of the country code, if there is one.
 */
function startOfNational(digits: string, from: number, plus: boolean): number | undefined {
  if (digits.startsWith('966', from)) return from + (digits[from + 3] === '0' ? 4 : 3);
  if (plus || from > 0) return undefined;
  if (digits.startsWith('05')) return 1;
  return digits.length === 9 && digits[0] === '5' ? 0 : undefined;
}

const accept = (number: string): NormalizedNumber => ({ ok: true, number });
const refuse = (reason: string): { ok: false; reason: string } => ({ ok: false, reason });
