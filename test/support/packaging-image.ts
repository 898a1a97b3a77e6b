import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, runNpm, runOk, run, type Ended } from './packaging-run.js';
import { recipePackages, startRecipe, type RunningRecipe } from './packaging-recipes.js';
import { RecipeDockerfile, type DockerCopy } from './recipe-dockerfile.js';

/** Packages that an application needs to be built alone. */
const DEVELOPMENT = /^(@types\/node|typescript|@nestjs\/testing)$/;

/**
 * The stages of the Dockerfile of the recipes as directories: their commands are run, and their copies made, in their order. What it
 * lacks of Docker: the images, the user, and the commands of the last stage, which set up that user's directory.
 */
export class RehearsedImage {
  private constructor(
    private readonly root: string,
    readonly dockerfile: RecipeDockerfile,
  ) {}

  /** Builds an application whose `main.ts` is this recipe. */
  static async build(recipe: string, tarball: string): Promise<RehearsedImage> {
    const text = await readFile(join(ROOT, 'sample-app/recipes/docker/Dockerfile'), 'utf8');
    const image = new RehearsedImage(await mkdtemp(join(tmpdir(), 'oursms-image-')), RecipeDockerfile.parse(text));
    try {
      await image.#writeContext(recipe, tarball);
      await image.#runStage('build', image.dockerfile.build, 'context');
      const copies = image.dockerfile.final.filter((step) => typeof step !== 'string');
      await image.#runStage('final', copies, 'context');
      return image;
    } catch (error) {
      await image.remove();
      throw error;
    }
  }

  /** Where the application is. */
  get directory(): string {
    return join(this.root, 'final');
  }

  /** Runs what a container runs, with the variables of the image. */
  start(env: Record<string, string>): Promise<RunningRecipe> {
    const [command, program = ''] = this.dockerfile.command;
    if (command !== 'node') throw new Error(`The image runs ${command}, which the tests cannot start`);
    const { OURSMS_STORAGE = '' } = this.dockerfile.env;
    // But for its port, which others may have.
    const own = Object.entries(this.dockerfile.env).filter(([name]) => name !== 'PORT');
    const all = { ...Object.fromEntries(own), OURSMS_STORAGE: join(this.root, OURSMS_STORAGE), ...env };
    return startRecipe(this.directory, program, all);
  }

  /** Runs the health check of the image, on another port than that of the image. */
  checkHealth(url: string): Promise<Ended> {
    const [command = '', ...args] = this.dockerfile.healthcheck.map((part) =>
      part.replace(`http://127.0.0.1:${this.dockerfile.env.PORT}`, url),
    );
    return run(command, args, { cwd: this.directory });
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }

  async #writeContext(recipe: string, tarball: string): Promise<void> {
    const context = join(this.root, 'context');
    await mkdir(join(context, 'src'), { recursive: true });
    await cp(join(ROOT, 'sample-app/recipes', recipe), join(context, 'src/main.ts'));
    const packages = Object.entries(await recipePackages());
    const manifest = {
      ...{ name: 'sms', version: '1.0.0', private: true, type: 'module', scripts: { build: 'tsc' } },
      dependencies: {
        ...Object.fromEntries(packages.filter(([name]) => !DEVELOPMENT.test(name))),
        'nestjs-oursms': `file:${tarball}`,
      },
      devDependencies: Object.fromEntries(packages.filter(([name]) => DEVELOPMENT.test(name))),
    };
    const compilerOptions = {
      ...{ module: 'nodenext', target: 'ES2022', strict: true, skipLibCheck: true, types: ['node'] },
      ...{ experimentalDecorators: true, emitDecoratorMetadata: true, rootDir: 'src', outDir: 'dist' },
    };
    await writeFile(join(context, 'package.json'), JSON.stringify(manifest));
    await writeFile(join(context, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
    await runNpm(['install', '--package-lock-only'], { cwd: context, timeoutMs: 180_000 });
  }

  async #runStage(stage: string, steps: (string | DockerCopy)[], context: string): Promise<void> {
    const cwd = join(this.root, stage);
    await mkdir(cwd);
    for (const step of steps) {
      if (typeof step === 'string') await runOk('sh', ['-c', step], { cwd, timeoutMs: 300_000 });
      else await this.#copy(step, cwd, step.from ?? context);
    }
  }

  async #copy({ sources, target }: DockerCopy, cwd: string, from: string): Promise<void> {
    for (const source of sources) {
      const name = source.replace(/^\/app\//, '');
      // A target that ends in a slash, or that several files go to, is a directory.
      const isDirectory = target.endsWith('/') || sources.length > 1;
      const to = isDirectory && name !== '.' ? join(cwd, target, name) : join(cwd, target);
      await cp(join(this.root, from, name), to, { recursive: true, verbatimSymlinks: true });
    }
  }
}
