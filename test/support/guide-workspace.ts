import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CodeBlock, MarkdownDocument } from './documents.js';
import { ROOT, run, type Ended } from './packaging-run.js';

/** What the short pieces of the guides take as given: each guide says so. Test runners bring the rest. */
const GIVEN = `
import type * as jest from '@jest/globals';
import type { CampaignRecipient, Campaigns, DlrInbox, Messages, MessageToSend } from 'nestjs-oursms';
import type { OurSmsAuth, OurSmsService } from 'nestjs-oursms';

declare global {
  const oursms: OurSmsService;
  const inbox: DlrInbox;
  const campaigns: Campaigns;
  const messages: Messages;
  const auth: OurSmsAuth;
  const message: MessageToSend;
  function customers(): AsyncIterable<CampaignRecipient>;

  const describe: typeof jest.describe;
  const it: typeof jest.it;
  const expect: typeof jest.expect;
  const beforeEach: typeof jest.beforeEach;
  const afterEach: typeof jest.afterEach;
}
`;

/** Where the programs of the guides look for a simulated gateway. */
const GATEWAY = 'http://127.0.0.1:4100';

/** The code of the guides in a directory where the package and its peers are installed, as far as TypeScript and Node can tell. */
export class GuideWorkspace {
  private constructor(private readonly directory: string) {}

  /**
   * Writes every block of TypeScript to a file of its own, named after its document and line.
   *
   * @param gateway Address of the simulated gateway that its programs use.
   */
  static async create(documents: readonly MarkdownDocument[], gateway: string): Promise<GuideWorkspace> {
    const workspace = new GuideWorkspace(await mkdtemp(join(tmpdir(), 'oursms-guides-')));
    await workspace.#install();
    await workspace.#writeSettings();
    const [readme] = documents;
    for (const document of documents) {
      const pasted = readme?.blocks().filter(({ file }) => file?.endsWith('.ts')) ?? [];
      const own = document.blocks().filter(({ language }) => language === 'ts');
      for (const block of [...pasted, ...own]) {
        await workspace.#write(sourceOf(document, block), block.code.replaceAll(GATEWAY, gateway));
      }
    }
    return workspace;
  }

  /** Compiles all of it. Returns the complaints of the compiler. */
  async compile(): Promise<string[]> {
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    const { stdout } = await run(tsc, ['--pretty', 'false'], { cwd: this.directory, timeoutMs: 120_000 });
    return stdout.split('\n').filter((line) => line.includes('error TS'));
  }

  /** Runs a program to its end, in a directory of its own. */
  async run(document: MarkdownDocument, block: CodeBlock, env: Record<string, string> = {}): Promise<Ended> {
    const cwd = await mkdtemp(join(this.directory, 'run-'));
    const program = join(this.directory, 'out', sourceOf(document, block).replace(/\.ts$/, '.js'));
    return run(process.execPath, [program], { cwd, env: { NO_COLOR: '1', PORT: '0', ...env }, timeoutMs: 60_000 });
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  async #install(): Promise<void> {
    const modules = join(this.directory, 'node_modules');
    await mkdir(modules);
    const installed = (await readdir(join(ROOT, 'node_modules'))).filter((name) => !name.startsWith('.'));
    for (const name of installed) await symlink(join(ROOT, 'node_modules', name), join(modules, name));
    await symlink(ROOT, join(modules, 'nestjs-oursms'));
  }

  async #writeSettings(): Promise<void> {
    await this.#write('given.ts', GIVEN);
    const settings = {
      compilerOptions: {
        ...{ module: 'esnext', moduleResolution: 'bundler', target: 'ES2022', strict: true, types: ['node'] },
        ...{ experimentalDecorators: true, emitDecoratorMetadata: true, skipLibCheck: true, esModuleInterop: true },
        ...{ rootDir: '.', outDir: 'out', moduleDetection: 'force' },
      },
      exclude: ['out', 'node_modules'],
    };
    await this.#write('tsconfig.json', JSON.stringify(settings));
    await this.#write('package.json', JSON.stringify({ private: true, type: 'module' }));
  }

  async #write(path: string, text: string): Promise<void> {
    const file = join(this.directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/** Files that documents name stand together, so that they can import each other. */
function sourceOf({ path }: MarkdownDocument, { file, line }: CodeBlock): string {
  const room = dirname(path) === '.' ? 'readme' : dirname(path);
  return `${room}/${file ?? `line-${line}.ts`}`;
}
