/** Characters that are invisible, or that differ between spellings of a text: spaces, plus signs, marks, controls. */
const LEFT_OUT = /^[\s+\p{M}\p{Cc}\p{Cf}\p{DI}]$/u;

/** A text for comparison: in lower case, without spaces, marks and invisible characters, with the digits of every script as 0 to 9. */
export interface FoldedText {
  folded: string;
  /** For each character of `folded`: its start in the text. */
  starts: number[];
  /** For each character of `folded`: its end in the text. */
  ends: number[];
}

export function foldText(text: string): FoldedText {
  const starts: number[] = [];
  const ends: number[] = [];
  let folded = '';
  let at = 0;
  for (const character of text) {
    const end = at + character.length;
    const written = foldCharacter(character);
    for (let i = 0; i < written.length; i++) {
      starts.push(at);
      ends.push(end);
    }
    folded += written;
    at = end;
  }
  return { folded, starts, ends };
}

function foldCharacter(character: string): string {
  const code = character.codePointAt(0) as number;
  if (code < 0x80) return code <= 0x20 || code === 0x2b || code === 0x7f ? '' : character.toLowerCase();
  let folded = '';
  for (const part of character.normalize('NFKD').toLowerCase()) {
    if (LEFT_OUT.test(part)) continue;
    folded += /^\p{Nd}$/u.test(part) ? String(digitOf(part)) : part;
  }
  return folded;
}

/** The ten digits of a script have consecutive code points. The first ends in hexadecimal 0 or 6. */
function digitOf(digit: string): number {
  const code = digit.codePointAt(0) as number;
  const row = code & ~0xf;
  return /^\p{Nd}$/u.test(String.fromCodePoint(row)) ? code - row : code - row - 6;
}
