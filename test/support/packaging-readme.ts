import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './packaging-run.js';

/** The code of the README, as a newcomer would paste it. */
export class PastedReadme {
  private constructor(private readonly text: string) {}

  static async read(): Promise<PastedReadme> {
    return new PastedReadme(await readFile(join(ROOT, 'README.md'), 'utf8'));
  }

  /** The one code block of a language that holds these words. */
  block(language: string, words: string): string {
    const blocks = [...this.text.matchAll(/```(\w+)\n(.*?)```/gs)]
      .filter(([, name, code]) => name === language && code?.includes(words))
      .map(([, , code]) => code ?? '');
    const [block] = blocks;
    if (block === undefined || blocks.length > 1)
      throw new Error(`the README has ${blocks.length} blocks of ${language} with ${words}`);
    return block;
  }

  /** The block that its first line names a file for. */
  file(path: string): string {
    return this.block(path.endsWith('.ts') ? 'ts' : 'js', `// ${path}\n`);
  }

  /** The packages that its first command installs, besides nestjs-oursms. */
  packages(): string[] {
    const [, names = ''] = /npm install nestjs-oursms ([^\n]+)\n/.exec(this.text) ?? [];
    return names.split(' ');
  }
}
