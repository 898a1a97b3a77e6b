/** Names of the column that has the number, in the order in which they are looked for. */
const NUMBER_NAMES = ['dest', 'number', 'mobile', 'phone', 'الجوال', 'جوال', 'رقم الجوال'];
/** A cell with so many digits, of any script, is a number rather than a name. */
const FEWEST_DIGITS = 5;

/** A recipient: the number as it is written, and the fields that the text may take. */
export type ListedFields = { readonly dest: string; readonly [field: string]: string };

/** What the columns of a list mean. */
export class ListColumns {
  /** The fields: names that a text can have in braces. */
  readonly names: readonly string[];
  /** Whether the first record names the columns. */
  readonly hasHeader: boolean;
  readonly #number: number;

  /** @param first The cells of the first record. Without names in it the columns are `column1`, `column2`, … */
  constructor(first: readonly string[]) {
    const known = NUMBER_NAMES.map((name) => first.findIndex((cell) => cell.toLowerCase() === name));
    this.#number = known.find((index) => index >= 0) ?? 0;
    this.hasHeader =
      known.some((index) => index >= 0) || first.every((cell) => (cell.match(/\p{Nd}/gu)?.length ?? 0) < FEWEST_DIGITS);
    this.names = first.map((cell, index) => (this.hasHeader && toName(cell)) || `column${index + 1}`);
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

/** `First name` becomes `First_name`. */
const toName = (cell: string): string => cell.replace(/[^\p{L}\p{N}_]+/gu, '_').replace(/^(?=\p{N})/u, '_');
