/**
 * A process that opens stores with the built package, as its parent asks: `open` (path, and the package to open it with),
 * `thread` (in a worker thread), `close` (what was opened first), `child` (starts a process that opens a store when this one
 * has ended, and writes to a file what came of it), `exit` (ends, and closes nothing).
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const self = fileURLToPath(import.meta.url);
const BUILT = '../../../.build';
const engines = [];

/** @returns `open`, or why it is not. */
async function open(path, built = BUILT, ms = 300) {
  const { StoredEngine } = await import(`${built}/queue/stored-engine.js`);
  try {
    const engine = await StoredEngine.inDirectory(path, 'storage.path', { ms });
    engines.push(engine);
    await engine.note('name', 'text');
    return 'open';
  } catch ({ fault, message }) {
    return `${fault}: ${message}`;
  }
}

const acts = {
  open,
  thread: async (path) => {
    const worker = new Worker(self, { workerData: path });
    const [outcome] = await once(worker, 'message');
    await worker.terminate();
    return outcome;
  },
  close: () => engines.shift().close(),
  child: async (how, path, file) => {
    const args = ['successor', path, file, process.pid];
    const options = { stdio: 'ignore', detached: how === 'detached' };
    const child =
      how === 'forked' ? fork(self, args, { detached: true }) : spawn(process.execPath, [self, ...args], options);
    await once(child, 'spawn');
    child.unref();
    child.channel?.unref();
  },
  exit: () => process.exit(),
};

const [role, path, file, parent] = process.argv.slice(2);
if (!isMainThread) {
  parentPort.postMessage(await open(workerData));
} else if (role === 'successor') {
  process.on('disconnect', () => undefined);
  while (process.ppid === Number(parent)) await wait(20);
  writeFileSync(file, await open(path, BUILT, 2_000));
  process.exit();
} else {
  process.on('message', async ([what, ...more]) => process.send((await acts[what](...more)) ?? 'done'));
  process.send('ready');
}
