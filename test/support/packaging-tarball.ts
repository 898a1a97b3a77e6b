import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOk } from './packaging-run.js';

/** The package as npm would publish it. */
export interface Tarball {
  path: string;
  /** The paths of its files, relative to the package. */
  files: string[];
  /** Removes it. */
  remove(): Promise<void>;
}

/** Packs the build that is in dist/ (`npm run test:packaging` has just made it) into a temporary directory. */
export async function packTarball(): Promise<Tarball> {
  const directory = await mkdtemp(join(tmpdir(), 'oursms-pack-'));
  // Without prepack: it would empty dist/ under the other tests.
  await runOk('npm', ['pack', '--ignore-scripts', '--pack-destination', directory]);
  const [name] = await readdir(directory);
  if (name === undefined) throw new Error('npm pack wrote no file');
  const path = join(directory, name);
  const { stdout } = await runOk('tar', ['-tzf', path]);
  const files = stdout
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''));
  return { path, files, remove: () => rm(directory, { recursive: true, force: true }) };
}
