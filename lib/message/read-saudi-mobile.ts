import { THREES } from './digit-text.js';
import { digitOf, markOf } from './number-characters.js';

/** Digits before a mobile's last eight, behind a 1 that keeps their zeros: `966 5`, `966 0 5`, and both behind `00`. */
const WITH_COUNTRY = new Set([1_966_5, 1_966_05, 100_966_5, 100_966_05]);
/** `5` and `05`. */
const WITHOUT_COUNTRY = new Set([1_5, 1_05]);
const LONGEST_PREFIX = 100_966_05;

const SUBSCRIBER_DIGITS = 8;
const TWOS = THREES.slice(0, 100).map((digits) => digits.slice(1));
const STARTS = THREES.map((digits) => `9665${digits}`);

/**
 * The quick way for how most Saudi mobiles are written: digits with nothing visible between them, in any script.
 *
 * @returns The number as the gateway takes it; undefined for anything else, other ways to write a Saudi mobile included.
 */
export function readSaudiMobile(input: string): string | undefined {
  let hasPlus = false;
  let prefix = 1;
  let subscriber = 0;
  /** Digits of `subscriber`; -1 while those of the prefix are read. */
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
      // No prefix has a 5 but its last digit.
      if (digit === 5) {
        if (!WITH_COUNTRY.has(prefix) && (hasPlus || !WITHOUT_COUNTRY.has(prefix))) return undefined;
        size = 0;
      }
    }
  }
  return size === SUBSCRIBER_DIGITS ? inGatewayForm(subscriber) : undefined;
}

/** Three digits at a time: each addition copies the text. */
function inGatewayForm(subscriber: number): string {
  const threes = Math.trunc(subscriber / 100);
  const start = Math.trunc(threes / 1_000);
  return (STARTS[start] as string) + (THREES[threes % 1_000] as string) + (TWOS[subscriber % 100] as string);
}
