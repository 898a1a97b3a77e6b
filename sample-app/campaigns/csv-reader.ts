/** Characters of a record, line breaks within quotes included. */
const LONGEST_RECORD = 10_000;
const MOST_COLUMNS = 100;

/** A record of a CSV file. */
export interface CsvRecord {
  /** The line that it begins in, from 1. */
  line: number;
  /** Its fields, without the white space around them. */
  cells: string[];
}

/** Something that is not CSV as far as anyone can tell. The message names the line, and shows nothing of it. */
export class CsvFault extends Error {
  override readonly name = 'CsvFault';

  constructor(line: number, why: string) {
    super(`Line ${line} ${why}.`);
  }
}

/**
 * Reads CSV as it comes, whatever the pieces: fields with or without quotes, separated by what the first line uses (commas,
 * semicolons or tabs) or declares (`sep=;`), lines ended by CR, LF or both. Holds a record at the most, and records have bounds.
 */
export class CsvReader {
  #text = '';
  #at = 0;
  #line = 1;
  /** What a field without quotes is made of; known after the first line. */
  #plain: RegExp | undefined;

  /** The records that this piece of text completes, without the empty ones. @throws {CsvFault} */
  *read(text: string): Iterable<CsvRecord> {
    this.#text = this.#text.slice(this.#at) + text;
    this.#at = 0;
    yield* this.#records(false);
    if (this.#text.length - this.#at > LONGEST_RECORD) throw this.#tooLong();
  }

  /** The record that no line break has ended. @throws {CsvFault} */
  *end(): Iterable<CsvRecord> {
    yield* this.#records(true);
  }

  *#records(isEnd: boolean): Iterable<CsvRecord> {
    while (this.#at < this.#text.length) {
      if (this.#plain === undefined) this.#begin(isEnd);
      const cells = this.#plain && this.#record(this.#plain, isEnd);
      if (cells === undefined) return;
      if (cells.record.cells.some((cell) => cell !== '')) yield cells.record;
      this.#at = cells.next;
      this.#line = cells.nextLine;
    }
  }

  /** Learns the separator from the first line, once that has come whole. */
  #begin(isEnd: boolean): void {
    const first = /^[^\r\n]*/.exec(this.#text)?.[0] ?? '';
    if (first.length === this.#text.length && !isEnd) return;
    // Excel's way to say it: such a line is no record.
    const [, declared] = /^"?sep=([,;\t|])"?$/i.exec(first) ?? [];
    this.#plain = fieldWithout(declared ?? mostFrequent(first));
    if (declared !== undefined) this.#at = first.length;
  }

  /** The record that begins here; undefined when its end has not come yet. */
  #record(plain: RegExp, isEnd: boolean): { record: CsvRecord; next: number; nextLine: number } | undefined {
    const text = this.#text;
    const cells: string[] = [];
    let at = this.#at;
    for (;;) {
      const quoted = this.#quoted(at, isEnd);
      if (quoted === undefined) return undefined;
      plain.lastIndex = quoted.next;
      plain.test(text);
      at = plain.lastIndex;
      if (at - this.#at > LONGEST_RECORD) throw this.#tooLong();
      if (at === text.length && !isEnd) return undefined;
      cells.push((quoted.cell + text.slice(quoted.next, at)).trim());
      if (cells.length > MOST_COLUMNS) throw new CsvFault(this.#line, `has more than ${MOST_COLUMNS} columns`);
      const end = text[at];
      at += 1;
      if (end === undefined || end === '\n') break;
      if (end !== '\r') continue;
      if (at === text.length && !isEnd) return undefined;
      if (text[at] === '\n') at += 1;
      break;
    }
    const record = text.slice(this.#at, at);
    const breaks = record.includes('"') ? (record.match(/\r\n|\r|\n/g)?.length ?? 0) : 1;
    return { record: { line: this.#line, cells }, next: at, nextLine: this.#line + breaks };
  }

  /** What stands in quotes here, if anything; undefined when the closing quote has not come yet. */
  #quoted(from: number, isEnd: boolean): { cell: string; next: number } | undefined {
    const text = this.#text;
    let at = from;
    while (text[at] === ' ') at += 1;
    if (text[at] !== '"') return { cell: '', next: from };
    let cell = '';
    for (at += 1; ; at += 1) {
      const close = text.indexOf('"', at);
      if (close < 0 && isEnd) throw new CsvFault(this.#line, 'has a quote that is not closed');
      // Another quote may follow, which makes one of the two.
      if (close < 0 || (close + 1 === text.length && !isEnd)) return undefined;
      cell += text.slice(at, close);
      at = close + 1;
      if (text[at] !== '"') return { cell, next: at };
      cell += '"';
    }
  }

  #tooLong(): CsvFault {
    return new CsvFault(
      this.#line,
      `is longer than ${LONGEST_RECORD.toLocaleString('en')} characters; perhaps a quote is not closed`,
    );
  }
}

/** The separator that a line has most of. */
function mostFrequent(line: string): string {
  const bare = line.replace(/"[^"]*"/g, '');
  const [separator] = [',', ';', '\t'].sort((one, other) => bare.split(other).length - bare.split(one).length);
  return separator as string;
}

const fieldWithout = (separator: string): RegExp => new RegExp(`[^${separator}\r\n]*`, 'y');
