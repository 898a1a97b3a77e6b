import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT, runOk } from '../support/packaging-run.js';

describe('importing an entry other than the root', () => {
  it('loads no package for the simulated gateway that the command starts', async () => {
    const files = await filesLoadedBy('dist/shared/simulator.js');

    expect(files.sort()).toEqual(['dist/shared/message.js', 'dist/shared/simulator.js']);
  });

  it('loads the OpenTelemetry API, and no Nest package, for traces and metrics', async () => {
    const files = await filesLoadedBy('dist/opentelemetry/index.js');

    expect(packagesOf(files)).toEqual(['@opentelemetry/api']);
  });
});

describe('importing the root entry', () => {
  it('loads single files of the validation packages, and no HTTP client, no scheduler, no testing tools', async () => {
    const files = await filesLoadedBy('dist/index.js');

    expect(files.filter((file) => file.startsWith('dist/')).sort()).toEqual([
      'dist/index.js',
      'dist/shared/core.js',
      'dist/shared/errors.js',
      'dist/shared/message.js',
    ]);
    expect(files).toContain('node_modules/class-validator/cjs/decorator/common/ValidateBy.js');
    expect(packagesOf(files)).toEqual(expect.arrayContaining(['@nestjs/common', 'class-validator', 'rxjs']));

    expect(packagesOf(files)).not.toContain('axios');
    expect(packagesOf(files)).not.toContain('undici');
    expect(packagesOf(files)).not.toContain('classic-level');
    expect(packagesOf(files)).not.toContain('bullmq');
    expect(packagesOf(files)).not.toContain('ioredis');
    expect(packagesOf(files)).not.toContain('@opentelemetry/api');
    expect(packagesOf(files)).not.toContain('@nestjs/axios');
    expect(packagesOf(files)).not.toContain('@nestjs/schedule');
    expect(packagesOf(files)).not.toContain('@nestjs/terminus');
    expect(packagesOf(files)).not.toContain('libphonenumber-js');
    expect(files).not.toContain('node_modules/class-validator/cjs/index.js');
    expect(files).not.toContain('node_modules/class-transformer/cjs/index.js');
  });

  it('is checked by a probe that detects these packages when they are loaded', async () => {
    const files = await filesLoadedBy('node_modules/@nestjs/axios/dist/index.js');

    expect(packagesOf(files)).toEqual(expect.arrayContaining(['@nestjs/axios', 'axios']));
  });
});

/** The files that importing this file loads, relative to the repository. */
async function filesLoadedBy(file: string): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'oursms-import-'));
  try {
    const probe = join(ROOT, 'test/packaging/probes/loaded-modules.mjs');
    const { stdout } = await runOk(process.execPath, [probe, join(ROOT, file), join(directory, 'notes')]);
    return (JSON.parse(stdout) as string[]).map((path) => path.slice(ROOT.length));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function packagesOf(files: string[]): string[] {
  const names = files.map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))];
}
