import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), 'hold-store.mjs');

/** Another process that opens the directory of a store. */
export class StoreHolder {
  private constructor(
    private readonly child: ChildProcessByStdio<Writable, Readable, null>,
    /** `open`, or the code of the error that LevelDB gave. */
    readonly outcome: string,
  ) {}

  static async start(path: string): Promise<StoreHolder> {
    const child = spawn(process.execPath, [SCRIPT, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    return new StoreHolder(child, said.toString().trim());
  }

  /** Closes the store and ends. */
  async end(): Promise<void> {
    this.child.stdin.end();
    await this.#exited();
  }

  /** Ends as a process does that the kernel or a person kills. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exited();
  }

  async #exited(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }
}
