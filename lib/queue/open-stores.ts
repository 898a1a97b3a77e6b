import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the copies of this package that a thread has loaded find the same set. */
const OPEN_STORES = Symbol.for('nestjs-oursms.openStores');

/**
 * Claims the directory of a store for this process, before LevelDB looks at it. LevelDB refuses a second opening too, but
 * drops its lock by that: the operating system releases the locks of a process on a file when the process closes the file
 * once. And it tells two paths to one directory apart.
 *
 * @returns What releases the claim; undefined when this process has the store open.
 */
export async function claimStore(path: string): Promise<(() => void) | undefined> {
  const { dev, ino } = await stat(path, { bigint: true });
  const name = `${dev}:${ino}`;
  const open = openStores();
  if (open.has(name)) return undefined;
  open.add(name);
  const release = (): void => void open.delete(name);
  if (!(await isLockedHere(join(await realpath(path), 'LOCK')))) return release;
  release();
  return undefined;
}

function openStores(): Set<string> {
  const global = globalThis as { [OPEN_STORES]?: Set<string> };
  return (global[OPEN_STORES] ??= new Set());
}

/**
 * Whether this process holds a lock on a file, in any of its threads. Known on Linux only; elsewhere another thread is
 * refused by LevelDB itself.
 */
async function isLockedHere(file: string): Promise<boolean> {
  const ino = await stat(file).then(
    (found) => found.ino,
    () => undefined,
  );
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '');
  // A file on another disk may have the same number.
  return new RegExp(`\\b${process.pid} \\S+:${ino} `).test(locks) && isOneOfOurFiles(file);
}

/** Also true of a file that this process only inherited: a child has the open files of its parent, and none of its locks. */
async function isOneOfOurFiles(file: string): Promise<boolean> {
  const files = '/proc/self/fd';
  const open = await readdir(files).catch(() => []);
  const targets = await Promise.all(open.map((one) => readlink(join(files, one)).catch(() => '')));
  return targets.includes(file);
}
