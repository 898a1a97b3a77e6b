import { access, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { allDocuments, MarkdownDocument, userDocuments } from '../support/documents.js';
import { ROOT, run } from '../support/packaging-run.js';

describe('the documents', () => {
  it('have no broken link', async () => {
    const documents = await allDocuments();
    const anchors = new Map(documents.map((document) => [document.path, document.anchors()]));
    const dead: string[] = [];
    for (const { path, line, target } of documents.flatMap(linksOf)) {
      const [file = '', anchor] = target.split('#');
      const at = file === '' ? path : normalize(join(dirname(path), file));
      const exists = await access(join(ROOT, at)).then(
        () => true,
        () => false,
      );
      const leads = exists && (anchor === undefined || anchors.get(at)?.includes(anchor));
      if (!leads) dead.push(`${path}:${line} ${target}`);
    }
    expect(dead).toEqual([]);
  });

  it('are all linked from the README', async () => {
    const links = (await MarkdownDocument.read('README.md')).links().map(({ target }) => target.split('#')[0]);
    const guides = (await userDocuments()).map(({ path }) => path).filter((path) => path !== 'README.md');
    expect(guides.filter((path) => !links.includes(path))).toEqual([]);
  });

  it('have a README of at most 250 lines', async () => {
    const { text } = await MarkdownDocument.read('README.md');
    expect(text.split('\n').length).toBeLessThanOrEqual(250);
  });

  it('name a file in at most one block, so that each can be pasted', async () => {
    const files = (await userDocuments()).flatMap((document) => document.blocks().flatMap(({ file }) => file ?? []));
    expect(files.filter((file, index) => files.indexOf(file) !== index)).toEqual([]);
  });

  it('show only valid JSON', async () => {
    const blocks = (await userDocuments()).flatMap((document) => document.blocks());
    const json = blocks.filter(({ language }) => language === 'json');
    expect(json.length).toBeGreaterThan(0);
    for (const { code } of json) expect(() => JSON.parse(code) as unknown).not.toThrow();
  });

  it('have a complete example that names its file in each guide', async () => {
    const guides = (await userDocuments()).filter(({ path }) => path !== 'README.md');
    const lacking = guides.filter((guide) => !guide.blocks().some(({ file }) => file !== undefined));
    expect(lacking.map(({ path }) => path)).toEqual([]);
  });
});

describe('the address of the repository', () => {
  it('is the one from package.json everywhere', async () => {
    const { repository } = await readManifest();
    const name = /^git\+https:\/\/github\.com\/([\w.-]+\/[\w.-]+)\.git$/.exec(repository.url)?.[1];
    expect(name).toBeDefined();
    const files = [
      ...(await allDocuments()).map(({ path }) => path),
      ...['package.json', 'llms.txt', 'typedoc.json', '.github/ISSUE_TEMPLATE/config.yml'],
    ];
    const others: string[] = [];
    for (const file of files) {
      const text = await readFile(join(ROOT, file), 'utf8');
      for (const [found, named] of text.matchAll(/https:\/\/[\w.]*github[\w]*\.com\/([\w.-]+\/nestjs-oursms)\b/g)) {
        if (named !== name) others.push(`${file}: ${found}`);
      }
    }
    expect(others).toEqual([]);
  });
});

describe('llms.txt', () => {
  it('is up to date with the README', async () => {
    expect(await run(process.execPath, ['.ci/write-llms-txt.mjs', '--check'])).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('the reference', () => {
  it('has every entry point of the package', async () => {
    const { exports } = await readManifest();
    const entries = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [] : entry.types));
    const sources = entries.map((types) => types.replace(/^\.\/dist\/(.+)\.d\.ts$/, 'lib/$1.ts'));
    const { entryPoints } = JSON.parse(await readFile(join(ROOT, 'typedoc.json'), 'utf8')) as { entryPoints: string[] };
    expect(sources.length).toBeGreaterThan(1);
    expect(entryPoints.toSorted()).toEqual(sources.toSorted());
  });
});

interface Manifest {
  repository: { url: string };
  exports: Record<string, string | { types: string }>;
}

async function readManifest(): Promise<Manifest> {
  return JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
}

function linksOf(document: MarkdownDocument): { path: string; line: number; target: string }[] {
  const inside = document.links().filter(({ target }) => !/^[a-z]+:/.test(target));
  return inside.map((link) => ({ path: document.path, ...link }));
}
