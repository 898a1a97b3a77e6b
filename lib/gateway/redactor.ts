import { foldText, type FoldedText } from './folded-text.js';
import {
  DIGITS,
  digitsOf,
  type Pieces,
  piecesInBase64,
  piecesOfDigits,
  piecesOfSecrets,
  piecesOfText,
} from './hidden-pieces.js';
import { unescapeAll } from './unescape.js';

const MAX_LENGTH = 240;
/** An answer can be megabytes; what can be shown is in its first part. */
const LOOKED_AT = 16_384;
/** At the end of that part may stand the first characters of a secret or a number, too few to be found. */
const DOUBTFUL_END = 64;
/** So many digits are a phone number. */
const NUMBER_DIGITS = 7;

/** Values that must not be shown. */
interface Hidden {
  /** Passwords, tokens and API keys. */
  secrets: readonly string[];
  /** No secret by itself, but half of a pair. */
  username?: string;
  /** The text of the message. */
  body?: string;
  /** Its recipients. */
  numbers?: readonly string[];
}

/** Placeholders of hidden values. Of overlapping values, the last one counts. */
const MARKS = ['', '[data]', '[username]', '[number]', '[text]', '[secret]'] as const;
type Mark = Exclude<(typeof MARKS)[number], ''>;

/** Patterns of credentials, also of other accounts: the last group is hidden. */
const CREDENTIALS = [
  /\b(?:basic|bearer)\s+([\w+/=.~-]{6,})/dgi,
  /\/\/([^\s/@]+)@/dg,
  /(?:pass(?:word|wd)?|pwd|token|secret|api[_-]?key)=([^\s&"'<>]+)/dgi,
  /(?:pass(?:word|wd)?|pwd|token|secret|api[_-]?key)["']?\s*[:=]\s*(?:"([^"]+)|'([^']+))/dgi,
];
/** Base64, or the like, of whatever it may be. */
const OPAQUE = /(?<![\w+/-])[\w+/-]{32,}/g;
const BASE64_CHARACTER = /[\w+/=-]/;

/** Makes sentences of someone else safe to show. */
export class Redactor {
  readonly #secrets: readonly string[];
  readonly #ofSecrets: Pieces;
  readonly #inBase64: Pieces;
  readonly #ofText: Pieces;
  readonly #ofDigits: Pieces;
  readonly #username: string;

  constructor({ secrets, username = '', body = '', numbers = [] }: Hidden) {
    this.#secrets = secrets.filter((secret) => secret !== '');
    this.#ofSecrets = piecesOfSecrets(this.#secrets);
    this.#inBase64 = piecesInBase64(this.#secrets);
    this.#ofText = piecesOfText(body);
    this.#ofDigits = piecesOfDigits(numbers, body);
    this.#username = username;
  }

  /**
   * One short line without secrets, without phone numbers, and without pieces of the text that was sent, however they are
   * escaped, encoded or broken up.
   */
  redact(text: string): string {
    const isCut = text.length > LOOKED_AT;
    const line = new RedactedLine(unescapeAll(isCut ? text.slice(0, LOOKED_AT) : text));
    line.hideCredentials();
    line.hideLiterals(this.#secrets);
    line.hidePieces(this.#ofSecrets, '[secret]');
    line.hideBase64(this.#inBase64);
    line.hideWord(this.#username, '[username]');
    line.hidePieces(this.#ofText, '[text]');
    line.hideDigits(this.#ofDigits);
    line.hideData();
    const safe = line.show();
    const sure = isCut ? safe.slice(0, -DOUBTFUL_END) : safe;
    return isCut || sure.length > MAX_LENGTH ? `${sure.slice(0, MAX_LENGTH).replace(/\p{Cs}$/u, '')}…` : sure;
  }
}

/** Makes one sentence of someone else safe to show. */
export const redact = (text: string, hidden: Hidden): string => new Redactor(hidden).redact(text);

/** A text, and what of it is hidden. */
class RedactedLine {
  readonly #marks: Uint8Array;
  readonly #text: FoldedText;

  constructor(private readonly plain: string) {
    this.#marks = new Uint8Array(plain.length);
    this.#text = foldText(plain);
  }

  hideCredentials(): void {
    for (const pattern of CREDENTIALS) {
      for (const { indices } of this.plain.matchAll(pattern)) {
        const [, first, second] = indices ?? [];
        const value = first ?? second;
        if (value) this.#hide('[secret]', value[0], value[1]);
      }
    }
  }

  hideLiterals(secrets: readonly string[]): void {
    for (const secret of secrets) {
      this.#hideLiteral(secret);
      this.#hideLiteral(secret.replaceAll(' ', '+'));
    }
  }

  hidePieces(pieces: Pieces, mark: Mark): void {
    pieces.find(this.#text.folded, (from, to) => this.#hideFolded(mark, from, to));
  }

  /** And what was encoded with them, such as the user name. */
  hideBase64(pieces: Pieces): void {
    pieces.find(this.#text.folded, (from, to) => {
      let start = this.#text.starts[from] as number;
      let end = this.#text.ends[to - 1] as number;
      while (start > 0 && !this.#marks[start - 1] && this.#isBase64(start - 1)) start -= 1;
      while (end < this.plain.length && !this.#marks[end] && this.#isBase64(end)) end += 1;
      this.#hide('[secret]', start, end);
    });
  }

  /** Not where it is part of another word. */
  hideWord(word: string, mark: Mark): void {
    const { folded: wanted } = foldText(word);
    if (wanted.length < 3) return;
    const { folded } = this.#text;
    for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, at + wanted.length)) {
      const [start, end] = [this.#text.starts[at] as number, this.#text.ends[at + wanted.length - 1] as number];
      if (!isInWord(this.plain[start - 1]) && !isInWord(this.plain[end])) this.#hide(mark, start, end);
    }
  }

  /** Phone numbers, known or not, and the digits that are known. */
  hideDigits(known: Pieces): void {
    for (const { 0: run, index } of this.#text.folded.matchAll(DIGITS)) {
      const digits = digitsOf(run);
      let isHidden = digits.length >= NUMBER_DIGITS;
      if (!isHidden) known.find(digits, () => (isHidden = true));
      if (isHidden) this.#hideFolded('[number]', index, index + run.length);
    }
  }

  hideData(): void {
    for (const { 0: run, index } of this.plain.matchAll(OPAQUE)) {
      const isMixed = /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run);
      if (isMixed) this.#hide('[data]', index, index + run.length);
    }
  }

  /** The line with marks in place of what is hidden. */
  show(): string {
    let shown = '';
    let last = 0;
    for (let at = 0; at < this.plain.length; at++) {
      const mark = this.#marks[at] as number;
      if (mark === 0) shown += this.plain[at];
      else if (mark !== last) shown += MARKS[mark];
      last = mark;
    }
    return shown.replace(/[\p{Cc}\p{Cf}\p{Cs}\s]+/gu, ' ').trim();
  }

  #hideLiteral(secret: string): void {
    for (let at = this.plain.indexOf(secret); at >= 0; at = this.plain.indexOf(secret, at + secret.length)) {
      this.#hide('[secret]', at, at + secret.length);
    }
  }

  #hideFolded(mark: Mark, from: number, to: number): void {
    this.#hide(mark, this.#text.starts[from] as number, this.#text.ends[to - 1] as number);
  }

  #hide(mark: Mark, from: number, to: number): void {
    const rank = MARKS.indexOf(mark);
    for (let at = from; at < to; at++) if ((this.#marks[at] as number) < rank) this.#marks[at] = rank;
  }

  #isBase64(at: number): boolean {
    return BASE64_CHARACTER.test(this.plain[at] as string);
  }
}

const isInWord = (character: string | undefined): boolean => character !== undefined && /[\p{L}\p{N}]/u.test(character);
