import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../support/child.mjs';
import { printTable } from '../support/figures.mjs';

const TOP = 40;

/** Where `send()` spends its time: the functions with the most self time of a CPU profile. */
export async function profileSend({ quick }) {
  const directory = await mkdtemp(join(tmpdir(), 'oursms-profile-'));
  const server = new Child(new URL('./server.mjs', import.meta.url));
  const flags = ['--cpu-prof', '--cpu-prof-interval=200', `--cpu-prof-dir=${directory}`];
  const worker = new Child(new URL('./worker.mjs', import.meta.url), ['oursms', await server.hears()], flags);
  try {
    await worker.hears();
    await worker.ask({ forMs: quick ? 500 : 8_000 });
    await worker.end();
    const [file] = await readdir(directory);
    printSelfTimes(JSON.parse(await readFile(join(directory, file), 'utf8')));
  } finally {
    await worker.end();
    await server.end();
    await rm(directory, { recursive: true, force: true });
  }
  return { missed: [] };
}

function printSelfTimes({ nodes, samples, timeDeltas }) {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map();
  samples.forEach((id, i) => times.set(names.get(id), (times.get(names.get(id)) ?? 0) + timeDeltas[i]));
  times.delete('(idle)');
  times.delete('(program)');
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  const top = [...times].sort(([, a], [, b]) => b - a).slice(0, TOP);
  printTable(
    ['self time in send()', '%'],
    top.map(([name, time]) => [name, ((time / total) * 100).toFixed(1)]),
  );
}

function nameOf({ functionName, url, lineNumber }) {
  const place = url.replace(/^.*\/(node_modules|dist)\//, (_, folder) => (folder === 'dist' ? 'dist/' : ''));
  return `${functionName || '(anonymous)'}${place === '' ? '' : `  ${place}:${lineNumber + 1}`}`;
}
