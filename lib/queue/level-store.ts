import type { ClassicLevel } from 'classic-level';
import { realpath, statfs } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { oneLine } from '../errors/one-line.js';
import type { LockPatience } from './durable-queue.js';
import {
  explainStoreFault,
  missingLevel,
  openHereFault,
  storeFault,
  type LocalFault,
  type StorePlace,
} from './explain-store-fault.js';
import { canOthersWrite, prepareDirectory } from './level-directory.js';
import { claimStore } from './open-stores.js';
import type { KeyRange, OrderedStore, StoreChange } from './ordered-store.js';
import { seal, unseal } from './seal.js';
import { formatFault, formatOf, STORE_FORMAT } from './store-format.js';

/** An application of this process may still be ending. */
const OUR_PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 100;
/** Its value has no checksum: it is what a version with other checksums reads first. */
const FORMAT_KEY = 'format';
/** Bytes that LevelDB itself may need besides: its log, and a file that it compacts. */
const SPARE_BYTES = 16 * 1024 * 1024;
/** What is read in one piece; by default it comes in many small ones, each by way of another thread. */
const SCAN = { fillCache: false, highWaterMarkBytes: 1024 * 1024 } as const;

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
    private readonly release: () => void,
    private isMarked: boolean,
  ) {}

  /**
   * @param patience How long to wait for another process to release the directory. Where this process itself has it open, that is
   * a few seconds at the most.
   * @throws {OurSmsStorageError} when the directory is locked, cannot be written, is damaged, or is of a newer version
   */
  static async open(place: StorePlace, patience: LockPatience = { ms: OUR_PATIENCE_MS }): Promise<LevelStore> {
    const { db, release } = await whenFree(place, patience);
    try {
      const found = formatOf(await db.get(FORMAT_KEY));
      const fault = formatFault(found);
      if (fault !== undefined) throw storeFault('unsuited', place, fault);
      await warnOfOtherWriters(place);
      return new LevelStore(place, db, release, found === STORE_FORMAT);
    } catch (error) {
      await db.close();
      release();
      throw explainStoreFault(error, place);
    }
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
      const entries = await this.db.iterator({ ...range, ...SCAN }).all();
      return entries.map(([key, value]) => [key, this.#unseal(key, value) as string]);
    });
  }

  count(gt: string, lt: string): Promise<number> {
    return this.#explain(async () => {
      const keys = this.db.keys({ gt, lt, ...SCAN });
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
    return this.#explain(async () => {
      // A batch that is filled one by one: an array of operations takes more than twice the time of this thread.
      const batch = this.db.batch();
      try {
        // With the first write: a store is also opened where nothing can be written now.
        if (!this.isMarked) batch.put(FORMAT_KEY, `${STORE_FORMAT}`);
        for (const change of changes) {
          if (change.type === 'put') batch.put(change.key, seal(change.key, change.value));
          else batch.del(change.key);
        }
        await batch.write({ sync: true });
      } catch (error) {
        await batch.close();
        throw error;
      }
      this.isMarked = true;
    });
  }

  async checkRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await this.#explain(() => statfs(this.place.path));
    if (bavail * bsize < bytes + SPARE_BYTES) throw this.fault('full', `${bavail * bsize} bytes are free`);
  }

  /** LevelDB loses writes that follow a failed one in its log; it starts a new log when it is opened. */
  async reopen(): Promise<void> {
    await this.#explain(async () => {
      await this.db.close();
      await prepareDirectory(this.place);
      this.db = await openDatabase(this.place);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#explain(() => this.db.close()).finally(this.release);
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

interface OpenStore {
  db: Database;
  /** Ends the claim of this process on the directory. */
  release: () => void;
}

/** Opens a store as soon as it is locked no more. */
async function whenFree(place: StorePlace, { ms, signal }: LockPatience): Promise<OpenStore> {
  const start = performance.now();
  for (let hasTold = false; ; await wait(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)) {
    const opened = await open(place);
    if ('db' in opened) return opened;
    const { locked, isOurs } = opened;
    const mostMs = isOurs ? Math.min(ms, OUR_PATIENCE_MS) : ms;
    if (signal?.aborted || performance.now() - start >= mostMs) throw locked;
    if (!isOurs && !hasTold) {
      const upTo = `${Math.ceil(ms / 1_000)} s`;
      new Logger('OurSmsStore').warn(
        `Another process has locked the store ${oneLine(place.path)}: waiting up to ${upTo} for it`,
      );
      hasTold = true;
    }
  }
}

async function open(place: StorePlace): Promise<OpenStore | { locked: OurSmsStorageError; isOurs: boolean }> {
  let release: (() => void) | undefined;
  try {
    await prepareDirectory(place);
    release = await claimStore(place.path);
    if (release) return { db: await openDatabase(place), release };
    return { locked: openHereFault(place), isOurs: true };
  } catch (error) {
    release?.();
    const fault = explainStoreFault(error, place);
    if (fault.fault === 'locked') return { locked: fault, isOurs: false };
    throw fault;
  }
}

async function warnOfOtherWriters({ path }: StorePlace): Promise<void> {
  if (!(await canOthersWrite(path).catch(() => false))) return;
  new Logger('OurSmsStore').warn(
    `The store ${oneLine(path)} can be written by other users of this machine, who could change the messages that are sent from it: restrict it to its own user (chmod 700).`,
  );
}

async function openDatabase(place: StorePlace): Promise<Database> {
  const { ClassicLevel } = await loadLevel(place);
  const db: Database = new ClassicLevel(await realpath(place.path), { keyEncoding: 'utf8', valueEncoding: 'utf8' });
  await db.open();
  return db;
}

/** Loads it when it is needed: a native module is nothing for those who keep no store. */
async function loadLevel(place: StorePlace): Promise<typeof import('classic-level')> {
  try {
    return await import('classic-level');
  } catch (error) {
    throw storeFault('unsuited', place, missingLevel(error));
  }
}
