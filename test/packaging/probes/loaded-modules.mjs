/**
 * Prints as JSON the files that an import loads: node loaded-modules.mjs <file to import> <file for notes>.
 *
 * The hook sees what is imported, `require.cache` what CommonJS packages require among themselves.
 */
import { readFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [entry, notes] = process.argv.slice(2);
register('./record-loaded.mjs', import.meta.url, { data: { file: notes } });
await import(pathToFileURL(entry).href);

const imported = readFileSync(notes, 'utf8')
  .split('\n')
  .filter((url) => url.startsWith('file:'));
const required = Object.keys(createRequire(import.meta.url).cache);
console.log(JSON.stringify([...new Set([...imported.map((url) => fileURLToPath(url)), ...required])]));
