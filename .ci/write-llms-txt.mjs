// Writes llms.txt (https://llmstxt.org) from the README: what it is, and its contents by task, with absolute addresses.
// With --check it writes nothing, and ends with 1 when llms.txt is stale.
import { readFileSync, writeFileSync } from 'node:fs';

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

const readme = read('README.md');
const repository = JSON.parse(read('package.json')).repository.url.replace(/^git\+|\.git$/g, '');
const address = (path) =>
  /^https?:/.test(path)
    ? path
    : `${repository.replace('https://github.com/', 'https://raw.githubusercontent.com/')}/HEAD/${path}`;
const absolute = (markdown) => markdown.replace(/\]\(([^)]+)\)/g, (_, path) => `](${address(path)})`);

const [, title, summary] = /^# (.+)\n\n([^]+?)\n\n/.exec(readme);
const [, contents] = /\n## Contents, by task\n([^]+?)\n## /.exec(readme);
const rows = [...contents.matchAll(/^\| ([^|]+?) +\| ([^|]+?) +\|$/gm)]
  .slice(1)
  .filter(([, task]) => !/^-+$/.test(task));
const lines = rows.flatMap(([, task, links]) =>
  links.split('), ').map((link) => `- ${link.replace(/([^)])$/, '$1)')}: ${task}`),
);

const text = `# ${title}

> ${absolute(summary).replace(/\s+/g, ' ')}

Install: \`${/^npm install .+$/m.exec(readme)[0]}\`

## Guides

- [README](${address('README.md')}): the first example, and a summary of each guide
${lines.map(absolute).join('\n')}

## Optional

- [CHANGELOG](${address('CHANGELOG.md')}): what changed in which version
`;

if (process.argv.includes('--check')) {
  if (read('llms.txt') !== text) {
    console.error('llms.txt is stale: run `npm run docs`.');
    process.exitCode = 1;
  }
} else {
  writeFileSync(new URL('../llms.txt', import.meta.url), text);
}
