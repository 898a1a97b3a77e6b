import { digitOf, markOf } from './number-characters.js';
import { GroupScanner, numberFault, type NumberFault, type NumberGroups } from './number-groups.js';

/** Longer texts are not checked for scientific notation. */
const LONGEST_SCIENTIFIC = 40;

/** `9.66501E+11`, in other scripts as well; Arabic spreadsheets write أس for the E. */
const SCIENTIFIC = /^[+-]?\d+(?:[.,]\d*)?(?:e|أس|اس|[x×*]10\^?)[+-]?\d+$/i;

/** Apostrophes that mark a spreadsheet cell as text. */
const APOSTROPHES = "'\u2018\u2019\u201b\u02bc\uff07";

/**
 * Finds the groups of digits in a written number, or the reason why the text is not a number. It ignores invisible characters,
 * and the marks of a text cell in a spreadsheet: an apostrophe before the number, or `="…"` around it.
 */
export function scanNumber(input: string): NumberGroups | NumberFault {
  const { from, to } = withoutTextMarks(input);
  const scanner = new GroupScanner();
  let comma = -1;
  for (let at = from; at < to; at++) {
    const code = input.charCodeAt(at);
    const digit = digitOf(code);
    if (digit >= 0) {
      scanner.digit(digit);
      continue;
    }
    const mark = markOf(code);
    if (mark === undefined || (mark === ',' && comma >= 0) || !scanner.mark(mark)) {
      return faultAt(input, from, to, comma < 0 ? at : comma);
    }
    if (mark === ',') comma = at;
  }
  const groups = scanner.end();
  // Any other comma separates the numbers of a list.
  if (comma >= 0 && !(digitOf(input.charCodeAt(comma + 1)) >= 0 && isBeforeDecimals(groups))) {
    return faultAt(input, from, to, comma);
  }
  return groups;
}

function isBeforeDecimals(groups: NumberGroups | NumberFault): boolean {
  if ('reason' in groups || groups.separators.at(-1) !== ',') return false;
  const size = groups.sizes.at(-1) as number;
  return size <= 2 || /^0+$/.test(groups.digits.slice(-size));
}

/** Range of the number inside `'0501234567` and `="0501234567"`. */
function withoutTextMarks(input: string): { from: number; to: number } {
  let from = 0;
  let to = input.length;
  while (from < to && isBlank(input.charCodeAt(from))) from += 1;
  const first = input.charAt(from);
  if (digitOf(input.charCodeAt(from)) >= 0) return { from: 0, to };
  if (first !== '' && APOSTROPHES.includes(first)) return { from: from + 1, to };
  if (first === '=' && input[from + 1] === '"') {
    while (isBlank(input.charCodeAt(to - 1))) to -= 1;
    if (to > from + 2 && input[to - 1] === '"') return { from: from + 2, to: to - 1 };
  }
  return { from: 0, to: input.length };
}

function isBlank(code: number): boolean {
  const mark = markOf(code);
  return mark === ' ' || mark === '' || mark === '\n';
}

function faultAt(input: string, from: number, to: number, at: number): NumberFault {
  if (to - from <= LONGEST_SCIENTIFIC && isScientific(input.slice(from, to))) {
    return numberFault('in scientific notation, which drops digits: export the column as text');
  }
  const place = [...input.slice(0, at)].length + 1;
  return numberFault(`no phone number: character ${place} is not part of a phone number`);
}

function isScientific(text: string): boolean {
  const folded = Array.from(text.normalize('NFKC'), (one) => {
    const digit = digitOf(one.charCodeAt(0));
    return digit >= 0 ? digit : (markOf(one.charCodeAt(0)) ?? one).trim();
  });
  return SCIENTIFIC.test(folded.join(''));
}
