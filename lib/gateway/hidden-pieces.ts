import { foldText } from './folded-text.js';
import { unescapeAll } from './unescape.js';

/** A stretch of a secret that is as long must not be seen. */
const SECRET_PIECE = 6;
/** Six bytes are as many whole characters of base64, wherever they begin. */
const BASE64_PIECE = 7;
const TEXT_PIECE = 8;
const NUMBER_PIECE = 5;
const CODE_PIECE = 4;

/** Stretches of text that must not be seen, found wherever they stand in another. */
export class Pieces {
  readonly #byLength = new Map<number, Set<string>>();

  /**
   * @param size Characters of a stretch, as the text is written; a shorter text is looked for as a whole. Folded, those that
   * are left out are missing.
   */
  add(text: string, size: number): void {
    const { folded, starts } = foldText(text);
    if (folded === '') return;
    const length = text.length <= size ? folded.length : shortest(starts, text.length, size);
    const pieces = this.#byLength.get(length) ?? new Set();
    for (let at = 0; at + length <= folded.length; at++) pieces.add(folded.slice(at, at + length));
    this.#byLength.set(length, pieces);
  }

  /** Calls back for each stretch of a folded text that is found. */
  find(folded: string, found: (from: number, to: number) => void): void {
    for (const [length, pieces] of this.#byLength) {
      for (let at = 0; at + length <= folded.length; at++) {
        if (pieces.has(folded.slice(at, at + length))) found(at, at + length);
      }
    }
  }
}

/** The fewest folded characters that stand for a stretch of so many written ones, but for none. */
function shortest(starts: readonly number[], length: number, size: number): number {
  let least = size;
  let from = 0;
  let to = 0;
  for (let at = 0; at + size <= length; at++) {
    while ((starts[from] ?? Infinity) < at) from += 1;
    while ((starts[to] ?? Infinity) < at + size) to += 1;
    if (to > from) least = Math.min(least, to - from);
  }
  return least;
}

/** Secrets as they are, and as they are after their own escapes were undone. */
export function piecesOfSecrets(secrets: readonly string[]): Pieces {
  const pieces = new Pieces();
  for (const secret of secrets) {
    pieces.add(secret, SECRET_PIECE);
    pieces.add(unescapeAll(secret), SECRET_PIECE);
    pieces.add(Buffer.from(secret).toString('hex'), 2 * SECRET_PIECE);
  }
  return pieces;
}

/** Secrets in base64, whatever stands before them. */
export function piecesInBase64(secrets: readonly string[]): Pieces {
  const pieces = new Pieces();
  for (const secret of secrets) {
    for (const before of [0, 1, 2]) {
      const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
      // The characters that hold bits of the secret alone.
      const [first, end] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)];
      if (end - first < 5) continue;
      pieces.add(bytes.toString('base64').slice(first, end), BASE64_PIECE);
      pieces.add(bytes.toString('base64url').slice(first, end), BASE64_PIECE);
    }
  }
  return pieces;
}

/** The text of a message, and the words in it that may be a code. */
export function piecesOfText(body: string): Pieces {
  const pieces = new Pieces();
  const { folded } = foldText(body);
  pieces.add(folded, TEXT_PIECE);
  pieces.add(foldText(unescapeAll(body)).folded, TEXT_PIECE);
  for (const [word] of body.matchAll(/[\p{L}\p{N}-]{4,}/gu)) {
    if (/\p{N}/u.test(word) && /\p{L}/u.test(word)) pieces.add(word, word.length);
  }
  return pieces;
}

/** Digits, at most two signs apart, in a folded text. */
export const DIGITS = /\d(?:[^\p{L}\p{N}]{0,2}\d)*/gu;

/** Pieces of phone numbers, and of the codes in a text, that are recognisable by a few digits. */
export function piecesOfDigits(numbers: readonly string[], body: string): Pieces {
  const pieces = new Pieces();
  for (const number of numbers) pieces.add(number, NUMBER_PIECE);
  for (const [run] of foldText(body).folded.matchAll(DIGITS)) {
    const digits = digitsOf(run);
    if (digits.length >= CODE_PIECE) pieces.add(digits, CODE_PIECE);
  }
  return pieces;
}

/** The digits of a run that may have signs between them. */
export const digitsOf = (run: string): string => run.replace(/\D/g, '');
