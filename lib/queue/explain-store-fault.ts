import { OurSmsStorageError, type StorageFault } from '../errors/oursms-storage.error.js';
import { oneLine } from '../errors/one-line.js';

/** Faults of a store that is a directory or memory. */
export type LocalFault = Exclude<StorageFault, 'unreachable'>;

/** Location of a store, for its error messages. */
export interface StorePlace {
  path: string;
  /** The option that sets the path, such as `storage.path`. */
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

/** Codes and messages of the file system and of LevelDB. */
const PATTERNS: readonly [RegExp, LocalFault][] = [
  [/LEVEL_LOCKED/, 'locked'],
  // The last two are about a file of LevelDB's own that is missing or too short.
  [/LEVEL_CORRUPTION|Corruption:|no meta-nextfile|missing files|: No such file|\.ldb: Invalid argument/, 'corrupt'],
  [/ENOSPC|EDQUOT|EFBIG|No space left|quota exceeded|File too large/i, 'full'],
  [/EACCES|EPERM|EROFS|ENOTDIR|EEXIST|Permission denied|Read-only file system|Not a directory/i, 'notWritable'],
];

/**
 * The error for a fault of a store.
 *
 * @param place Its directory; undefined when the store is memory.
 * @param detail Details for the message. For `unsuited`: the reason, and what to do.
 */
export function storeFault(fault: LocalFault, place: StorePlace | undefined, detail = ''): OurSmsStorageError {
  const known = fault === 'unsuited' ? '' : ADVICE[fault](place?.setting ?? 'storage');
  const what = known === '' ? detail : `${known}${detail && ` (${detail})`}`;
  const message = `The store ${oneLine(place?.path ?? 'in memory')} ${what}.`;
  return new OurSmsStorageError(message, { fault, path: place?.path });
}

/** The error for a store that this process has opened already. */
export function openHereFault(place: StorePlace): OurSmsStorageError {
  const message = `The store ${oneLine(place.path)} is in use: this process has opened it already, in another application or account. Close that application first, or give each account its own ${place.setting}.`;
  return new OurSmsStorageError(message, { fault: 'locked', path: place.path });
}

/** Converts an error of the file system or of LevelDB. */
export function explainStoreFault(thrown: unknown, place: StorePlace): OurSmsStorageError {
  if (thrown instanceof OurSmsStorageError) return thrown;
  const messages = [...causes(thrown)].map(({ code, message }) =>
    message.includes(code) ? message : `${code} ${message}`,
  );
  // The innermost error has the cause: the outer ones only say that the store is not open.
  const fault = PATTERNS.find(([pattern]) => messages.some((text) => pattern.test(text)))?.[1] ?? 'failed';
  return storeFault(fault, place, messages.at(-1)?.trim().slice(0, 200));
}

/** Message for a store that cannot be opened because classic-level or its native binary is missing. */
export function missingLevel(thrown: unknown): string {
  const reason = [...causes(thrown)].at(0)?.message.split('\n')[0] ?? '';
  return (
    `cannot be opened: classic-level could not be loaded (${oneLine(reason).slice(0, 200)}). In a bundle, leave it out with ` +
    "external: ['classic-level'] and install it where the bundle runs; elsewhere, install it for this platform"
  );
}

/** An error and its causes. Without `instanceof`: in Jest, `Error` is not the class that Node.js and LevelDB use. */
function* causes(thrown: unknown): Generator<{ code: string; message: string }> {
  for (let error = thrown, depth = 0; typeof error === 'object' && error !== null && depth < 5; depth++) {
    const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown };
    if (typeof message !== 'string') return;
    yield { code: typeof code === 'string' ? code : '', message };
    error = cause;
  }
}
