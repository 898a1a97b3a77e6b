import { THREES } from './digit-text.js';
import { digitOf, markOf } from './number-characters.js';

/** Digits before the last eight, after a 1 that keeps leading zeros: `966 5`, `966 0 5`, and both with `00` before them. */
const WITH_COUNTRY = new Set([1_966_5, 1_966_05, 100_966_5, 100_966_05]);
/** `5` and `05`. */
const WITHOUT_COUNTRY = new Set([1_5, 1_05]);
const LONGEST_PREFIX = 100_966_05;

const SUBSCRIBER_DIGITS = 8;
const TWOS = THREES.slice(0, 100).map((digits) => digits.slice(1));
const STARTS = THREES.map((digits) => `9665${digits}`);

/**
 * Reads the usual spellings of Saudi mobiles fast: digits of any script with nothing visible between them.
 *
 * @returns The number in the gateway's form; undefined for any other text, including other spellings of a Saudi mobile.
 */
export function readSaudiMobile(input: string): string | undefined {
  let hasPlus = false;
  let prefix = 1;
  let subscriber = 0;
  /** Number of digits in `subscriber`; -1 while the prefix is read. */
  let size = -1;
  for (let at = 0; at < input.length; at++) {
    const code = input.charCodeAt(at);
    const digit = digitOf(code);
    if (digit < 0) {
      const mark = markOf(code);
      if (mark === '+' && prefix === 1 && !hasPlus) hasPlus = true;
      else if (mark !== '') return undefined;
    } else if (size >= 0) {
      subscriber = subscriber * 10 + digit;
      size += 1;
      if (size > SUBSCRIBER_DIGITS) return undefined;
    } else {
      prefix = prefix * 10 + digit;
      if (prefix > LONGEST_PREFIX) return undefined;
      // In all prefixes, only the last digit is a 5.
      if (digit === 5) {
        if (!WITH_COUNTRY.has(prefix) && (hasPlus || !WITHOUT_COUNTRY.has(prefix))) return undefined;
        size = 0;
      }
    }
  }
  return size === SUBSCRIBER_DIGITS ? inGatewayForm(subscriber) : undefined;
}

/** Appends three digits at a time, because each append copies the text. */
function inGatewayForm(subscriber: number): string {
  const threes = Math.trunc(subscriber / 100);
  const start = Math.trunc(threes / 1_000);
  return (STARTS[start] as string) + (THREES[threes % 1_000] as string) + (TWOS[subscriber % 100] as string);
}
