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
import { addChecksum, verifyChecksum } from './value-checksum.js';
import { formatFault, formatOf, STORE_FORMAT } from './store-format.js';

/** Longest wait for another application of this process that is stopping. */
const SAME_PROCESS_WAIT_MS = 5_000;
const LOCK_RETRY_MS = 100;
/** Its value has no checksum, since a version with other checksums must be able to read it first. */
const FORMAT_KEY = 'format';
/** Bytes that LevelDB may need in addition: for its log, and for a file that it compacts. */
const RESERVED_BYTES = 16 * 1024 * 1024;
/** Reads in large chunks: each chunk costs a change of threads, and the default chunks are small. */
const SCAN = { fillCache: false, highWaterMarkBytes: 1024 * 1024 } as const;

type Database = ClassicLevel<string, string>;

/**
 * An ordered store in a directory, by LevelDB.
 *
 * Reasons for classic-level: it needs no compiler, download or install script (the package contains its binaries, for Node 20 and
 * newer); it locks the directory by the operating system, so that the lock ends with its process; and its batches are atomic. Its
 * log has checksums. LevelDB does not check those of its other files, so each value has a checksum of its own. lmdb takes three
 * times the disk and has neither checksums nor a lock against a second process; better-sqlite3 compiles on Node 20; node:sqlite
 * needs Node 22.
 */
export class LevelStore implements OrderedStore {
  #closed = false;

  private constructor(
    private readonly place: StorePlace,
    private db: Database,
    private readonly release: () => void,
    private hasFormatMark: boolean,
  ) {}

  /**
   * @param patience How long to wait for another process to unlock the directory. At most 5 seconds if this process itself has
   * opened it.
   * @throws {OurSmsStorageError} when the directory is locked, cannot be written, is damaged, or is of a newer version
   */
  static async open(place: StorePlace, patience: LockPatience = { ms: SAME_PROCESS_WAIT_MS }): Promise<LevelStore> {
    const { db, release } = await openWhenUnlocked(place, patience);
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
    return this.#mapErrors(async () => this.#verify(key, await this.db.get(key)));
  }

  getMany(keys: string[]): Promise<(string | undefined)[]> {
    return this.#mapErrors(async () => {
      const values = await this.db.getMany(keys);
      return keys.map((key, i) => this.#verify(key, values[i]));
    });
  }

  range(range: KeyRange): Promise<[string, string][]> {
    return this.#mapErrors(async () => {
      const entries = await this.db.iterator({ ...range, ...SCAN }).all();
      return entries.map(([key, value]) => [key, this.#verify(key, value) as string]);
    });
  }

  count(gt: string, lt: string, hasShortValues = false): Promise<number> {
    return this.#mapErrors(async () => {
      const entries = this.db.iterator({ gt, lt, keys: !hasShortValues, values: hasShortValues, ...SCAN });
      try {
        let count = 0;
        for (let read = 1; read > 0; count += read) read = (await entries.nextv(10_000)).length;
        return count;
      } finally {
        await entries.close();
      }
    });
  }

  write(changes: StoreChange[]): Promise<void> {
    return this.#mapErrors(async () => {
      // A chained batch: an array of operations takes more than twice the time of this thread.
      const batch = this.db.batch();
      try {
        // Not when it is opened: a store that cannot be written now must still open.
        if (!this.hasFormatMark) batch.put(FORMAT_KEY, `${STORE_FORMAT}`);
        for (const change of changes) {
          if (change.type === 'put') batch.put(change.key, addChecksum(change.key, change.value));
          else batch.del(change.key);
        }
        await batch.write({ sync: true });
      } catch (error) {
        await batch.close();
        throw error;
      }
      this.hasFormatMark = true;
    });
  }

  async checkRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await this.#mapErrors(() => statfs(this.place.path));
    if (bavail * bsize < bytes + RESERVED_BYTES) throw this.fault('full', `${bavail * bsize} bytes are free`);
  }

  /** LevelDB loses writes that follow a failed one in its log. It starts a new log when it is opened. */
  async reopen(): Promise<void> {
    await this.#mapErrors(async () => {
      await this.db.close();
      await prepareDirectory(this.place);
      this.db = await openDatabase(this.place);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#mapErrors(() => this.db.close()).finally(this.release);
  }

  fault(fault: LocalFault, detail?: string): OurSmsStorageError {
    return storeFault(fault, this.place, detail);
  }

  #verify(key: string, value: string | undefined): string | undefined {
    if (value === undefined) return undefined;
    const text = verifyChecksum(key, value);
    if (text === undefined) throw this.fault('corrupt', 'a record does not match its checksum');
    return text;
  }

  async #mapErrors<R>(act: () => Promise<R>): Promise<R> {
    try {
      return await act();
    } catch (error) {
      throw this.#closed ? this.fault('closed') : explainStoreFault(error, this.place);
    }
  }
}

interface OpenStore {
  db: Database;
  /** Releases the claim of this process on the directory. */
  release: () => void;
}

/** Opens a store once it is unlocked. @throws {OurSmsStorageError} when it is still locked after the wait */
async function openWhenUnlocked(place: StorePlace, { ms, signal }: LockPatience): Promise<OpenStore> {
  const start = performance.now();
  for (let hasWarned = false; ; await wait(LOCK_RETRY_MS, undefined, { signal }).catch(() => undefined)) {
    const opened = await open(place);
    if ('db' in opened) return opened;
    const { locked, isThisProcess } = opened;
    const maxMs = isThisProcess ? Math.min(ms, SAME_PROCESS_WAIT_MS) : ms;
    if (signal?.aborted || performance.now() - start >= maxMs) throw locked;
    if (!isThisProcess && !hasWarned) {
      const upTo = `${Math.ceil(ms / 1_000)} s`;
      new Logger('OurSmsStore').warn(
        `Another process has locked the store ${oneLine(place.path)}: waiting up to ${upTo} for it`,
      );
      hasWarned = true;
    }
  }
}

async function open(place: StorePlace): Promise<OpenStore | { locked: OurSmsStorageError; isThisProcess: boolean }> {
  let release: (() => void) | undefined;
  try {
    await prepareDirectory(place);
    release = await claimStore(place.path);
    if (release) return { db: await openDatabase(place), release };
    return { locked: openHereFault(place), isThisProcess: true };
  } catch (error) {
    release?.();
    const fault = explainStoreFault(error, place);
    if (fault.fault === 'locked') return { locked: fault, isThisProcess: false };
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

/** Loads the native module only when a store is opened. */
async function loadLevel(place: StorePlace): Promise<typeof import('classic-level')> {
  try {
    return await import('classic-level');
  } catch (error) {
    throw storeFault('unsuited', place, missingLevel(error));
  }
}
