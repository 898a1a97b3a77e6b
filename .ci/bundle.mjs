// Writes dist/, the package, from .build/, where the compiler has put the JavaScript and the declarations of lib/:
// few files, which load faster and compress better than hundreds, and stay readable. Part of `npm run build`.
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const [built, dist] = [join(root, '.build'), join(root, 'dist')];
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.values(manifest.exports).filter((entry) => typeof entry === 'object');
const commands = Object.values(manifest.bin);
const inDist = (path) => relative(dist, join(root, path));
const inputs = (files, end) => Object.fromEntries(files.map((file) => [file.slice(0, -end.length), join(built, file)]));
const isPackage = (id) => !/^[./]/.test(id);

/** The modules that the root entry loads when an application starts. */
const ACCOUNT = [
  'module/account.js',
  'module/account-lifecycle.js',
  'options/resolve-options.js',
  'inbox/hiding-listeners.js',
];

rmSync(dist, { recursive: true, force: true });
await bundleCode([...entries.map((entry) => inDist(entry.default)), ...commands.map(inDist)]);
await bundleDeclarations(entries.map((entry) => inDist(entry.types)));

/** Bundles the entries, and the modules that several of them share, with those that are loaded with them. */
async function bundleCode(files) {
  const bundle = await rollup({
    input: inputs(files, '.js'),
    external: (id) => isPackage(id) && id !== 'tslib',
    plugins: [
      {
        name: 'built-modules',
        // The helpers of decorators become a part of the package.
        resolveId: (id) => (id === 'tslib' ? join(root, 'node_modules/tslib/tslib.es6.mjs') : undefined),
        transform: (code) => ({ code: indentWithTabs(code), map: null }),
      },
    ],
    treeshake: {
      // A package that none of a module's code uses any more is not loaded for its effects, with this exception.
      moduleSideEffects: (id, isPackage) => !isPackage || id === 'reflect-metadata',
      unknownGlobalSideEffects: false,
    },
    onLog(level, { message }) {
      if (level === 'warn') throw new Error(message);
    },
  });
  const { output } = await bundle.generate({
    format: 'es',
    chunkFileNames: 'shared/[name].js',
    hoistTransitiveImports: false,
    minifyInternalExports: false,
    manualChunks: (id, { getModuleInfo }) => chunkOf(id, getModuleInfo),
  });
  await bundle.close();
  for (const { fileName, code } of output) {
    // Nest prints names of classes, and stack traces those of functions.
    refuse(fileName, renamedIn(code));
    write(fileName, code);
  }
  for (const file of commands.map(inDist)) chmodSync(join(dist, file), statSync(join(built, file)).mode | 0o111);
}

/** The chunk of a module that several entries share; undefined leaves it to the entry that alone uses it. */
function chunkOf(id, getModuleInfo) {
  const path = relative(built, id);
  const room = path.split('/', 1)[0];
  // Without Nest: nestjs-oursms-gateway loads no more than that.
  if (room === 'message') return 'message';
  if (room === 'errors' || path === 'version.js') return 'errors';
  if (room === 'queue') return 'queue';
  if (path.startsWith('testing/simulator/')) return 'simulator';
  // The only code that needs the validators. An account loads it at bootstrap, and others without an account.
  if (path === 'dto/check-shape.js') return 'check-shape';
  const loads = (entry) => reached(join(built, entry), getModuleInfo).has(id);
  if (loads('index.js')) return path === 'index.js' ? undefined : 'core';
  return ACCOUNT.some(loads) ? 'account' : undefined;
}

/** What a module imports statically, itself included. */
function reached(start, getModuleInfo) {
  const modules = new Set([start]);
  for (const id of modules) for (const imported of getModuleInfo(id)?.importedIds ?? []) modules.add(imported);
  return modules;
}

/** Names of classes and functions that the bundler changed, to tell them from those of other modules. */
function renamedIn(code) {
  const names = [];
  const visit = (node) => {
    const named = ts.isClassLike(node) || ts.isFunctionDeclaration(node) || ts.isFunctionExpression(node);
    const isFunction = (value) => value && (ts.isArrowFunction(value) || ts.isClassLike(value));
    const variable = ts.isVariableDeclaration(node) && isFunction(node.initializer);
    const name = (named || variable) && node.name?.getText(file);
    if (name && /\$\d+$/.test(name)) names.push(name);
    ts.forEachChild(node, visit);
  };
  const file = ts.createSourceFile('chunk.js', code, ts.ScriptTarget.Latest);
  visit(file);
  return names;
}

/** Replaces the spaces that the compiler indents with, but for those in texts of several lines. */
function indentWithTabs(code) {
  const file = ts.createSourceFile('module.js', code, ts.ScriptTarget.Latest);
  const lines = code.split('\n');
  const texts = new Set();
  const visit = (node) => {
    if (node.kind >= ts.SyntaxKind.FirstTemplateToken && node.kind <= ts.SyntaxKind.LastTemplateToken) {
      const [first, last] = [node.getStart(file), node.end].map((at) => file.getLineAndCharacterOfPosition(at).line);
      for (let line = first + 1; line <= last; line += 1) texts.add(line);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return lines
    .map((line, i) => (texts.has(i) ? line : line.replace(/^(?: {4})+/, (spaces) => '\t'.repeat(spaces.length / 4))))
    .join('\n');
}

/** Bundles the declarations of the entries: those of one entry alone are in its file, all others in a shared one. */
async function bundleDeclarations(files) {
  const bundle = await rollup({
    input: inputs(files, '.d.ts'),
    external: isPackage,
    plugins: [dts()],
    onLog(level, { message }) {
      // The types of engines and telemetry: an application names them by the types of the options.
      if (level === 'warn' && !message.includes('private shared type exports')) throw new Error(message);
    },
  });
  const rooms = files.map(dirname).filter((room) => room !== '.');
  const { output } = await bundle.generate({
    format: 'es',
    entryFileNames: '[name].d.ts',
    chunkFileNames: 'shared/[name].d.ts',
    minifyInternalExports: false,
    manualChunks: (id) => {
      const path = relative(built, id);
      return files.includes(path) || rooms.some((room) => path.startsWith(`${room}/`)) ? undefined : 'declarations';
    },
  });
  await bundle.close();
  for (const { fileName, code } of output) {
    refuse(
      fileName,
      code.match(/(?<=^(?:declare )?(?:abstract )?(?:type|interface|class|const|function) )\w+\$\d+/gm) ?? [],
    );
    // An import for its effect has no meaning in a declaration.
    write(fileName, indentWithTabs(code.replace(/^import '[^']+';\n/gm, '')));
  }
}

function refuse(fileName, renamed) {
  if (renamed.length > 0) throw new Error(`${fileName}: two modules declare the same name: ${renamed.join(', ')}`);
}

function write(file, text) {
  mkdirSync(dirname(join(dist, file)), { recursive: true });
  writeFileSync(join(dist, file), text);
}
