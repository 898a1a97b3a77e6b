import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Logger } from '@nestjs/common';
import type { Dlr } from 'nestjs-oursms';

/** Reports that the file is cut down to. More than a process that was killed can have in hand, which come again. */
const KEPT = 2_000;
/** Reports in the file before it is cut down. */
const MOST = 2 * KEPT;

/** A report as it is kept. */
export interface KeptDlr extends Dlr {
  /** The text of its message, where it is remembered. */
  text?: string;
}

/**
 * The reports that were handled, in a file: one in each line, as JSON. A stand-in for the table of a real application.
 *
 * It holds phone numbers, so it is its user's alone.
 */
export class ReportFile {
  readonly #logger = new Logger('ReportFile');
  /** What is in the file, by the id of the report. */
  #lines = new Map<string, string>();
  /** What waits for the write that runs. */
  #waiting: [id: string, line: string][] = [];
  #turn: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  /** Whether the file may end in a part of a line. */
  #isTorn = false;

  constructor(private readonly path: string) {}

  /** Reads the reports in the order in which they were handled. A line that a process left half written is left out. */
  async open(): Promise<KeptDlr[]> {
    const text = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return '';
    });
    const reports = text.split('\n').flatMap(readLine);
    await this.#rewrite(reports.map((dlr) => [dlr.id, JSON.stringify(dlr)]));
    return reports;
  }

  /** Whether a report was handled, as far as the file reaches back. */
  has(id: string): boolean {
    return this.#lines.has(id);
  }

  /** Resolves when the report is on the disk. Those of the same moment are written together. */
  add(dlr: KeptDlr): Promise<void> {
    this.#waiting.push([dlr.id, JSON.stringify(dlr)]);
    this.#next ??= this.#turn.then(() => {
      this.#next = undefined;
      return this.#write(this.#waiting.splice(0));
    });
    this.#turn = this.#next.catch(() => undefined);
    return this.#next;
  }

  async #write(added: [id: string, line: string][]): Promise<void> {
    try {
      if (this.#isTorn || this.#lines.size + added.length > MOST)
        return await this.#rewrite([...this.#lines, ...added]);
      await writeDurably(this.path, 'a', added);
    } catch (error) {
      this.#isTorn = true;
      this.#logger.error(`${this.path} cannot be written (${(error as NodeJS.ErrnoException).code})`);
      throw error;
    }
    for (const [id, line] of added) this.#lines.set(id, line);
  }

  /** Cuts it down: a new file takes its place once that is whole. */
  async #rewrite(all: [id: string, line: string][]): Promise<void> {
    const kept = all.slice(-KEPT);
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    await writeDurably(`${this.path}.new`, 'w', kept);
    await rename(`${this.path}.new`, this.path);
    // Windows cannot do this for a directory, and need not.
    if (process.platform !== 'win32') await sync(dirname(this.path));
    this.#lines = new Map(kept);
    this.#isTorn = false;
  }
}

function readLine(line: string): KeptDlr[] {
  try {
    const dlr = JSON.parse(line) as KeptDlr | null;
    return typeof dlr?.id === 'string' ? [dlr] : [];
  } catch {
    return [];
  }
}

async function writeDurably(path: string, flag: 'a' | 'w', lines: [id: string, line: string][]): Promise<void> {
  const file = await open(path, flag, 0o600);
  try {
    await file.appendFile(lines.map(([, line]) => `${line}\n`).join(''));
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function sync(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
