import { mkdir, readdir, realpath, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { storeFault, type StorePlace } from './explain-store-fault.js';

/** Files that exist once LevelDB has opened a directory. */
const MADE_ONCE_OPEN = /\.(ldb|log)$|^MANIFEST-(?!000001$)/;

/**
 * Makes the directory of a store when it is missing: for its user alone, and out of version control, since what is kept in
 * it holds phone numbers.
 *
 * @throws {OurSmsStorageError} when something was taken out of it: LevelDB would take it for a new one, and clear it
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

/** Whether other users of the machine can change what is in a directory. Known where users have rights by mode only. */
export async function canOthersWrite(path: string): Promise<boolean> {
  return process.platform !== 'win32' && ((await stat(path)).mode & 0o022) !== 0;
}

/** Where a file system takes `Shop` and `shop` for one name, two accounts would be in one directory. */
async function refuseOtherCase(place: StorePlace): Promise<void> {
  const [asked, found] = [basename(place.path), basename(await realpath(place.path))];
  if (asked === found || asked.toLowerCase() !== found.toLowerCase()) return;
  const why = `is the directory ${found} on this file system, which belongs to another account: choose names that differ by more than upper and lower case`;
  throw storeFault('unsuited', place, why);
}

/** A store serves without: this must not be what it fails of. */
async function keepOutOfVersionControl(directory: string): Promise<void> {
  await writeFile(join(directory, '.gitignore'), '*\n', { flag: 'wx' }).catch(() => undefined);
}
