import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PastedReadme } from './packaging-readme.js';
import { run, runNpm, ROOT, type Ended } from './packaging-run.js';

const SOURCES = join(ROOT, 'test/packaging/app');
const PROBES = join(ROOT, 'test/packaging/probes');
const INSTALL_MS = 180_000;

/** What an application of the packaging tests is made of. */
export interface ApplicationPlan {
  /** How its JavaScript is written. */
  modules: 'esm' | 'commonjs';
  /** What it installs besides the tarball, each with a version. */
  packages: readonly string[];
  /** Where its gateway runs. */
  gateway: 'in-process' | 'outside';
}

/** An application in a directory of its own, as a user of the package would have it. */
export class PackagedApplication {
  private constructor(readonly directory: string) {}

  /** Writes the application and installs what it needs, the tarball among it. */
  static async create(plan: ApplicationPlan, tarball: string): Promise<PackagedApplication> {
    const directory = await mkdtemp(join(tmpdir(), 'oursms-app-'));
    const application = new PackagedApplication(directory);
    try {
      await application.#write(plan);
      await application.#install([...plan.packages, tarball]);
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

  /** Compiles it; the types of every package are checked too. Returns the compiler's complaints. */
  async compile(): Promise<string[]> {
    const { stdout } = await run(this.bin('tsc'), ['--pretty', 'false'], { cwd: this.directory, timeoutMs: 120_000 });
    return stdout.split('\n').filter((line) => line.includes('error TS'));
  }

  /** Runs it to its end. It is killed when it does not end by itself. */
  start(env: Record<string, string>): Promise<Ended> {
    return run(process.execPath, ['dist/main.js'], { cwd: this.directory, env, timeoutMs: 60_000 });
  }

  /** Runs a script of `test/packaging/probes` in it to its end, with the packages that it has. */
  async probe(name: string, args: readonly string[]): Promise<Ended> {
    const script = join(this.directory, name);
    await cp(join(PROBES, name), script);
    return run(process.execPath, [script, ...args], { cwd: this.directory, timeoutMs: 60_000 });
  }

  /** Removes its directory. */
  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  async #write({ modules, gateway }: ApplicationPlan): Promise<void> {
    const sources = join(this.directory, 'src');
    await cp(SOURCES, sources, { recursive: true });
    const outside = join(sources, 'gateway-outside.ts');
    await (gateway === 'outside' ? rename(outside, join(sources, 'gateway.ts')) : rm(outside));
    await writeFile(join(sources, 'readme-example.ts'), (await PastedReadme.read()).file('src/app.module.ts'));
    const type = modules === 'esm' ? 'module' : 'commonjs';
    await this.#writeJson('package.json', { name: 'packaged-application', private: true, type });
    await this.#writeJson('tsconfig.json', {
      compilerOptions: {
        ...(modules === 'esm' ? { module: 'nodenext' } : { module: 'commonjs', esModuleInterop: true }),
        ...{ target: 'ES2022', strict: true, skipLibCheck: false, types: ['node'] },
        ...{ experimentalDecorators: true, emitDecoratorMetadata: true, rootDir: 'src', outDir: 'dist' },
      },
      include: ['src'],
    });
  }

  async #install(packages: readonly string[]): Promise<void> {
    await runNpm(['install', '--no-package-lock', ...packages], { cwd: this.directory, timeoutMs: INSTALL_MS });
  }

  async #writeJson(name: string, value: unknown): Promise<void> {
    await writeFile(join(this.directory, name), JSON.stringify(value, undefined, 2));
  }
}
