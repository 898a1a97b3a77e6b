import type { ClassicLevel } from 'classic-level';
import { mkdir, readdir, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { OurSmsStorageError, StorageFault } from '../errors/oursms-storage.error.js';
import { explainStoreFault, storeFault } from './explain-store-fault.js';
import type { KeyRange, OrderedStore, StoreChange } from './ordered-store.js';

/** The former process may still be ending. */
const LOCK_PATIENCE_MS = 5_000;
/** What LevelDB itself may need to write besides: its log, and a file that it merges. */
const SPARE_BYTES = 16 * 1024 * 1024;

type Database = ClassicLevel<string, string>;

/**
 * Texts under ordered keys in a directory, kept by LevelDB.
 *
 * classic-level, because it needs neither a compiler nor a download nor an install script (its binaries are in the package,
 * on Node 20 as on newer ones), locks the directory by the operating system, so that the lock dies with its process, and
 * writes a batch whole or not at all, with checksums. lmdb takes three times the disk and has neither checksums nor a lock
 * against a second process; better-sqlite3 compiles on Node 20; node:sqlite begins with Node 22.
 */
export class LevelStore implements OrderedStore {
  #closed = false;

  private constructor(
    private readonly path: string,
    private db: Database,
  ) {}

  /** @throws {OurSmsStorageError} when the directory is locked, cannot be written, or is damaged */
  static async open(path: string): Promise<LevelStore> {
    return new LevelStore(path, await openDatabase(path, LOCK_PATIENCE_MS));
  }

  get(key: string): Promise<string | undefined> {
    return this.#explain(() => this.db.get(key));
  }

  getMany(keys: string[]): Promise<(string | undefined)[]> {
    return this.#explain(() => this.db.getMany(keys));
  }

  range(range: KeyRange): Promise<[string, string][]> {
    return this.#explain(() => this.db.iterator({ ...range, fillCache: false }).all());
  }

  count(gt: string, lt: string): Promise<number> {
    return this.#explain(async () => {
      const keys = this.db.keys({ gt, lt, fillCache: false });
      let count = 0;
      for (let read = 1; read > 0; count += read) read = (await keys.nextv(10_000)).length;
      await keys.close();
      return count;
    });
  }

  write(changes: StoreChange[]): Promise<void> {
    return this.#explain(() => this.db.batch(changes, { sync: true }));
  }

  async checkRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await this.#explain(() => statfs(this.path));
    if (bavail * bsize < bytes + SPARE_BYTES) throw this.fault('full', `${bavail * bsize} bytes are free`);
  }

  /** LevelDB refuses every write after one that failed, since it cannot know how much of that one is on the disk. */
  async reopen(): Promise<void> {
    await this.#explain(() => this.db.close());
    this.db = await openDatabase(this.path, 0);
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#explain(() => this.db.close());
  }

  fault(fault: StorageFault, detail?: string): OurSmsStorageError {
    return storeFault(fault, this.path, detail);
  }

  async #explain<R>(act: () => Promise<R>): Promise<R> {
    try {
      return await act();
    } catch (error) {
      throw this.#closed ? this.fault('closed') : explainStoreFault(error, this.path);
    }
  }
}

async function openDatabase(path: string, patienceMs: number): Promise<Database> {
  // Loaded here: a native module is nothing for those who keep no store.
  const { ClassicLevel } = await import('classic-level');
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    try {
      await prepareDirectory(path);
      const db: Database = new ClassicLevel(path, { keyEncoding: 'utf8', valueEncoding: 'utf8' });
      await db.open();
      return db;
    } catch (error) {
      const fault = explainStoreFault(error, path);
      if (fault.fault !== 'locked' || Date.now() >= giveUpAt) throw fault;
      await wait(100);
    }
  }
}

/** The directory is its user's alone, and out of version control: what is kept in it holds phone numbers. */
async function prepareDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await writeFile(join(dirname(path), '.gitignore'), '*\n', { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const files = await readdir(path);
  // LevelDB would take such a directory for a new one, and clear it.
  const damaged = !files.includes('CURRENT') && files.some((file) => /\.(ldb|log|sst)$|^MANIFEST/.test(file));
  if (damaged) throw storeFault('corrupt', path, 'the file CURRENT is missing');
}
