import { DigitText } from './digit-text.js';

/** Separator between two groups of digits: white space, or one of the others with or without white space around it. */
export type Separator = ' ' | '-' | '.' | '/' | ',';

/** The groups of digits of a written number. */
export interface NumberGroups {
  /** All digits, in ASCII. */
  digits: string;
  /** Whether a plus stands before them. */
  plus: boolean;
  /** Number of digits in each group. */
  sizes: number[];
  /** The separator after each group but the last. */
  separators: Separator[];
}

/** Why a text is not read as a number. */
export interface NumberFault {
  ok: false;
  reason: string;
}

export const numberFault = (reason: string): NumberFault => ({ ok: false, reason });

/** With fewer digits after them, brackets contain an extension or optional digits. */
const MIN_DIGITS_AFTER_BRACKETS = 4;

const NEGATIVE = 'negative: a minus sign stands before its digits';
const BRACKETS = 'unclear: its brackets do not match, or are not around its first digits';
const TRUNK_ZERO = 'unclear: a zero in brackets is not dialled from abroad: write the number without it';

/**
 * Groups the digits of a written number, character by character. Remembers the first reason why the groups are not one number.
 */
export class GroupScanner {
  readonly #sizes: number[] = [];
  readonly #separators: Separator[] = [];
  readonly #digits = new DigitText();
  #hasPlus = false;
  #lastDigit = 0;
  /** Digits of the group so far. */
  #size = 0;
  /** Characters after the last digit so far. */
  #gap: Separator | '' = '';
  #hasBreak = false;
  #startsWithDash = false;
  #fault: string | undefined;
  /** The expected closing bracket; empty when none is open. */
  #bracket = '';
  /** Number of digits before the last opening bracket; -1 when there was none. */
  #opened = -1;
  /** Number of digits before the last closing bracket; -1 when there was none. */
  #closed = -1;

  /** Takes the next digit. */
  digit(value: number): void {
    if (this.#size === 0 || this.#gap !== '') this.#beginGroup();
    this.#digits.add(value);
    this.#size += 1;
    this.#lastDigit = value;
  }

  /** Takes the next non-digit. @returns Whether it is allowed here */
  mark(mark: string): boolean {
    switch (mark) {
      case '':
        return true;
      case '+':
        if (this.#hasPlus || this.#digits.length > 0) return false;
        this.#hasPlus = true;
        this.#startsWithDash = this.#gap === '-';
        this.#gap = '';
        return true;
      case ' ':
      case '\n':
        this.#hasBreak ||= mark === '\n';
        this.#gap ||= ' ';
        return true;
      case '(':
      case '[':
        this.#open(mark === '(' ? ')' : ']');
        return true;
      case ')':
      case ']':
        this.#close(mark);
        return true;
      default:
        this.#separate(mark as Separator);
        return true;
    }
  }

  /** Returns the groups after the last character. */
  end(): NumberGroups | NumberFault {
    if (this.#digits.length === 0) return numberFault('empty');
    this.#sizes.push(this.#size);
    const endsWithDash = this.#gap === '-';
    // Dashes both before and after a number are decoration. A single dash is a minus sign, or a sign of a missing group.
    if (this.#startsWithDash && !endsWithDash) this.#fail(NEGATIVE);
    if (endsWithDash ? !this.#startsWithDash : this.#gap === '/') this.#fail(cutOff('behind'));
    if (!this.#areBracketsValid()) this.#fail(BRACKETS);
    if (this.#fault !== undefined) return numberFault(this.#fault);
    return { digits: this.#digits.toString(), plus: this.#hasPlus, sizes: this.#sizes, separators: this.#separators };
  }

  #beginGroup(): void {
    if (this.#digits.length > 0) {
      if (this.#hasBreak) this.#fail('two lines: a line break stands between its digits');
      this.#sizes.push(this.#size);
      this.#separators.push(this.#gap as Separator);
    } else if (this.#gap === '-') {
      if (this.#hasPlus) this.#fail(NEGATIVE);
      this.#startsWithDash = true;
    } else if (this.#gap !== '' && this.#gap !== ' ') {
      this.#fail(cutOff('before'));
    }
    this.#hasBreak = false;
    this.#size = 0;
    this.#gap = '';
  }

  #separate(separator: Separator): void {
    if (this.#gap !== '' && this.#gap !== ' ' && !(this.#gap === '-' && separator === '-')) {
      this.#fail('unclear: different separators stand side by side');
    }
    this.#gap = separator;
  }

  #open(closing: string): void {
    if (this.#bracket !== '') this.#fail(BRACKETS);
    this.#gap ||= ' ';
    this.#bracket = closing;
    this.#opened = this.#digits.length;
  }

  #close(bracket: string): void {
    if (this.#bracket !== bracket || this.#opened === this.#digits.length) this.#fail(BRACKETS);
    if (this.#opened > 0 && this.#digits.length - this.#opened === 1) this.#checkBracketedDigit();
    this.#gap ||= ' ';
    this.#bracket = '';
    this.#closed = this.#digits.length;
  }

  /** Only for a Saudi number is it known that the zero is dropped. */
  #checkBracketedDigit(): void {
    const isSaudi = this.#digits.length <= 6 && /^(?:00)?9660$/.test(this.#digits.toString());
    if (this.#lastDigit === 0 && !isSaudi) this.#fail(TRUNK_ZERO);
  }

  #areBracketsValid(): boolean {
    if (this.#bracket !== '') return false;
    const isAroundAll = this.#opened === 0 && this.#closed === this.#digits.length;
    return this.#closed < 0 || isAroundAll || this.#digits.length - this.#closed >= MIN_DIGITS_AFTER_BRACKETS;
  }

  #fail(reason: string): void {
    this.#fault ??= reason;
  }
}

const cutOff = (where: 'before' | 'behind'): string => `cut off: a separator stands ${where} its digits`;
