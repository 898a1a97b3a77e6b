import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { DlrInboxStats, OurSmsModuleOptions } from 'nestjs-oursms';
import { DEMO } from '../../support/application.js';
import { Seeded } from '../../support/seeded.js';
import { endAll } from '../../support/what-is-left.js';
import { ForkedProgram, type Exit } from './forked-program.js';
import { readJournal } from './journal.js';

/** Settings of a process with a webhook. */
interface WebhookSettings {
  /** The file that it appends to. */
  journal: string;
  options: OurSmsModuleOptions;
  /** Milliseconds that its listener takes for a report. */
  handlingMs: number;
}

/** How a lane is run. */
export interface WebhookPlan {
  seed: number;
  /** How many processes are killed. */
  rounds: number;
  /** A module that each process but the last loads before everything else. */
  preload?: string;
  /** Keeps reports in the memory of the processes. */
  storage?: 'memory';
}

/** Observations of a lane. */
export interface WebhookEvidence {
  rounds: number;
  /** Reports of pushes that were answered with 200. */
  taken: string[];
  /** How often a push had arrived as a whole when its process was killed, and was not answered. */
  unanswered: number;
  /** Reports that listeners were done with, as often as they were. */
  handled: string[];
  /** Answers that are neither 200 nor 503, and processes that ended in another way than they should. */
  oddities: string[];
}

/** A push as the gateway sends it, and what became of it. */
interface Push {
  msgIds: string[];
  /** Its answer; undefined when none came. */
  status?: number;
  /** Whether all of it was sent. */
  isSent: boolean;
}

const PROGRAM = new URL('./webhook-child.mjs', import.meta.url);
const SECRET = 'a-secret-of-the-tests';
/** Pushes at a time. */
const AT_A_TIME = 4;
const MOST_REPORTS = 20;
/** Pushes of a life that are answered before its process is killed, at the most. */
const MOST_ANSWERS = 12;
const LAST_PATIENCE_MS = 120_000;

/** A directory that outlives the processes which take pushes and are killed on it, one after the other. The last one may end. */
export class WebhookLane {
  readonly #random: Seeded;
  readonly #evidence: WebhookEvidence;
  readonly #programs = new Set<ForkedProgram>();
  readonly #agent = new Agent({ keepAlive: true });
  /** Pushes without an answer, which the gateway repeats. */
  readonly #repeats: string[][] = [];
  #folder!: string;
  #pushed = 0;

  private constructor(private readonly plan: WebhookPlan) {
    this.#random = new Seeded(plan.seed);
    this.#evidence = { rounds: plan.rounds, taken: [], unanswered: 0, handled: [], oddities: [] };
  }

