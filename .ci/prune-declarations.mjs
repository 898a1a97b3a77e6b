// Removes the declarations that no entry of package.json imports, directly or through others.
// They are more than half of all, and a fifth of the package. Part of `npm run build`.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.values(exports).flatMap((entry) => (entry.types ? [join(root, entry.types)] : []));

const reached = new Set();
const open = [...entries];
for (let file = open.pop(); file !== undefined; file = open.pop()) {
  if (reached.has(file)) continue;
  reached.add(file);
  // An import for its effect has no meaning in a declaration.
  const text = readFileSync(file, 'utf8').replace(/^import '[^']+';\n/gm, '');
  writeFileSync(file, text);
  for (const { fileName } of ts.preProcessFile(text).importedFiles) {
    if (!fileName.startsWith('.')) continue;
    const imported = join(dirname(file), fileName.replace(/\.js$/, '.d.ts'));
    if (!existsSync(imported)) throw new Error(`${file} imports ${fileName}, which has no declaration`);
    open.push(imported);
  }
}

for (const name of readdirSync(join(root, 'dist'), { recursive: true })) {
  const file = join(root, 'dist', name);
  if (name.endsWith('.d.ts') && !reached.has(file)) rmSync(file);
}
