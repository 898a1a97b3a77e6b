import { userDocuments, type CodeBlock } from './documents.js';

/** The code of the README and of the guides, as a newcomer would paste it. */
export class PastedReadme {
  private constructor(
    private readonly blocks: readonly CodeBlock[],
    private readonly readme: string,
  ) {}

  static async read(): Promise<PastedReadme> {
    const documents = await userDocuments();
    const blocks = documents.flatMap((document) => document.blocks());
    return new PastedReadme(blocks, documents[0]?.text ?? '');
  }

  /** The one code block of a language that holds these words. */
  block(language: string, words: string): string {
    const found = this.blocks.filter((block) => block.language === language && block.code.includes(words));
    const [block] = found;
    if (block === undefined || found.length > 1) {
      throw new Error(`the README and the guides have ${found.length} blocks of ${language} with ${words}`);
    }
    return block.code;
  }

  /** The block that its first line names a file for. */
  file(path: string): string {
    return this.block(path.endsWith('.ts') ? 'ts' : 'js', `// ${path}\n`);
  }

  /** The packages that its first command installs, besides nestjs-oursms. */
  packages(): string[] {
    const [, names = ''] = /npm install nestjs-oursms ([^\n]+)\n/.exec(this.readme) ?? [];
    return names.split(' ');
  }
}