  /** Runs a lane to its end. */
  static async run(plan: WebhookPlan): Promise<WebhookEvidence> {
    const lane = new WebhookLane(plan);
    lane.#folder = await mkdtemp(join(tmpdir(), 'oursms-kill-webhook-'));
    try {
      return await lane.#run();
    } finally {
      lane.#agent.destroy();
      for (const one of lane.#programs) one.kill('SIGKILL');
      await endAll(
        () => Promise.all([...lane.#programs].map(({ ended }) => ended)),
        () => rm(lane.#folder, { recursive: true }),
      );
    }
  }

  async #run(): Promise<WebhookEvidence> {
    const { rounds, preload } = this.plan;
    let next = this.#load(preload);
    for (let round = 0; round < rounds; round++) {
      const current = next;
      const url = await this.#begin(current);
      next = this.#load(round < rounds - 1 ? preload : undefined);
      await this.#pushUntilKilled(current, url);
      this.#check(await current.ended, 'SIGKILL');
    }
    await this.#begin(next);
    await this.#drain(next);
    next.kill('SIGKILL');
    await next.ended;
    this.#evidence.handled = (await readJournal(join(this.#folder, 'journal'))).handled;
    return this.#evidence;
  }

  /** A process that has loaded everything when it is needed. */
  #load(preload?: string): ForkedProgram {
    const program = new ForkedProgram(PROGRAM, preload === undefined ? undefined : new URL(preload, import.meta.url));
    this.#programs.add(program);
    void program.ended.then(() => this.#programs.delete(program));
    return program;
  }

  /** Lets the application of a process start. Resolves to its address. */
  async #begin(program: ForkedProgram): Promise<string> {
    const settings: WebhookSettings = {
      journal: join(this.#folder, 'journal'),
      handlingMs: this.#random.next(3),
      options: {
        auth: DEMO,
        storage: this.plan.storage ?? { path: join(this.#folder, 'store') },
        // A report that is with its listener when its process is killed has used up an attempt.
        dlr: { webhook: { secret: SECRET }, maxAttempts: 1_000, retryDelayMs: 20 },
      },
    };
    const started = program.nextMessage() as Promise<{ url: string }>;
    program.send(settings);
    return (await this.#orEnded(program, started)).url;
  }

  /** Pushes, several at a time, and kills the process when so many were answered and a moment has passed. */
  async #pushUntilKilled(program: ForkedProgram, url: string): Promise<void> {
    const [answers, delayMs] = [this.#random.next(MOST_ANSWERS + 1), this.#random.next(40) / 10];
    let answered = 0;
    let isKilled = false;
    const sent: Push[] = [];
    const kill = async (): Promise<void> => {
      const end = performance.now() + delayMs;
      while (performance.now() < end) await new Promise(setImmediate);
      this.#evidence.unanswered += sent.filter(({ isSent, status }) => isSent && status === undefined).length;
      isKilled = true;
      program.kill('SIGKILL');
    };
    const killing = answers === 0 ? kill() : undefined;
    let killed: Promise<void> | undefined = killing;
    const lane = async (): Promise<void> => {
      while (!isKilled) {
        const push: Push = { msgIds: this.#repeats.shift() ?? this.#newReports(), isSent: false };
        sent.push(push);
        await this.#push(url, push);
        this.#note(push);
        if (push.status !== undefined && ++answered >= answers) killed ??= kill();
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, lane));
    await killed;
  }

  #newReports(): string[] {
    const number = this.#pushed++;
    return Array.from({ length: 1 + this.#random.next(MOST_REPORTS) }, (_, i) => `p${number}_${i}`);
  }

  #note({ msgIds, status }: Push): void {
    if (status === 200) this.#evidence.taken.push(...msgIds);
    else this.#repeats.push(msgIds);
    if (status !== undefined && status !== 200 && status !== 503) this.#evidence.oddities.push(`HTTP ${status}`);
  }

  /** Resolves when it was answered, or its connection broke. */
  #push(url: string, push: Push): Promise<void> {
    const body = JSON.stringify({ statuses: push.msgIds.map((msgId) => ({ msgId, status: 'delivered' })) });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve) => {
      const outgoing = request(`${url}/sms/reports/${SECRET}`, { method: 'POST', agent: this.#agent, headers });
      outgoing.on('finish', () => (push.isSent = true));
      outgoing.on('response', (response) => {
        push.status = response.statusCode;
        response.resume();
      });
      outgoing.on('error', () => undefined);
      outgoing.on('close', resolve);
      outgoing.end(body);
    });
  }

  /** Lets a process run until nothing is left to be done. */
  async #drain(program: ForkedProgram): Promise<void> {
    const end = Date.now() + LAST_PATIENCE_MS;
    for (;;) {
      const answer = program.nextMessage() as Promise<{ stats: DlrInboxStats }>;
      program.send('stats');
      const { pages, waiting, handling, failed, unreadable } = (await this.#orEnded(program, answer)).stats;
      if (failed + unreadable > 0) this.#evidence.oddities.push(`${failed} failed and ${unreadable} unreadable`);
      if (pages + waiting + handling === 0) return;
      if (Date.now() > end) throw new Error(`${pages} pages and ${waiting} reports are not handled`);
      await wait(20);
    }
  }

  #orEnded<T>(program: ForkedProgram, answer: Promise<T>): Promise<T> {
    const died = program.ended.then(({ code, signal, said }) => {
      throw new Error(`the process ended by itself (${signal ?? code}): ${said}`);
    });
    return Promise.race([answer, died]);
  }

  #check({ code, signal, said }: Exit, expected: string): void {
    if (signal !== expected) this.#evidence.oddities.push(`the process ended with ${signal ?? code}: ${said}`);
  }
}
