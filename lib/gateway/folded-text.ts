/** Characters that are seen as nothing, or differ from one writing of a text to the next: spaces, a plus, marks, controls. */
const LEFT_OUT = /^[\s+\p{M}\p{Cc}\p{Cf}\p{DI}]$/u;

/** A text as it is compared: without case, spaces, marks and invisible characters, with digits of every script as 0 to 9. */
export interface FoldedText {
  folded: string;
  /** Where each character of `folded` begins in the text. */
  starts: number[];
  /** Where it ends there. */
  ends: number[];
}

/** Folds a text, and remembers where each character came from. */
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

/** The digits of a script stand in a row, which starts at a code that ends in 0 or in 6. */
function digitOf(digit: string): number {
  const code = digit.codePointAt(0) as number;
  const row = code & ~0xf;
  return /^\p{Nd}$/u.test(String.fromCodePoint(row)) ? code - row : code - row - 6;
}
