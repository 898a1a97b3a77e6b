import { EventEmitter, once } from 'node:events';
import type { CampaignReport, DlrInboxStats, OurSmsModuleOptions } from 'nestjs-oursms';
import type { BullMqEngineOptions } from 'nestjs-oursms/bullmq';
import type { CampaignLists, CampaignOrder } from '../campaign-process.js';
import { ForkedProgram, type Exit } from '../forked-program.js';

const PROGRAM = new URL('./child.mjs', import.meta.url);

/** A campaign of several instances. */
export interface SharedOrder extends CampaignOrder {
  /** Requests a second. */
  rate?: number;
}

/** Settings that an instance process receives at its start. */
export interface InstanceSettings {
  life: number;
  /** The file that what is handled is appended to. */
  journal: string;
  /** The file that its leases are appended to. */
  moves: string;
  redis: BullMqEngineOptions;
  /** The name of a fault of `faulty-engine.mjs`. */
  fault?: string;
  /** Milliseconds that its listener takes for a report. */
  handlingMs: number;
  /** The account that polls. */
  reports: OurSmsModuleOptions;
  /** The account of the campaigns. */
  bulk: OurSmsModuleOptions;
}

/** Requests to an instance. */
export type Question =
  | { kind: 'campaign'; order: SharedOrder; starts: boolean }
  | { kind: 'lists' | 'remove'; id: string }
  | { kind: 'stats' };

/** Messages of an instance. */
export type InstanceNews =
  | { kind: 'started' }
  | { kind: 'taken'; id: string }
  | { kind: 'done'; id: string; report: CampaignReport }
  | { kind: 'lists'; id: string; lists: CampaignLists }
  | { kind: 'stats'; stats: DlrInboxStats }
  | { kind: 'fault'; what: string };

type News<Kind> = Extract<InstanceNews, { kind: Kind }>;

/** One of several applications, in a process of its own. It has loaded everything when it is told to start. */
export class Instance {
  /** Resolves when it has ended, in whichever way. */
  readonly ended: Promise<Exit>;
  readonly #program = new ForkedProgram(PROGRAM);
  readonly #news = new EventEmitter().setMaxListeners(0);

  constructor() {
    this.#program.onMessage((news) => this.#news.emit((news as InstanceNews).kind, news));
    this.ended = this.#program.ended;
  }

  /** Lets the application start. */
  start(settings: InstanceSettings): void {
    this.#program.send(settings);
  }

  /** Sends a signal; `SIGSTOP` suspends it. */
  signal(signal: NodeJS.Signals): void {
    this.#program.kill(signal);
  }

  /** Asks it something; one that was killed on purpose has no answer. */
  ask(question: Question): void {
    this.#program.send(question);
  }

  /** Calls back for each thing of a kind that it says. */
  on<Kind extends InstanceNews['kind']>(kind: Kind, heard: (news: News<Kind>) => void): void {
    this.#news.on(kind, heard);
  }

  /** Asks, and resolves to the answer; to undefined when it ended before, or had no answer in time. */
  async answer<Kind extends 'lists' | 'stats'>(
    question: Question & { kind: Kind },
    patience: AbortSignal,
  ): Promise<News<Kind> | undefined> {
    const heard = once(this.#news, question.kind, { signal: patience }).then(
      ([news]) => news as News<Kind>,
      () => undefined,
    );
    this.ask(question);
    return Promise.race([heard, this.ended.then(() => undefined)]);
  }
}
