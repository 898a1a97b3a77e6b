import type { DlrInboxStats, OurSmsModuleOptions } from 'nestjs-oursms';
import { ForkedProgram, type Exit } from './forked-program.js';

const PROGRAM = new URL('./polling-child.mjs', import.meta.url);

/** Settings of a polling process. */
export interface ChildSettings {
  /** The file that it appends to. */
  journal: string;
  options: OurSmsModuleOptions;
  /** Milliseconds that its listener takes for a report. */
  handlingMs: number;
  /** Whether its listener never settles. */
  neverSettles: boolean;
}

/** An application in a process of its own. It has loaded everything when it is told to start. */
export class PollingProcess {
  /** Resolves when it has ended, in whichever way. */
  readonly ended: Promise<Exit>;
  readonly #program: ForkedProgram;

  /** @param preload A module that is loaded before everything else. */
  constructor(preload?: string) {
    this.#program = new ForkedProgram(PROGRAM, preload === undefined ? undefined : new URL(preload, import.meta.url));
    this.ended = this.#program.ended;
  }

  /** Lets the application start. */
  start(settings: ChildSettings): void {
    this.#program.send(settings);
  }

  kill(signal: NodeJS.Signals): void {
    this.#program.kill(signal);
  }

  /** The statistics of its inbox. @throws Error when it ended */
  async stats(): Promise<DlrInboxStats> {
    const answer = this.#program.nextMessage() as Promise<DlrInboxStats>;
    this.#program.send('stats');
    const died = this.ended.then(({ code, signal, said }) => {
      throw new Error(`the process ended by itself (${signal ?? code}): ${said}`);
    });
    return Promise.race([answer, died]);
  }
}
