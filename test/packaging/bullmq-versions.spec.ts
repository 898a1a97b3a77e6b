import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ROOT, runNpm, runOk } from '../support/packaging-run.js';
import { describeWithOwnRedis } from '../support/redis-at-hand.js';

const MODULES = ['bullmq', 'ioredis'];
const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
/** Specs of the contract of the engine in Redis, and of its use of documented BullMQ features only. */
const SPECS = ['redis/contract', 'redis/keys', 'redis/spool'];

/** A copy of the repository that has other versions of some packages. */
class OtherVersions {
  private constructor(readonly path: string) {}

  static async install(packages: string[]): Promise<OtherVersions> {
    const path = await mkdtemp(join(tmpdir(), 'oursms-versions-'));
    const others = join(path, 'others');
    await mkdir(others);
    await runNpm(['install', '--prefix', others, ...packages], { cwd: path, timeoutMs: 300_000 });
    for (const part of ['lib', 'test', 'package.json', 'jest.config.js']) {
      await cp(join(ROOT, part), join(path, part), { recursive: true });
    }
    await mkdir(join(path, 'node_modules'));
    for (const entry of await readdir(join(ROOT, 'node_modules'))) {
      if (!MODULES.includes(entry)) await symlink(join(ROOT, 'node_modules', entry), join(path, 'node_modules', entry));
    }
    // Their dependencies are moved along with them.
    for (const entry of await readdir(join(others, 'node_modules'))) {
      await rm(join(path, 'node_modules', entry), { recursive: true, force: true });
      await rename(join(others, 'node_modules', entry), join(path, 'node_modules', entry));
    }
    return new OtherVersions(path);
  }

  async versionOf(name: string): Promise<string> {
    const text = await readFile(join(this.path, 'node_modules', name, 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  }

  /** @returns what Jest wrote. @throws when a test fails */
  async test(): Promise<string> {
    const flags = ['--selectProjects', 'redis', '--testTimeout=60000', '--maxWorkers=1', ...SPECS];
    const { stderr } = await runOk(process.execPath, [...JEST, ...flags], { cwd: this.path, timeoutMs: 500_000 });
    return stderr;
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}

describeWithOwnRedis('the queue engine in Redis', () => {
  let ranges: Record<string, string>;
  let others: OtherVersions | undefined;

  beforeEach(async () => {
    const text = await readFile(join(ROOT, 'package.json'), 'utf8');
    ranges = (JSON.parse(text) as { peerDependencies: Record<string, string> }).peerDependencies;
  });

  afterEach(() => others?.remove());

  const lowestOf = (range: string): string => /\d+\.\d+\.\d+/.exec(range)?.[0] ?? '';

  it.each([
    ['oldest', lowestOf],
    ['newest', (range: string): string => range],
  ])('passes its contract tests with the %s BullMQ and ioredis that package.json allows', async (_, choose) => {
    const wanted = MODULES.map((name) => `${name}@${choose(ranges[name] ?? '')}`);
    others = await OtherVersions.install(wanted);
    const told = await others.test();
    expect(told).toMatch(/Tests: +\d{2,} passed, \d{2,} total/);
    for (const [index, name] of MODULES.entries()) {
      const version = await others.versionOf(name);
      if (choose === lowestOf) expect(`${name}@${version}`).toBe(wanted[index]);
    }
  });
});
