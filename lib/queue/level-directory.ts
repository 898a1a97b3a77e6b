import { mkdir, readdir, realpath, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { storeFault, type StorePlace } from './explain-store-fault.js';

/** Files that exist once LevelDB has opened a directory. */
const MADE_ONCE_OPEN = /\.(ldb|log)$|^MANIFEST-(?!000001$)/;

/**
 * Creates the directory of a store if it is missing: accessible to its user only, and ignored by git, since the store contains
 * phone numbers.
 *
 * @throws {OurSmsStorageError} when a file is missing in it: LevelDB would treat it as new, and clear it
 */
export async function prepareDirectory(place: StorePlace): Promise<void> {
  const { path } = place;
  await mkdir(path, { recursive: true, mode: 0o700 });
  await refuseOtherCase(place);
  await keepOutOfVersionControl(dirname(path));
  const files = await readdir(path);
  if (!files.some((file) => MADE_ONCE_OPEN.test(file))) return;
  const missing = !files.includes('CURRENT')
    ? 'the file CURRENT'
    : !files.some((file) => file.endsWith('.log'))
      ? 'its .log file'
      : undefined;
  if (missing) throw storeFault('corrupt', place, `${missing} is missing`);
}

/** Whether other users of the machine can change a directory, by its mode. Always false on Windows. */
export async function canOthersWrite(path: string): Promise<boolean> {
  return process.platform !== 'win32' && ((await stat(path)).mode & 0o022) !== 0;
}

/** On a case-insensitive file system, the accounts `Shop` and `shop` would share a directory. */
async function refuseOtherCase(place: StorePlace): Promise<void> {
  const [asked, found] = [basename(place.path), basename(await realpath(place.path))];
  if (asked === found || asked.toLowerCase() !== found.toLowerCase()) return;
  const why = `is the directory ${found} on this file system, which belongs to another account: choose names that differ by more than upper and lower case`;
  throw storeFault('unsuited', place, why);
}

/** Ignores errors: the store works without this file. */
async function keepOutOfVersionControl(directory: string): Promise<void> {
  await writeFile(join(directory, '.gitignore'), '*\n', { flag: 'wx' }).catch(() => undefined);
}
