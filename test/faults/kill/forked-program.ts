import { fork, type ChildProcess } from 'node:child_process';
import { endWithSuite } from '../../support/what-is-left.js';

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: string | null;
  /** What it wrote to its standard error. */
  said: string;
}

/** A program of these tests in a process of its own, which ends with the suite at the latest. */
export class ForkedProgram {
  /** Resolves when it has ended, in whichever way. Never rejects. */
  readonly ended: Promise<Exit>;
  readonly #child: ChildProcess;

  /** @param preload The URL of a module that is loaded before everything else. */
  constructor(program: URL, preload?: URL) {
    const forget = endWithSuite(() => {
      this.kill('SIGKILL');
      return this.ended;
    });
    const execArgv = preload === undefined ? [] : ['--import', preload.href];
    const child = fork(program, { execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child = child;
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    // A message that did not reach a process which was killed. How the process ended tells whether that is a fault.
    child.on('error', () => undefined);
    // Not by `events.once`: it rejects when such a message comes before the end.
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        forget();
        resolve({ code, signal, said });
      });
    });
  }

  /** Sends it a message, which a process that is gone does not get. */
  send(message: object | string): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** Calls back for each message. */
  onMessage(heard: (message: unknown) => void): void {
    this.#child.on('message', heard);
  }

  /** Resolves to its next message. */
  nextMessage(): Promise<unknown> {
    return new Promise((resolve) => this.#child.once('message', resolve));
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
