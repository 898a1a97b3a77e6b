import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PastedReadme } from './packaging-readme.js';
import { run, runNpm, runOk, type Ended } from './packaging-run.js';
import type { Tarball } from './packaging-tarball.js';

const INSTALL_MS = 300_000;

/** What an application needs of its package.json. */
export interface Manifest {
  type?: string;
  dependencies: Record<string, string>;
  jest?: Record<string, unknown>;
}

/** A fresh application of `nest new`, with the tarball and what the README says to install. */
export class ScaffoldedApplication {
  private constructor(
    readonly directory: string,
    readonly readme: PastedReadme,
  ) {}

  /** @param more Packages besides, each with a version: for its builds. */
  static async create(cli: number, tarball: Tarball, more: readonly string[]): Promise<ScaffoldedApplication> {
    const parent = await mkdtemp(join(tmpdir(), `oursms-cli-${cli}-`));
    const application = new ScaffoldedApplication(join(parent, 'app'), await PastedReadme.read());
    try {
      const scaffold = ['new', 'app', '--skip-git', '--skip-install', '--package-manager', 'npm'];
      await runOk('npx', ['--yes', `@nestjs/cli@${cli}`, ...scaffold], { cwd: parent, timeoutMs: INSTALL_MS });
      const packages = [tarball.path, ...application.readme.packages()];
      await application.#npm('install', ...packages);
      if (more.length > 0) await application.#npm('install', '--save-dev', ...more);
      return application;
    } catch (error) {
      await application.remove();
      throw error;
    }
  }

  /** The path of a command that the packages bring. */
  bin(name: string): string {
    return join(this.directory, 'node_modules/.bin', name);
  }

  /** Writes a file, or pastes the block of the README that names it. */
  async paste(path: string, text = this.readme.file(path)): Promise<void> {
    const file = join(this.directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  /** Runs a command in it that must succeed. */
  runOk(command: string, ...args: string[]): Promise<Ended> {
    return runOk(command, args, { cwd: this.directory, env: { NO_COLOR: '1' }, timeoutMs: 200_000 });
  }

  /** Runs a program in it to its end. */
  node(...args: string[]): Promise<Ended> {
    return run(process.execPath, args, { cwd: this.directory, env: { PORT: '0' } });
  }

  async manifest(): Promise<Manifest> {
    return JSON.parse(await readFile(join(this.directory, 'package.json'), 'utf8')) as Manifest;
  }

  /** Sets keys of `jest` in package.json. */
  async configureJest(keys: object): Promise<void> {
    const manifest = await this.manifest();
    await this.paste('package.json', JSON.stringify({ ...manifest, jest: { ...manifest.jest, ...keys } }));
  }

  /** Copies a part of it to a new directory beside it. */
  async copy(part: string, name: string): Promise<string> {
    const directory = join(dirname(this.directory), name);
    await mkdir(directory);
    await cp(join(this.directory, part), join(directory, part), { recursive: true });
    return directory;
  }

  /** Removes it, and what was copied beside it. */
  async remove(): Promise<void> {
    await rm(dirname(this.directory), { recursive: true, force: true });
  }

  async #npm(...args: string[]): Promise<void> {
    await runNpm(args, { cwd: this.directory, timeoutMs: INSTALL_MS });
  }
}
