import { EventEmitter, once } from 'node:events';
import type { CampaignFate, CampaignReport, OurSmsModuleOptions } from 'nestjs-oursms';
import { ForkedProgram } from './forked-program.js';

const PROGRAM = new URL('./campaign-child.mjs', import.meta.url);

/** The campaign that a process is to start, or to go on with. */
export interface CampaignOrder {
  id: string;
  body: string;
  /** Different numbers. Of each hundred one comes twice; as many inputs that are no numbers come on top. */
  count: number;
  /** Different texts; 0: the body is the text of all. */
  texts: number;
  /** The first number: 0 is 0500000000. */
  from: number;
  concurrency: number;
  /** Whether each process begins with sending to those again whose outcome is unknown. */
  sendsAgain: boolean;
}

/** Settings of a process. */
export interface CampaignSettings {
  options: OurSmsModuleOptions;
  order: CampaignOrder;
  /** The recipient at which it says that it is reading. */
  tellsAt: number;
}

/** The recipients of a campaign, by what they came to. */
export type CampaignLists = Record<CampaignFate, string[]>;

/** Messages of a process. `taken`: all recipients are durable. */
export type CampaignNews =
  | { kind: 'started' | 'reading' | 'taken' }
  | { kind: 'done'; report: CampaignReport }
  | { kind: 'lists'; lists: CampaignLists };

type News<Kind> = Extract<CampaignNews, { kind: Kind }>;

/** An application in a process of its own. It has loaded everything when it is told to start. */
export class CampaignProcess {
  /** Resolves to how it ended, in words. */
  readonly ended: Promise<string>;
  readonly #program: ForkedProgram;
  readonly #news = new EventEmitter().setMaxListeners(0);

  /** @param preload A module that is loaded before everything else. */
  constructor(preload?: string) {
    this.#program = new ForkedProgram(PROGRAM, preload === undefined ? undefined : new URL(preload, import.meta.url));
    this.#program.onMessage((news) => this.#news.emit((news as CampaignNews).kind, news));
    this.ended = this.#program.ended.then(({ code, signal, said }) => `${signal ?? code} ${said}`.trim());
  }

  /** Lets the application start. */
  start(settings: CampaignSettings): void {
    this.#program.send(settings);
  }

  kill(): void {
    this.#program.kill('SIGKILL');
  }

  /** Resolves to what it says next of a kind. */
  async told<Kind extends CampaignNews['kind']>(kind: Kind, signal: AbortSignal): Promise<News<Kind>> {
    const [news] = (await once(this.#news, kind, { signal })) as [News<Kind>];
    return news;
  }

  /** The lists of its campaign; the campaigns before it are forgotten then. */
  async lists(signal: AbortSignal): Promise<CampaignLists> {
    const answer = this.told('lists', signal);
    this.#program.send('lists');
    return (await answer).lists;
  }
}
