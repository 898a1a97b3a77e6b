import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './application.js';
import { ROOT, run, runNpm, type Ended } from './packaging-run.js';

const RECIPES = join(ROOT, 'sample-app/recipes');
/** What recipes use, by the versions of this repository. */
const KNOWN =
  /^(@nestjs\/(axios|bullmq|common|core|event-emitter|platform-express|platform-fastify|schedule|terminus|testing)|@opentelemetry\/(api|exporter-metrics-otlp-http|sdk-metrics)|@types\/node|axios|bullmq|class-transformer|class-validator|cron|ioredis|reflect-metadata|rxjs|typescript)$/;
/** What two of them need besides. */
const OTHERS = ['better-auth@1.7', 'vitest@4'];

/** A recipe that runs by itself. */
export interface RunningRecipe {
  url: string;
  /** All that it has written. */
  written(): string;
  /** Ends it; resolves to how it ended. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/**
 * Starts a program that is a recipe.
 *
 * @param hasStarted Whether it runs, of its address. Default: it answers.
 */
export async function startRecipe(
  cwd: string,
  program: string,
  env: Record<string, string>,
  hasStarted: (url: string) => Promise<boolean> = answers,
): Promise<RunningRecipe> {
  const port = await freePort();
  const child = spawn(process.execPath, [program], {
    ...{ cwd, env: { PATH: process.env.PATH, NO_COLOR: '1', PORT: String(port), ...env } },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (written += text));
  }
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): ReturnType<RunningRecipe['end']> => {
    if (!hasEnded()) {
      const ended = once(child, 'close');
      child.kill(signal);
      await ended;
    }
    return { code: child.exitCode, signal: child.signalCode };
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await until(`${program} has started`, async () => hasEnded() || (await hasStarted(url)), 60_000);
    if (hasEnded()) throw new Error(`${program} ended with ${child.exitCode}\n${written}`);
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
  return { url, written: () => written, end };
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

/** An application of a user, with all recipes as its sources and the packed package installed. */
export class RecipeApplication {
  readonly #running = new Set<RunningRecipe>();

  private constructor(readonly directory: string) {}

  static async create(tarball: string): Promise<RecipeApplication> {
    const application = new RecipeApplication(await mkdtemp(join(tmpdir(), 'oursms-recipes-')));
    try {
      await application.#write();
      await application.#install(tarball);
      return application;
    } catch (error) {
      await application.remove();
      throw error;
    }
  }

  /** The names of all recipes that are programs. */
  async recipes(): Promise<string[]> {
    const files = await readdir(join(this.directory, 'src'));
    return files.filter((file) => !file.endsWith('.spec.ts')).map((file) => file.replace(/\.ts$/, ''));
  }

  /** Compiles all of them. Returns the complaints of the compiler about them. */
  async compile(): Promise<string[]> {
    const { stdout } = await run(this.#bin('tsc'), ['--pretty', 'false'], { cwd: this.directory, timeoutMs: 180_000 });
    return stdout.split('\n').filter((line) => line.includes('error TS'));
  }

  /** Runs their tests for Vitest. */
  vitest(): Promise<Ended> {
    const args = ['run', 'src/testing-vitest.spec.ts', '--reporter=json'];
    return run(this.#bin('vitest'), args, { cwd: this.directory, timeoutMs: 120_000 });
  }

  /** Runs one to its end. */
  run(recipe: string, args: string[], env: Record<string, string>): Promise<Ended> {
    return run(process.execPath, [`dist/${recipe}.js`, ...args], { cwd: this.directory, env });
  }

  /** Starts one by hand, as its first lines say. */
  async start(
    recipe: string,
    env: Record<string, string>,
    hasStarted?: (url: string) => Promise<boolean>,
  ): Promise<RunningRecipe> {
    const running = await startRecipe(this.directory, `dist/${recipe}.js`, env, hasStarted);
    this.#running.add(running);
    return running;
  }

  async remove(): Promise<void> {
    for (const running of this.#running) await running.end('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }

  #bin(name: string): string {
    return join(this.directory, 'node_modules/.bin', name);
  }

  async #write(): Promise<void> {
    // The tests for Jest run where Jest is: in this repository.
    const files = (await readdir(RECIPES)).filter((file) => file.endsWith('.ts') && file !== 'testing-jest.spec.ts');
    for (const file of files) await cp(join(RECIPES, file), join(this.directory, 'src', file));
    await this.#writeJson('package.json', { name: 'recipes', private: true, type: 'module' });
    await this.#writeJson('tsconfig.json', {
      compilerOptions: {
        ...{ module: 'nodenext', target: 'ES2022', strict: true, skipLibCheck: true, types: ['node'] },
        ...{ experimentalDecorators: true, emitDecoratorMetadata: true, rootDir: 'src', outDir: 'dist' },
      },
      include: ['src'],
    });
  }

  async #install(tarball: string): Promise<void> {
    const packages = [...Object.entries(await recipePackages()).map((pair) => pair.join('@')), ...OTHERS, tarball];
    await runNpm(['install', '--no-package-lock', ...packages], { cwd: this.directory, timeoutMs: 300_000 });
  }

  async #writeJson(name: string, value: unknown): Promise<void> {
    await writeFile(join(this.directory, name), JSON.stringify(value, undefined, 2));
  }
}

/** The packages of this repository that recipes use, each with its range. */
export async function recipePackages(): Promise<Record<string, string>> {
  const text = await readFile(join(ROOT, 'package.json'), 'utf8');
  const { devDependencies } = JSON.parse(text) as { devDependencies: Record<string, string> };
  return Object.fromEntries(Object.entries(devDependencies).filter(([name]) => KNOWN.test(name)));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
