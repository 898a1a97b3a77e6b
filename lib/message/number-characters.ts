/** A non-digit of a written number: `' '`, a line break, `-`, `.`, `/`, a bracket, `+`, `,`, or `''` for nothing. */
export type NumberMark = string;

/** Meanings of all non-digit characters that a number may contain. */
const MEANINGS: [characters: string, meaning: NumberMark][] = [
  [' \t\u00a0\u1680\u202f\u205f\u3000', ' '],
  [inRange(0x2000, 0x200a), ' '],
  ['\n\r', '\n'],
  ['-\u2212\ufe63\uff0d', '-'],
  [inRange(0x2010, 0x2015), '-'],
  ['.\uff0e', '.'],
  ['/', '/'],
  ['(\uff08', '('],
  [')\uff09', ')'],
  ['[', '['],
  [']', ']'],
  ['+\uff0b', '+'],
  // The comma, the Arabic comma, the Arabic decimal separator and the full-width comma.
  [',\u060c\u066b\uff0c', ','],
  // Zero-width characters, the soft hyphen and bidi marks.
  ['\u00ad\u061c\u180e\u2060\ufeff', ''],
  [inRange(0x200b, 0x200f), ''],
  [inRange(0x202a, 0x202e), ''],
  [inRange(0x2066, 0x2069), ''],
];

function inRange(first: number, last: number): string {
  return String.fromCharCode(...Array.from({ length: last - first + 1 }, (_, offset) => first + offset));
}

const MARKS = new Map<number, NumberMark>(
  MEANINGS.flatMap(([characters, meaning]) => [...characters].map((character) => [character.charCodeAt(0), meaning])),
);

/** Meaning of a non-digit UTF-16 code unit in a written number; undefined when it is not part of one. */
export const markOf = (code: number): NumberMark | undefined => MARKS.get(code);

/** The value of a digit, ASCII, Arabic-Indic, Persian or full-width; -1 for anything else. */
export function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x660 && code <= 0x669) return code - 0x660;
  if (code >= 0x6f0 && code <= 0x6f9) return code - 0x6f0;
  if (code >= 0xff10 && code <= 0xff19) return code - 0xff10;
  return -1;
}
