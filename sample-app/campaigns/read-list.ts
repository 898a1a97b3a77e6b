import { CsvReader, type CsvRecord } from './csv-reader.js';
import { decodeList } from './decode-list.js';
import { ListColumns } from './list-columns.js';

/** Records that are looked at to find out what the columns mean. The number is fixed: a list is read the same each time. */
const LOOKED_AT = 20;

/** Some recipients of a list, as they came in together, and what their cells mean. */
export interface ListPiece {
  columns: ListColumns;
  /** The line of the names of the columns; undefined when there are none. */
  headerLine: number | undefined;
  records: CsvRecord[];
}

/**
 * Reads the recipients of a list in CSV as its bytes come in: piece by piece, since a promise for each would cost more than the
 * rest.
 *
 * @throws {CsvFault} for what is no CSV; a `TypeError` of `TextDecoder` for what is neither UTF-8 nor UTF-16
 */
export async function* readList(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ListPiece, void, undefined> {
  const reader = new CsvReader();
  let waiting: CsvRecord[] = [];
  let meaning: Omit<ListPiece, 'records'> | undefined;
  const pieceOf = (records: CsvRecord[], isEnd: boolean): ListPiece[] => {
    if (meaning) return records.length > 0 ? [{ ...meaning, records }] : [];
    waiting = [...waiting, ...records];
    const [first, ...next] = waiting;
    if (first === undefined || (waiting.length < LOOKED_AT && !isEnd)) return [];
    const some = next.slice(0, LOOKED_AT - 1).map(({ cells }) => cells);
    const columns = new ListColumns(first.cells, some);
    meaning = { columns, headerLine: columns.hasHeader ? first.line : undefined };
    return [{ ...meaning, records: columns.hasHeader ? next : waiting }];
  };
  for await (const text of decodeList(bytes)) yield* pieceOf([...reader.read(text)], false);
  yield* pieceOf([...reader.end()], true);
}
