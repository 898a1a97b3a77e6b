import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { join } from 'node:path';
import {
  BadRequestException,
  NotFoundException,
  PayloadTooLargeException,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { CsvFault } from './csv-reader.js';
import { readList, type ListPiece } from './read-list.js';

const MEBIBYTE = 1_048_576;
const LARGEST_BYTES = 64 * MEBIBYTE;
/** A list that nobody has started by then is deleted. */
const KEPT_MS = 60 * 60_000;
const LOOK_EVERY_MS = 5 * 60_000;

/** A list that was uploaded. */
export interface StoredList {
  /** Names it until its campaign is started. */
  list: string;
  recipients: number;
  /** The fields that a text can have in braces. */
  fields: string[];
  /** Whether the first line names them. */
  hasHeader: boolean;
  /** The column that the numbers come from; absent when each cell is a number of its own. */
  numberColumn?: string | undefined;
  /** The line that was read as the names of the columns; absent when none was. */
  headerLine?: number | undefined;
}

/**
 * Lists of recipients, from their upload until their campaign is started, or for an hour. They are written and read piece by
 * piece. They hold phone numbers, so they are their user's alone.
 */
export class ListStore implements OnApplicationBootstrap {
  constructor(private readonly directory: string) {}

  /**
   * Keeps a list that is CSV in UTF-8 or UTF-16, 64 MiB at the most. The upload is read to its end in any case: a browser that is
   * interrupted shows no answer.
   *
   * @throws {BadRequestException} for what is no such list; {PayloadTooLargeException} for a larger one
   */
  async save(upload: Readable): Promise<StoredList> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const list = randomUUID();
    const partial = `${this.#path(list)}.part`;
    try {
      const stored = await this.#write(list, partial, upload);
      await rename(partial, this.#path(list));
      return stored;
    } catch (error) {
      await drain(upload);
      await rm(partial, { force: true });
      throw explain(error);
    }
  }

  /** Reads the recipients of a list. @throws {NotFoundException} when there is none of this id, or none any more */
  async *read(list: string): AsyncGenerator<ListPiece, void, undefined> {
    try {
      yield* readList(createReadStream(this.#path(list)));
    } catch (error) {
      throw explain(error);
    }
  }

  /** Deletes a list, if it is there. */
  async remove(list: string): Promise<void> {
    await rm(this.#path(list), { force: true });
  }

  /** Also when it starts: an earlier process may have left some. */
  async onApplicationBootstrap(): Promise<void> {
    await this.removeOld();
  }

  /** Deletes lists that nobody has started, and uploads that were cut short. */
  @Interval(LOOK_EVERY_MS)
  async removeOld(): Promise<void> {
    const names = await readdir(this.directory).catch(() => []);
    for (const path of names.map((name) => join(this.directory, name))) {
      const found = await stat(path).catch(() => undefined);
      if (found && Date.now() - found.mtimeMs > KEPT_MS) await rm(path, { force: true });
    }
  }

  async #write(list: string, path: string, upload: Readable): Promise<StoredList> {
    const file = await open(path, 'wx', 0o600);
    async function* written(): AsyncIterable<Buffer> {
      let bytes = 0;
      for await (const piece of upload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        bytes += piece.length;
        if (bytes > LARGEST_BYTES) {
          throw new PayloadTooLargeException(`A list has ${LARGEST_BYTES / MEBIBYTE} MB at the most.`);
        }
        await file.appendFile(piece);
        yield piece;
      }
    }
    try {
      const stored: StoredList = { list, recipients: 0, fields: [], hasHeader: false };
      for await (const { columns, headerLine, records } of readList(written())) {
        stored.fields = [...new Set(columns.names)];
        stored.hasHeader = columns.hasHeader;
        stored.numberColumn = columns.numberColumn;
        stored.headerLine = headerLine;
        for (const { cells } of records) stored.recipients += columns.recipients(cells).length;
      }
      if (stored.recipients === 0) throw new BadRequestException('The list has no recipients.');
      return stored;
    } finally {
      await file.close();
    }
  }

  #path(list: string): string {
    // Ids are made here; one that is asked for must not lead elsewhere.
    if (!/^[0-9a-f-]{36}$/.test(list)) throw gone();
    return join(this.directory, `${list}.csv`);
  }
}

const gone = (): NotFoundException =>
  new NotFoundException(
    'This list is not there: it was started already, or given more than an hour ago. Give it again.',
  );

/** The answer to whoever has given the list. */
function explain(error: unknown): unknown {
  if (error instanceof CsvFault) return new BadRequestException(`The list cannot be read. ${error.message}`);
  const { code } = Object(error) as { code?: string };
  if (code === 'ENOENT') return gone();
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return new BadRequestException('The list is not in UTF-8: save it as "CSV UTF-8".');
  }
  return error;
}

async function drain(upload: Readable): Promise<void> {
  if (upload.readableEnded || upload.destroyed) return;
  await new Promise<void>((resolve) => {
    upload
      .once('end', resolve)
      .once('error', () => resolve())
      .once('close', resolve)
      .resume();
  });
}
