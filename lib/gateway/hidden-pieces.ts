import { foldText } from './folded-text.js';
import { unescapeAll } from './unescape.js';

/** No piece of a secret of this length may be shown. */
const SECRET_PIECE = 6;
/** Six bytes contain this many whole base64 characters, at any offset. */
const BASE64_PIECE = 7;
const TEXT_PIECE = 8;
const NUMBER_PIECE = 5;
const CODE_PIECE = 4;

/** Pieces of hidden values, to find in another text. */
export class Pieces {
  readonly #byLength = new Map<number, Set<string>>();

  /**
   * @param size Characters of a piece before folding, which removes some. A shorter text is one piece.
   */
  add(text: string, size: number): void {
    const { folded, starts } = foldText(text);
    if (folded === '') return;
    const length = text.length <= size ? folded.length : shortest(starts, text.length, size);
    const pieces = this.#byLength.get(length) ?? new Set();
    for (let at = 0; at + length <= folded.length; at++) pieces.add(folded.slice(at, at + length));
    this.#byLength.set(length, pieces);
  }

  /** Calls back for each piece in a folded text. */
  find(folded: string, found: (from: number, to: number) => void): void {
    for (const [length, pieces] of this.#byLength) {
      for (let at = 0; at + length <= folded.length; at++) {
        if (pieces.has(folded.slice(at, at + length))) found(at, at + length);
      }
    }
  }
}

/** The fewest folded characters, but at least one, of any `size` characters in a row of the text. */
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

/** Pieces of secrets: plain, unescaped and in hex. */
export function piecesOfSecrets(secrets: readonly string[]): Pieces {
  const pieces = new Pieces();
  for (const secret of secrets) {
    pieces.add(secret, SECRET_PIECE);
    pieces.add(unescapeAll(secret), SECRET_PIECE);
    pieces.add(Buffer.from(secret).toString('hex'), 2 * SECRET_PIECE);
  }
  return pieces;
}

/** Pieces of secrets in base64, whatever precedes them. */
export function piecesInBase64(secrets: readonly string[]): Pieces {
  const pieces = new Pieces();
  for (const secret of secrets) {
    for (const before of [0, 1, 2]) {
      const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
      // Only the characters that contain no bits of the bytes before.
      const [first, end] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)];
      if (end - first < 5) continue;
      pieces.add(bytes.toString('base64').slice(first, end), BASE64_PIECE);
      pieces.add(bytes.toString('base64url').slice(first, end), BASE64_PIECE);
    }
  }
  return pieces;
}

/** Pieces of the text of a message, and its words that may be a code. */
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

/** A run of digits in a folded text, with at most two other signs between two digits. */
export const DIGITS = /\d(?:[^\p{L}\p{N}]{0,2}\d)*/gu;

/** Pieces of phone numbers, and of the codes in a text. */
export function piecesOfDigits(numbers: readonly string[], body: string): Pieces {
  const pieces = new Pieces();
  for (const number of numbers) pieces.add(number, NUMBER_PIECE);
  for (const [run] of foldText(body).folded.matchAll(DIGITS)) {
    const digits = digitsOf(run);
    if (digits.length >= CODE_PIECE) pieces.add(digits, CODE_PIECE);
  }
  return pieces;
}

/** The digits of a run, without the signs between them. */
export const digitsOf = (run: string): string => run.replace(/\D/g, '');
