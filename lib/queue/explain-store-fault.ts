import { OurSmsStorageError, type StorageFault } from '../errors/oursms-storage.error.js';
import { oneLine } from '../errors/one-line.js';

/** Faults of a store of this process, with advice. */
export type LocalFault = Exclude<StorageFault, 'unreachable'>;

/** A directory, and the setting that names it: what an error is about. */
export interface StorePlace {
  path: string;
  /** Such as `storage.path`. */
  setting: string;
}

const ADVICE: Readonly<Record<Exclude<LocalFault, 'unsuited'>, (setting: string) => string>> = {
  locked: (setting) =>
    setting === 'spool'
      ? 'is in use by another process: give each process its own spool directory, and keep it across restarts'
      : 'is in use by another process: leave out dlr.poll in a command-line program, and use bullMqEngine() where several processes receive reports or send campaigns',
  notWritable: (setting) =>
    `cannot be created or written: make it writable for the user of this process, or set ${setting}`,
  full: () => 'is on a full disk: free some space, and writing resumes by itself',
  corrupt: () =>
    'is damaged: restore it from a backup, or move the directory away to start with an empty one, and keep it, since it may contain reports',
  closed: () => 'is closed: the application is stopping',
  failed: () => 'cannot be read or written',
};

/** Messages of the file system and of LevelDB, for errors without a code. */
const SIGNS: readonly [RegExp, LocalFault][] = [
  [/LEVEL_LOCKED/, 'locked'],
  // The last two LevelDB says of a file that it made itself: it is gone, or too short.
  [/LEVEL_CORRUPTION|Corruption:|no meta-nextfile|missing files|: No such file|\.ldb: Invalid argument/, 'corrupt'],
  [/ENOSPC|EDQUOT|EFBIG|No space left|quota exceeded|File too large/i, 'full'],
  [/EACCES|EPERM|EROFS|ENOTDIR|EEXIST|Permission denied|Read-only file system|Not a directory/i, 'notWritable'],
];

/**
 * The error of a store that fails in a known way.
 *
 * @param place Its directory; undefined when it is memory.
 * @param detail More about it; of an `unsuited` store, why it is that and what to do.
 */
export function storeFault(fault: LocalFault, place: StorePlace | undefined, detail = ''): OurSmsStorageError {
  const known = fault === 'unsuited' ? '' : ADVICE[fault](place?.setting ?? 'storage');
  const what = known === '' ? detail : `${known}${detail && ` (${detail})`}`;
  const message = `The store ${oneLine(place?.path ?? 'in memory')} ${what}.`;
  return new OurSmsStorageError(message, { fault, path: place?.path });
}

/** The error of a store that this process has open already. */
export function openHereFault(place: StorePlace): OurSmsStorageError {
  const message = `The store ${oneLine(place.path)} is in use: this process has opened it already, in another application or account. Close that application first, or give each account its own ${place.setting}.`;
  return new OurSmsStorageError(message, { fault: 'locked', path: place.path });
}

/** The error of a store from what the file system or LevelDB threw. */
export function explainStoreFault(thrown: unknown, place: StorePlace): OurSmsStorageError {
  if (thrown instanceof OurSmsStorageError) return thrown;
  const said = [...chain(thrown)].map(({ code, message }) => (message.includes(code) ? message : `${code} ${message}`));
  // The innermost error knows best: the outer ones only say that the store is not open.
  const fault = SIGNS.find(([sign]) => said.some((text) => sign.test(text)))?.[1] ?? 'failed';
  return storeFault(fault, place, said.at(-1)?.trim().slice(0, 200));
}

/** Why a store cannot be opened when classic-level, or the native build that it looks for beside itself, was not found. */
export function missingLevel(thrown: unknown): string {
  const said = [...chain(thrown)].at(0)?.message.split('\n')[0] ?? '';
  return (
    `cannot be opened: classic-level could not be loaded (${oneLine(said).slice(0, 200)}). In a bundle, leave it out with ` +
    "external: ['classic-level'] and install it where the bundle runs; elsewhere, install it for this platform"
  );
}

/** Not by `instanceof`: Jest gives its tests an `Error` other than that of Node and of LevelDB. */
function* chain(thrown: unknown): Generator<{ code: string; message: string }> {
  for (let error = thrown, depth = 0; typeof error === 'object' && error !== null && depth < 5; depth++) {
    const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown };
    if (typeof message !== 'string') return;
    yield { code: typeof code === 'string' ? code : '', message };
    error = cause;
  }
}
