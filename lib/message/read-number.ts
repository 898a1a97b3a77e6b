import { numberFault, type NumberFault, type NumberGroups } from './number-groups.js';
import { otherMeaning } from './number-meanings.js';
import { scanNumber } from './scan-number.js';

/** The digits of a written number, or the reason why they cannot be read. */
export type ReadDigits =
  | {
      ok: true;
      digits: string;
      /** Whether a plus stands before them. */
      plus: boolean;
      /** Digits before the dot, when the three or more zeros after it may be decimals. */
      whole?: string;
    }
  | NumberFault;

/** Digits after Saudi Arabia's country code and a mobile's first two digits. */
const SUBSCRIBER_DIGITS = 7;

const DECIMALS = numberFault('a number with decimals: export the column as text, or without decimals');

/**
 * Reads the digits of a written phone number as a person would, or returns the reason why the text is not one number.
 *
 * A number has digits, at most one `+` before them, and separators between them: spaces, dashes, dots, slashes, and brackets
 * around its first digits. A dot separates groups, unless it is in the position of a decimal point: a decimal without a fraction
 * (`501234567.0`) is read as its whole part.
 */
export function readNumber(input: string): ReadDigits {
  const groups = scanNumber(input);
  if ('reason' in groups) return groups;
  const meaning = meaningOfLast(groups);
  if (meaning === 'group') return readGroups(groups);
  const before = withoutLast(groups);
  const last = groups.digits.slice(before.digits.length);
  const whole = meaningOfLast(before) === 'group' ? readGroups(before) : DECIMALS;
  if (!whole.ok) return whole;
  if (!/^0+$/.test(last)) return DECIMALS;
  if (meaning === 'decimals') return whole;
  const grouped = readGroups(groups);
  return grouped.ok ? { ...grouped, whole: whole.digits } : whole;
}

/** Reading of the digits after the last separator: decimals, a group, or either. */
function meaningOfLast({ digits, plus, sizes, separators }: NumberGroups): 'decimals' | 'group' | 'either' {
  const last = separators.at(-1);
  if (last === ',') return 'decimals';
  if (last !== '.') return 'group';
  const size = sizes.at(-1) as number;
  const isOnlyDot = separators.indexOf('.') === separators.length - 1;
  if (!isOnlyDot) return size <= 2 && areThousands(sizes, separators) ? 'decimals' : 'group';
  if (size <= 2) return 'decimals';
  // 966.5XXXXXXXX and 9665X.XXXXXXX
  if (digits.startsWith('966') && size >= SUBSCRIBER_DIGITS) return 'group';
  // 50.1033472 is a longitude. No decimal number begins with a zero or a plus, or has other separators.
  if (separators.length === 1 && !plus && digits[0] !== '0') return 'decimals';
  return /0{3}$/.test(digits) && Number(digits.slice(-size)) === 0 ? 'either' : 'group';
}

/** Whether dots separate thousands, as in 966.501.234.567.0. */
const areThousands = (sizes: readonly number[], separators: readonly string[]): boolean =>
  separators.every((separator) => separator === '.') && sizes.slice(1, -1).every((size) => size === 3);

function withoutLast({ digits, plus, sizes, separators }: NumberGroups): NumberGroups {
  return {
    digits: digits.slice(0, -(sizes.at(-1) as number)),
    plus,
    sizes: sizes.slice(0, -1),
    separators: separators.slice(0, -1),
  };
}

function readGroups(groups: NumberGroups): ReadDigits {
  const other = otherMeaning(groups);
  return other === undefined ? digitsOf(groups.digits, groups.plus) : numberFault(other);
}

const digitsOf = (digits: string, plus: boolean): ReadDigits => ({ ok: true, digits, plus });
