import { CsvReader } from './csv-reader.js';
import { ListColumns, type ListedFields } from './list-columns.js';

/** A recipient of a list, and the line where it stands. */
export interface ListedRecipient {
  line: number;
  fields: ListedFields;
  columns: ListColumns;
}

/**
 * Reads the recipients of a list in CSV, one by one, as its bytes come in.
 *
 * @throws {CsvFault} for what is no CSV; a `TypeError` of `TextDecoder` for what is not UTF-8
 */
export async function* readList(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ListedRecipient, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = new CsvReader();
  let columns: ListColumns | undefined;
  function* recipients(records: ReturnType<CsvReader['read']>): Iterable<ListedRecipient> {
    for (const { line, cells } of records) {
      const isFirst = columns === undefined;
      columns ??= new ListColumns(cells);
      if (!isFirst || !columns.hasHeader) yield { line, fields: columns.recipient(cells), columns };
    }
  }
  for await (const piece of bytes) yield* recipients(reader.read(decoder.decode(piece, { stream: true })));
  yield* recipients(reader.read(decoder.decode()));
  yield* recipients(reader.end());
}
