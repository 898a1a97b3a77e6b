import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT, runOk } from '../support/packaging-run.js';
import { packTarball, type Tarball } from '../support/packaging-tarball.js';
import { VERSION } from '../../lib/version.js';

const MAX_BYTES = 200_000;

describe('the packed package', () => {
  let tarball: Tarball;

  beforeAll(async () => {
    tarball = await packTarball();
  }, 60_000);

  afterAll(() => tarball?.remove());

  it('is smaller than 200 kB', async () => {
    expect((await stat(tarball.path)).size).toBeLessThan(MAX_BYTES);
  });

  it('contains the entries, the gateway command and the documents', () => {
    const wanted = [
      ...['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'],
      ...['dist/index.js', 'dist/index.d.ts', 'dist/testing/index.js', 'dist/testing/index.d.ts'],
      ...['dist/bullmq/index.js', 'dist/bullmq/index.d.ts'],
      ...['dist/terminus/index.js', 'dist/terminus/index.d.ts'],
      ...['dist/opentelemetry/index.js', 'dist/opentelemetry/index.d.ts'],
      'dist/testing/bin/gateway.js',
    ];
    expect(wanted.filter((file) => !tarball.files.includes(file))).toEqual([]);
  });

  it('contains only the files of each entry, the gateway command and shared files in dist/', () => {
    const entries = ['.', './testing', './bullmq', './terminus', './opentelemetry'];
    const shared = ['account', 'check-shape', 'core', 'errors', 'message', 'queue', 'simulator'];
    expect(tarball.files.filter((file) => file.startsWith('dist/')).sort()).toEqual(
      [
        ...entries.flatMap((entry) => ['index.js', 'index.d.ts'].map((file) => join('dist', entry, file))),
        'dist/testing/bin/gateway.js',
        ...shared.map((file) => `dist/shared/${file}.js`),
        'dist/shared/declarations.d.ts',
      ].sort(),
    );
  });

  it('contains no sources, no tests and no leftovers of the build', () => {
    const strangers = tarball.files.filter(
      (file) => !/^(dist\/.+\.(js|d\.ts)|package\.json|[A-Z]+(\.md)?)$/.test(file),
    );
    expect(strangers).toEqual([]);
    expect(tarball.files.filter((file) => /spec|\btest\b|bench/.test(file))).toEqual([]);
  });

  it('contains every file that package.json points to', async () => {
    const manifest = await readManifest();
    const targets = [...JSON.stringify([manifest.exports, manifest.bin]).matchAll(/"(?:\.\/)?(dist\/[^"]+)"/g)];
    expect(targets.length).toBeGreaterThan(0);
    expect(targets.map(([, file]) => file ?? '').filter((file) => !tarball.files.includes(file))).toEqual([]);
  });

  it('passes publint without errors or warnings', async () => {
    await runOk(bin('publint'), ['run', tarball.path, '--strict']);
  });

  it('resolves to the right types wherever ES modules can be imported', async () => {
    await runOk(bin('attw'), [tarball.path, '--profile', 'esm-only', '--no-definitely-typed', '--no-emoji']);
  });

  it('exports the version of package.json', async () => {
    expect(VERSION).toBe((await readManifest()).version);
  });
});

const bin = (name: string): string => join(ROOT, 'node_modules/.bin', name);

async function readManifest(): Promise<{ version: string; exports: unknown; bin: unknown }> {
  return JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as never;
}
