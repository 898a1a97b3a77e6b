import type { NumberGroups, Separator } from './number-groups.js';

/** Two groups of at least this size are two numbers: no country code or area code is this long. */
const LONG_GROUP = 7;
/** No number of any country has more digits, whatever separates them. */
const MOST_DIGITS = 20;

const TWO_NUMBERS = 'two numbers: write each by itself';
const SINGLE = 'unclear: a single separator stands before its last digits, as before decimals or an extension';

/** Why groups of digits may not be one phone number: two numbers, an IP address, a date. Undefined when they are one. */
export function otherMeaning(groups: NumberGroups): string | undefined {
  const { digits, plus, sizes, separators } = groups;
  if (sizes.length === 1 || digits.length > MOST_DIGITS) return undefined;
  const prefix = digits.startsWith('00') ? 2 : 0;
  let before = -prefix;
  let longGroups = 0;
  for (let index = 0; index < sizes.length; index++) {
    const size = sizes[index] as number;
    const separator = separators[index] as Separator;
    longGroups += size - (index === 0 ? prefix : 0) >= LONG_GROUP ? 1 : 0;
    before += size;
    if (index === separators.length || separators.indexOf(separator) !== separators.lastIndexOf(separator)) continue;
    const after = digits.length - prefix - before;
    if (before >= LONG_GROUP && after >= LONG_GROUP) return TWO_NUMBERS;
    // In pairs, as in 12-34-56, the last two digits are neither decimals nor an extension.
    const isPair = size <= 2 && index > 0 && (separator === ' ' || separator === '-');
    if (index === separators.length - 1 && after <= 2 && !isPair) return SINGLE;
  }
  if (longGroups > 1) return TWO_NUMBERS;
  if (plus) return undefined;
  if (isIpAddress(groups)) return 'an IP address';
  return isDate(groups) ? 'a date' : undefined;
}

/** Whether the groups start with four numbers from 0 to 255, separated by dots, without leading zeros. */
function isIpAddress({ digits, sizes, separators }: NumberGroups): boolean {
  if (sizes.length < 4 || separators[0] !== '.' || separators[1] !== '.' || separators[2] !== '.') return false;
  if (separators[3] === '.') return false;
  let at = 0;
  return sizes.slice(0, 4).every((size) => {
    const octet = digits.slice(at, (at += size));
    return size <= 3 && Number(octet) <= 255 && octet === String(Number(octet));
  });
}

/** Whether the groups start with a date: year first or last, day and month in either order. */
function isDate({ digits, sizes }: NumberGroups): boolean {
  const one = sizes[0] as number;
  const two = sizes[1] as number;
  const three = sizes[2] ?? 0;
  if (two > 2 || three === 0 || (!(one === 4 && three <= 2) && !(one <= 2 && three === 4))) return false;
  const first = digits.slice(0, one);
  const second = digits.slice(one, one + two);
  const third = digits.slice(one + two, one + two + three);
  if (one === 4) return isYear(first) && isDayAndMonth(second, third);
  // A time of day after the date has more than three digits: 05 01 2012 34 is a mobile with unusual groups.
  const behind = digits.length - one - two - three;
  return (behind === 0 || behind > 3) && isYear(third) && isDayAndMonth(first, second);
}

/** The years 1000 to 2999, Hijri years included. */
const isYear = (year: string): boolean => year.startsWith('1') || year.startsWith('2');

function isDayAndMonth(one: string, other: string): boolean {
  const less = Math.min(Number(one), Number(other));
  const more = Math.max(Number(one), Number(other));
  return less >= 1 && less <= 12 && more <= 31;
}
