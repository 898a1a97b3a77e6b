import { normalizeNumber } from 'nestjs-oursms';

/** Names of the column that has the number, as {@link keyOf} writes them, in the order in which they are looked for. */
const NUMBER_NAMES = [
  ...['dest', 'mobile', 'mobilenumber', 'mobileno', 'msisdn', 'phone', 'phonenumber', 'phoneno', 'cell', 'cellphone'],
  ...['tel', 'telephone', 'الجوال', 'جوال', 'رقمالجوال', 'رقمجوال', 'الهاتف', 'هاتف', 'رقمالهاتف'],
];
/** Names that may as well be those of an order or a house: what stands in the columns says more. */
const VAGUE_NAMES = ['number', 'no', 'contact', 'الرقم', 'رقم'];
/** A cell with so many digits, of any script, is a number rather than a name. */
const FEWEST_DIGITS = 5;
/** What may stand between numbers, whatever the columns are separated by. */
const BETWEEN_NUMBERS = /[,،;؛\t]/;

/** What stands between the numbers of one cell, as address books export them and as people write them. */
const WITHIN_CELL = /:::|[,،;؛/|\n\t]/;

/** A recipient: the number as it is written, and the fields that the text may take. */
export type ListedFields = { readonly dest: string; readonly [field: string]: string };

/** What the columns of a list mean. */
export class ListColumns {
  /** The fields: names that a text can have in braces. */
  readonly names: readonly string[];
  /** Whether the first record names the columns. */
  readonly hasHeader: boolean;
  /** The name of the column that has the numbers; undefined when each cell is a number of its own. */
  readonly numberColumn: string | undefined;
  readonly #number: number;

  /**
   * @param first The cells of the first record. Without names in it the columns are `column1`, `column2`, …
   * @param next The cells of some records after it. A single column, or two numbers in one of them, without names, make a list
   * of numbers side by side.
   */
  constructor(first: readonly string[], next: readonly (readonly string[])[] = []) {
    const keys = first.map(keyOf);
    const named = NUMBER_NAMES.map((name) => keys.indexOf(name)).find((index) => index >= 0);
    const vague = VAGUE_NAMES.map((name) => keys.indexOf(name)).find((index) => index >= 0);
    this.hasHeader = (named ?? vague) !== undefined || first.every((cell) => countDigits(cell) < FEWEST_DIGITS);
    // Of a list of one column, too: what stands beside it further down would go unseen.
    const isSideBySide =
      !this.hasHeader &&
      (first.length === 1 || [first, ...next].some((cells) => piecesOf(cells).filter(isNumber).length > 1));
    this.#number = named ?? fullest(first.length, this.hasHeader ? next : [first, ...next], vague ?? 0);
    this.names = isSideBySide
      ? ['dest']
      : first.map((cell, index) => (this.hasHeader && toName(cell)) || `column${index + 1}`);
    this.numberColumn = isSideBySide ? undefined : this.names[this.#number];
  }

  /** The recipients of a record: one for each number of its cell, or one for each cell with something in it. */
  recipients(cells: readonly string[]): ListedFields[] {
    if (this.numberColumn === undefined) return piecesOf(cells).map((dest) => ({ dest }));
    const recipient = this.recipient(cells);
    const numbers = numbersIn(recipient.dest);
    return numbers.length > 1 ? numbers.map((dest) => ({ ...recipient, dest })) : [recipient];
  }

  /** The recipient of a record. A field that it lacks is left out; of columns with the same name, the first counts. */
  recipient(cells: readonly string[]): ListedFields {
    const pairs: [string, string][] = [];
    for (let index = Math.min(cells.length, this.names.length) - 1; index >= 0; index--) {
      pairs.push([this.names[index] as string, cells[index] as string]);
    }
    pairs.push(['dest', cells[this.#number] ?? '']);
    // Not by assignment: a column may be called `__proto__`.
    return Object.fromEntries(pairs) as ListedFields;
  }
}

/** `Mobile No.` becomes `mobileno`. Vowel signs and tatweel make no other Arabic word. */
const keyOf = (cell: string): string =>
  cell
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]|\u0640/gu, '');

/** The column with the most numbers in some records; of several, or without any, the one that is preferred, or the first. */
function fullest(columns: number, records: readonly (readonly string[])[], preferred: number): number {
  const counts = Array.from(
    { length: columns },
    (_, index) => records.filter((cells) => numbersIn(cells[index] ?? '').length > 0).length,
  );
  const most = Math.max(...counts);
  return counts[preferred] === most ? preferred : counts.indexOf(most);
}

const countDigits = (cell: string): number => cell.match(/\p{Nd}/gu)?.length ?? 0;

const isNumber = (cell: string): boolean => normalizeNumber(cell).ok;

/** The numbers of a cell that holds one or several; none when not one of its pieces is a number. */
function numbersIn(cell: string): string[] {
  if (isNumber(cell)) return [cell];
  const pieces = cell
    .split(WITHIN_CELL)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');
  return pieces.some(isNumber) ? pieces : [];
}

const piecesOf = (cells: readonly string[]): string[] =>
  cells
    // The comma of 501234567,0 separates nothing.
    .flatMap((cell) => (isNumber(cell) ? [cell] : cell.split(BETWEEN_NUMBERS)))
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');

/** `First name` becomes `First_name`. */
const toName = (cell: string): string => cell.replace(/[^\p{L}\p{N}_]+/gu, '_').replace(/^(?=\p{N})/u, '_');
