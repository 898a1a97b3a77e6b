import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './packaging-run.js';

/** A code block of a document. */
export interface CodeBlock {
  language: string;
  code: string;
  /** The line of the document that it starts in. */
  line: number;
  /** The file that its first line names, such as `src/main.ts`. */
  file?: string;
  /** The text block that follows it: what the program prints. */
  prints?: string;
}

/** A link of a document. */
export interface Link {
  target: string;
  line: number;
}

/** A Markdown document of the repository. */
export class MarkdownDocument {
  private constructor(
    /** Its path in the repository. */
    readonly path: string,
    readonly text: string,
  ) {}

  static async read(path: string): Promise<MarkdownDocument> {
    return new MarkdownDocument(path, await readFile(join(ROOT, path), 'utf8'));
  }

  blocks(): CodeBlock[] {
    return [...this.text.matchAll(/^ *```(\w+)\n(.*?)^ *```$(?:\n+```text\n(.*?)```)?/gms)].map(
      ({ 1: language = '', 2: code = '', 3: prints, index }) => ({
        ...{ language, code, prints, line: this.#lineAt(index) },
        file: /^\s*\/\/ (\S+\.\w+)\n/.exec(code)?.[1],
      }),
    );
  }

  /** The links outside of its code, images and definitions of links among them. */
  links(): Link[] {
    const prose = this.text.replace(/^ *```.*?^ *```$/gms, blank).replace(/`[^`\n]*`/g, blank);
    const found = [...prose.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$|\b(?:src|href)="([^"]+)"/gm)];
    return found.map(({ 1: inline, 2: defined, 3: attribute, index }) => ({
      target: inline ?? defined ?? attribute ?? '',
      line: this.#lineAt(index),
    }));
  }

  /** The anchors that GitHub gives its headings. */
  anchors(): string[] {
    const headings = [...this.text.replace(/^ *```.*?^ *```$/gms, blank).matchAll(/^#+ (.+)$/gm)];
    return headings.map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    );
  }

  #lineAt(index: number): number {
    return this.text.slice(0, index).split('\n').length;
  }
}

/** As many lines, and nothing in them. */
const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** What users read: the README, and the guide of each room that has one. */
export async function userDocuments(): Promise<MarkdownDocument[]> {
  const rooms = (await readdir(join(ROOT, 'lib'), { recursive: true }))
    .filter((path) => /^[^/]+\/README\.md$/.test(path))
    .sort();
  return Promise.all(['README.md', ...rooms.map((path) => `lib/${path}`)].map((path) => MarkdownDocument.read(path)));
}

/** All documents of the repository. */
export async function allDocuments(): Promise<MarkdownDocument[]> {
  const paths = (await Promise.all(['lib', 'test', 'sample-app', '.github'].map(markdownIn))).flat();
  return Promise.all(['README.md', 'CHANGELOG.md', ...paths].map((path) => MarkdownDocument.read(path)));
}

async function markdownIn(directory: string): Promise<string[]> {
  const paths = await readdir(join(ROOT, directory), { recursive: true }).catch(() => []);
  return paths.filter((path) => path.endsWith('.md')).map((path) => `${directory}/${path}`);
}
