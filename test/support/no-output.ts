import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { afterAll, afterEach } from '@jest/globals';

// Jest runs this before each spec file: a test that prints fails. What a test sees of a log, it asserts on; figures of a
// long run go to `report-line.ts`.

/** Node's own note on `--experimental-vm-modules`, which comes once in each worker. */
const VM_MODULES = /^\(node:\d+\) ExperimentalWarning: VM Modules/;

const { console: jestConsole } = globalThis;
const streams = [process.stdout, process.stderr];
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is only put back where it was
const writes = streams.map((stream) => stream.write);
let printed = '';

/** Stands in for `write` of a stream. */
function write(chunk: string | Uint8Array, ...more: unknown[]): boolean {
  const text = Buffer.from(chunk).toString();
  if (!VM_MODULES.test(text)) printed += text;
  const done = more.find((one) => typeof one === 'function');
  if (done) process.nextTick(done);
  return true;
}

function failIfPrinted(): void {
  const text = printed;
  printed = '';
  if (text !== '')
    throw new Error(`A test must not print, nor what runs before or after it. This was printed:\n${text}`);
}

globalThis.console = new Console(new Writable({ write: (chunk: Buffer, _, done) => (write(chunk), done()) }));
for (const stream of streams) stream.write = write;

afterEach(failIfPrinted);
afterAll(() => {
  // The streams are those of the worker, which goes on to other files. What an `afterAll` of the spec file prints comes later
  // than this, and is seen.
  streams.forEach((stream, i) => (stream.write = writes[i]!));
  globalThis.console = jestConsole;
  failIfPrinted();
});
