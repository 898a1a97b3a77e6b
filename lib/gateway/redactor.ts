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
/** An answer can be megabytes: only its start is read. */
const READ_LENGTH = 16_384;
/** That start may end with a cut secret or number, too short to be found: these characters are not shown. */
const UNSAFE_END = 64;
/** The fewest digits of a phone number. */
const NUMBER_DIGITS = 7;

/** Values that must not be shown. */
interface Hidden {
  /** Passwords, tokens and API keys. */
  secrets: readonly string[];
  /** Hidden as well: it is half of the credentials. */
  username?: string;
  /** The text of the message. */
  body?: string;
  /** Its recipients. */
  numbers?: readonly string[];
}

/** Placeholders of hidden values. Where values overlap, the later placeholder in this list wins. */
const MARKS = ['', '[data]', '[username]', '[number]', '[text]', '[secret]'] as const;
type Mark = Exclude<(typeof MARKS)[number], ''>;

/** Patterns of credentials, also of other accounts. The group that matches is hidden. */
const CREDENTIALS = [
  /\b(?:basic|bearer)\s+([\w+/=.~-]{6,})/dgi,
  /\/\/([^\s/@]+)@/dg,
  /(?:pass(?:word|wd)?|pwd|token|secret|api[_-]?key)=([^\s&"'<>]+)/dgi,
  /(?:pass(?:word|wd)?|pwd|token|secret|api[_-]?key)["']?\s*[:=]\s*(?:"([^"]+)|'([^']+))/dgi,
];
/** Long data, such as base64. */
const OPAQUE = /(?<![\w+/-])[\w+/-]{32,}/g;
const BASE64_CHARACTER = /[\w+/=-]/;

/** Removes secrets from texts of the gateway or of the application. */
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
   * The text as one short line without secrets, phone numbers and pieces of the message, even when they are escaped, encoded or
   * broken up.
   */
  redact(text: string): string {
    const isCut = text.length > READ_LENGTH;
    const line = new RedactedLine(unescapeAll(isCut ? text.slice(0, READ_LENGTH) : text));
    line.hideCredentials();
    line.hideLiterals(this.#secrets);
    line.hidePieces(this.#ofSecrets, '[secret]');
    line.hideBase64(this.#inBase64);
    line.hideWord(this.#username, '[username]');
    line.hidePieces(this.#ofText, '[text]');
    line.hideDigits(this.#ofDigits);
    line.hideData();
    const safe = line.show();
    const sure = isCut ? safe.slice(0, -UNSAFE_END) : safe;
    return isCut || sure.length > MAX_LENGTH ? `${sure.slice(0, MAX_LENGTH).replace(/\p{Cs}$/u, '')}…` : sure;
  }
}

/** Removes secrets from one text. */
export const redact = (text: string, hidden: Hidden): string => new Redactor(hidden).redact(text);

/** A text, with a mark for each hidden character. */
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

  /** Also hides the rest of the same base64, such as a user name. */
  hideBase64(pieces: Pieces): void {
    pieces.find(this.#text.folded, (from, to) => {
      let start = this.#text.starts[from] as number;
      let end = this.#text.ends[to - 1] as number;
      while (start > 0 && !this.#marks[start - 1] && this.#isBase64(start - 1)) start -= 1;
      while (end < this.plain.length && !this.#marks[end] && this.#isBase64(end)) end += 1;
      this.#hide('[secret]', start, end);
    });
  }

  /** Hides a word, but not inside another word. */
  hideWord(word: string, mark: Mark): void {
    const { folded: wanted } = foldText(word);
    if (wanted.length < 3) return;
    const { folded } = this.#text;
    for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, at + wanted.length)) {
      const [start, end] = [this.#text.starts[at] as number, this.#text.ends[at + wanted.length - 1] as number];
      if (!isInWord(this.plain[start - 1]) && !isInWord(this.plain[end])) this.#hide(mark, start, end);
    }
  }

  /** Hides any phone number, and runs that contain known digits. */
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

  /** The line with placeholders for the hidden values. */
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
