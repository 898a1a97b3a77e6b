import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Global key of the set, so that all copies of this package in a thread share it. */
const OPEN_STORES = Symbol.for('nestjs-oursms.openStores');

/**
 * Claims the directory of a store for this process, before LevelDB opens it. LevelDB also refuses to open a directory twice, but
 * loses its lock by the attempt: the operating system releases all locks of a process on a file when the process closes that
 * file once. LevelDB also treats two paths to the same directory as different ones.
 *
 * @returns A function that releases the claim; undefined when this process has opened the store already.
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
 * Whether a thread of this process holds a lock on a file. Always false on other systems than Linux: there LevelDB itself refuses
 * another thread.
 */
async function isLockedHere(file: string): Promise<boolean> {
  const ino = await stat(file).then(
    (found) => found.ino,
    () => undefined,
  );
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '');
  // A file on another disk may have the same inode number.
  return new RegExp(`\\b${process.pid} \\S+:${ino} `).test(locks) && isOneOfOurFiles(file);
}

/** Also true of a file that this process inherited: a child has the open files of its parent, but none of its locks. */
async function isOneOfOurFiles(file: string): Promise<boolean> {
  const files = '/proc/self/fd';
  const open = await readdir(files).catch(() => []);
  const targets = await Promise.all(open.map((one) => readlink(join(files, one)).catch(() => '')));
  return targets.includes(file);
}
