import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DlrInboxStats, OurSmsModuleOptions } from 'nestjs-oursms';

const PROGRAM = fileURLToPath(new URL('./polling-child.mjs', import.meta.url));

/** What a polling process is told. */
export interface ChildSettings {
  /** The file that it appends to. */
  journal: string;
  options: OurSmsModuleOptions;
  /** Milliseconds that its listener takes for a report. */
  handlingMs: number;
  /** Whether its listener never settles. */
  neverSettles: boolean;
}

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: string | null;
  /** What it wrote to its standard error. */
  said: string;
}

/** An application in a process of its own. It has loaded everything when it is told to start. */
export class PollingProcess {
  /** Resolves when it has ended, in whichever way. */
  readonly ended: Promise<Exit>;
  readonly #child: ChildProcess;
  #said = '';

  /** @param preload A module that is loaded before everything else. */
  constructor(preload?: string) {
    const execArgv = preload === undefined ? [] : ['--import', new URL(preload, import.meta.url).href];
    this.#child = fork(PROGRAM, { execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    // A message to a process that was killed meanwhile.
    this.#child.on('error', () => undefined);
    this.ended = once(this.#child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string | null,
      said: this.#said,
    }));
  }

  /** Lets the application start. */
  start(settings: ChildSettings): void {
    this.#child.send(settings);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The statistics of its inbox. @throws Error when it ended */
  async stats(): Promise<DlrInboxStats> {
    const answer = once(this.#child, 'message') as Promise<[DlrInboxStats]>;
    this.#child.send('stats');
    const died = this.ended.then(({ code, signal, said }) => {
      throw new Error(`the process ended by itself (${signal ?? code}): ${said}`);
    });
    const [stats] = await Promise.race([answer, died]);
    return stats;
  }
}
