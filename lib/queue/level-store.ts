import type { ClassicLevel } from 'classic-level';
import { statfs } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { oneLine } from '../errors/one-line.js';
import { explainStoreFault, storeFault, type LocalFault, type StorePlace } from './explain-store-fault.js';
import { canOthersWrite, isOpenHere, prepareDirectory } from './level-directory.js';
import type { KeyRange, OrderedStore, StoreChange } from './ordered-store.js';
import { seal, unseal } from './seal.js';

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
 * writes a batch whole or not at all. Its log has checksums; those of its files are not looked at, so each value has one of
 * its own. lmdb takes three times the disk and has neither checksums nor a lock against a second process; better-sqlite3
 * compiles on Node 20; node:sqlite begins with Node 22.
 */
export class LevelStore implements OrderedStore {
  #closed = false;

  private constructor(
    private readonly place: StorePlace,
    private db: Database,
  ) {}

  /** @throws {OurSmsStorageError} when the directory is locked, cannot be written, or is damaged */
  static async open(place: StorePlace): Promise<LevelStore> {
    const store = new LevelStore(place, await openDatabase(place, LOCK_PATIENCE_MS));
    if (await canOthersWrite(place.path).catch(() => false)) {
      new Logger('OurSmsStore').warn(
        `The store ${oneLine(place.path)} can be written by other users of this machine, who could change what is sent from it: make it its own user's alone (chmod 700).`,
      );
    }
    return store;
  }

  get(key: string): Promise<string | undefined> {
    return this.#explain(async () => this.#unseal(key, await this.db.get(key)));
  }

  getMany(keys: string[]): Promise<(string | undefined)[]> {
    return this.#explain(async () => {
      const values = await this.db.getMany(keys);
      return keys.map((key, i) => this.#unseal(key, values[i]));
    });
  }

  range(range: KeyRange): Promise<[string, string][]> {
    return this.#explain(async () => {
      const entries = await this.db.iterator({ ...range, fillCache: false }).all();
      return entries.map(([key, value]) => [key, this.#unseal(key, value) as string]);
    });
  }

  count(gt: string, lt: string): Promise<number> {
    return this.#explain(async () => {
      const keys = this.db.keys({ gt, lt, fillCache: false });
      try {
        let count = 0;
        for (let read = 1; read > 0; count += read) read = (await keys.nextv(10_000)).length;
        return count;
      } finally {
        await keys.close();
      }
    });
  }

  write(changes: StoreChange[]): Promise<void> {
    const sealed = changes.map((change) =>
      change.type === 'put' ? { ...change, value: seal(change.key, change.value) } : change,
    );
    return this.#explain(() => this.db.batch(sealed, { sync: true }));
  }

  async checkRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await this.#explain(() => statfs(this.place.path));
    if (bavail * bsize < bytes + SPARE_BYTES) throw this.fault('full', `${bavail * bsize} bytes are free`);
  }

  /** What LevelDB writes behind the rest of a write that failed is lost; it begins a new log when it is opened. */
  async reopen(): Promise<void> {
    await this.#explain(() => this.db.close());
    this.db = await openDatabase(this.place, 0);
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#explain(() => this.db.close());
  }

  fault(fault: LocalFault, detail?: string): OurSmsStorageError {
    return storeFault(fault, this.place, detail);
  }

  #unseal(key: string, value: string | undefined): string | undefined {
    if (value === undefined) return undefined;
    const text = unseal(key, value);
    if (text === undefined) throw this.fault('corrupt', 'a record does not match its checksum');
    return text;
  }

  async #explain<R>(act: () => Promise<R>): Promise<R> {
    try {
      return await act();
    } catch (error) {
      throw this.#closed ? this.fault('closed') : explainStoreFault(error, this.place);
    }
  }
}

async function openDatabase(place: StorePlace, patienceMs: number): Promise<Database> {
  // Loaded here: a native module is nothing for those who keep no store.
  const { ClassicLevel } = await import('classic-level');
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    try {
      await prepareDirectory(place);
      if (await isOpenHere(place.path)) throw storeFault('locked', place, 'this process itself has it open');
      const db: Database = new ClassicLevel(place.path, { keyEncoding: 'utf8', valueEncoding: 'utf8' });
      await db.open();
      return db;
    } catch (error) {
      const fault = explainStoreFault(error, place);
      if (fault.fault !== 'locked' || performance.now() >= giveUpAt) throw fault;
      await wait(100);
    }
  }
}
