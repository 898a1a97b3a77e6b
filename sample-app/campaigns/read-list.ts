import { CsvReader, type CsvRecord } from './csv-reader.js';
import { ListColumns } from './list-columns.js';

/** Some recipients of a list, as they came in together, and what their cells mean. */
export interface ListPiece {
  columns: ListColumns;
  records: CsvRecord[];
}

/**
 * Reads the recipients of a list in CSV as its bytes come in: piece by piece, since a promise for each would cost more than the
 * rest.
 *
 * @throws {CsvFault} for what is no CSV; a `TypeError` of `TextDecoder` for what is not UTF-8
 */
export async function* readList(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ListPiece, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = new CsvReader();
  let columns: ListColumns | undefined;
  const pieceOf = (records: CsvRecord[]): ListPiece[] => {
    const [first] = records;
    if (first === undefined) return [];
    if (columns) return [{ columns, records }];
    columns = new ListColumns(first.cells);
    return [{ columns, records: columns.hasHeader ? records.slice(1) : records }];
  };
  for await (const some of bytes) yield* pieceOf([...reader.read(decoder.decode(some, { stream: true }))]);
  yield* pieceOf([...reader.read(decoder.decode()), ...reader.end()]);
}
