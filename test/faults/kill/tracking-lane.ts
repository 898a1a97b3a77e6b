import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { OurSmsModuleOptions } from 'nestjs-oursms';
import { GatewaySimulator, type MessageRecord } from 'nestjs-oursms/testing';
import { DEMO } from '../../support/application.js';
import { Seeded } from '../../support/seeded.js';
import { endAll } from '../../support/what-is-left.js';
import { ForkedProgram } from './forked-program.js';

/** Settings of a process that sends. */
interface TrackingSettings {
  /** The file that it appends to. */
  journal: string;
  options: OurSmsModuleOptions;
  life: number;
  /** The first recipient; each message has one of its own. */
  first: number;
  concurrency: number;
  /** Messages that it sends at the most. */
  sends: number;
}

/** How a lane is run. */
export interface TrackingPlan {
  seed: number;
  /** How many processes are killed. */
  rounds: number;
  /** A module that each process but the last loads before everything else. */
  preload?: string;
}

/** A report as a listener got it. `truth`: the reference of the message that it is of. */
interface Handled {
  truth: string;
  matched?: 'msgId' | 'job' | 'dest';
  reference?: string;
}

/** Observations of a lane. */
export interface TrackingEvidence {
  rounds: number;
  /** Messages that the gateway received. */
  received: number;
  /** Reports by how they were matched, the last time that each was handled. */
  matched: Record<string, number>;
  /** What must not be. */
  faults: string[];
}

const PROGRAM = new URL('./tracking-child.mjs', import.meta.url);
const LATENCY_MS = 20;
/** Messages of a life, at the most: a recipient each. */
const MOST_SENDS = 10_000;
/** Sends that the gateway receives of a life before its process is killed, at the most. */
const MOST_BEFORE_KILL = 40;
const PATIENCE_MS = 20_000;
const LAST_PATIENCE_MS = 60_000;

/** Processes that send tracked messages and are killed on one directory, one after the other. The last one gets the rest of the reports. */
export class TrackingLane {
  readonly #random: Seeded;
  readonly #programs = new Set<ForkedProgram>();
  readonly #requests = new EventEmitter<{ send: [] }>().setMaxListeners(0);
  readonly #faults: string[] = [];
  #gateway!: GatewaySimulator;
  #folder!: string;

  private constructor(private readonly plan: TrackingPlan) {
    this.#random = new Seeded(plan.seed);
  }

  /** Runs a lane to its end. */
  static async run(plan: TrackingPlan): Promise<TrackingEvidence> {
    const lane = new TrackingLane(plan);
    lane.#folder = await mkdtemp(join(tmpdir(), 'oursms-kill-tracking-'));
    // Every other lane is at a gateway that tells the ids of requests alone.
    const acceptedMsgs = plan.seed % 2 === 0;
    const accounts = [{ ...DEMO, credits: 1_000_000_000 }];
    lane.#gateway = await GatewaySimulator.start({
      ...{ reports: false, acceptedMsgs, accounts },
      onRequest: ({ call }) => {
        if (call !== 'send') return;
        lane.#requests.emit('send');
        // A report may come before the answer, and before the kill.
        if (lane.#random.next(6) === 0) lane.#report(lane.#gateway.messages.slice(-1));
      },
    });
    try {
      return await lane.#run();
    } finally {
      for (const one of lane.#programs) one.kill('SIGKILL');
      await endAll(
        () => Promise.all([...lane.#programs].map(({ ended }) => ended)),
        () => lane.#gateway.stop(),
        () => rm(lane.#folder, { recursive: true }),
      );
    }
  }

  async #run(): Promise<TrackingEvidence> {
    const { rounds, preload, seed } = this.plan;
    this.#gateway.faults.chance('latency', 0.7, { ms: LATENCY_MS, seed, on: 'send' });
    let next = this.#load(preload);
    for (let life = 0; life < rounds; life++) {
      const current = next;
      const before = this.#gateway.messages.length;
      await this.#begin(current, life, MOST_SENDS);
      next = this.#load(life < rounds - 1 ? preload : undefined);
      await this.#untilItsMoment();
      current.kill('SIGKILL');
      const { signal, code, said } = await current.ended;
      if (signal !== 'SIGKILL') this.#faults.push(`life ${life} ended with ${signal ?? code}: ${said}`);
      // Some of their reports come at once, to the next process; others much later.
      this.#report(this.#gateway.messages.slice(before).filter(() => this.#random.next(2) === 0));
    }
    await this.#begin(next, rounds, 0);
    return this.#account(next);
  }

  /** A process that has loaded everything when it is needed. */
  #load(preload?: string): ForkedProgram {
    const program = new ForkedProgram(PROGRAM, preload === undefined ? undefined : new URL(preload, import.meta.url));
    this.#programs.add(program);
    void program.ended.then(() => this.#programs.delete(program));
    return program;
  }

  async #begin(program: ForkedProgram, life: number, sends: number): Promise<void> {
    const settings: TrackingSettings = {
      ...{ journal: join(this.#folder, 'journal'), life, sends },
      first: 966_500_000_000 + life * MOST_SENDS,
      concurrency: 1 + this.#random.next(5),
      options: {
        ...{ baseUrl: this.#gateway.url, auth: DEMO, storage: { path: join(this.#folder, 'store') } },
        ...{ retry: { attempts: 1 }, tracking: {} },
        dlr: { poll: { everyMs: 10 }, maxAttempts: 1_000, retryDelayMs: 20 },
      },
    };
    const started = program.nextMessage();
    program.send(settings);
    await this.#orEnded(program, started);
  }

  /** Around a request: when it has come to the gateway, while its answer is on the way, or when that is kept. */
  async #untilItsMoment(): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for (let left = this.#random.next(MOST_BEFORE_KILL); left > 0; left--)
      await once(this.#requests, 'send', { signal });
    const end = performance.now() + this.#random.next(10 * LATENCY_MS) / 10;
    while (performance.now() < end) await new Promise(setImmediate);
  }

  #report(messages: readonly MessageRecord[]): void {
    for (const { msgId, jobId, dest, src, body } of messages) {
      const row = { status: 'delivered', dest, src, truth: body, msgId: this.#some(msgId), jobId: this.#some(jobId) };
      this.#gateway.pushReport('demo', row);
    }
  }

  #some(id: string): string | undefined {
    return this.#random.next(3) > 0 ? id : undefined;
  }

  /** Reports all that was not reported, and compares what is known of each message with the truth. */
  async #account(program: ForkedProgram): Promise<TrackingEvidence> {
    const { messages } = this.#gateway;
    const handled = await this.#reportAll();
    const references = messages.map(({ body }) => body);
    const answer = program.nextMessage() as Promise<(string[] | null)[]>;
    program.send({ references });
    const states = await this.#orEnded(program, answer);
    const matched: Record<string, number> = {};
    for (const [i, reference] of references.entries()) {
      const state = states[i]?.join();
      if (state === undefined) this.#faults.push(`${reference} reached the gateway, and has no record`);
      else if (state !== 'delivered') this.#faults.push(`${reference} is ${state}`);
      const reports = handled.filter(({ truth }) => truth === reference);
      const last = reports.at(-1);
      if (last === undefined) this.#faults.push(`the report of ${reference} was not handled`);
      else matched[last.matched ?? 'nothing'] = (matched[last.matched ?? 'nothing'] ?? 0) + 1;
      for (const { matched: by, reference: said } of reports) {
        if (by === undefined) this.#faults.push(`the report of ${reference} was not matched`);
        else if (said !== reference) this.#faults.push(`the report of ${reference} was matched with ${said}, by ${by}`);
      }
    }
    const { rounds } = this.plan;
    return { rounds, received: messages.length, matched, faults: this.#faults };
  }

  /** Reports until each message has a report that was handled: those of a download that was cut short by a kill are gone. */
  async #reportAll(): Promise<Handled[]> {
    const end = Date.now() + LAST_PATIENCE_MS;
    for (;;) {
      const handled = await this.#handled();
      const known = new Set(handled.map(({ truth }) => truth));
      const left = this.#gateway.messages.filter(({ body }) => !known.has(body));
      if (left.length === 0 || Date.now() > end) return handled;
      this.#report(left);
      await wait(1_000);
    }
  }

  async #handled(): Promise<Handled[]> {
    const text = await readFile(join(this.#folder, 'journal'), 'utf8').catch(() => '');
    return text.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as Handled];
      } catch {
        return [];
      }
    });
  }

  #orEnded<T>(program: ForkedProgram, answer: Promise<T>): Promise<T> {
    const died = program.ended.then(({ code, signal, said }) => {
      throw new Error(`the process ended by itself (${signal ?? code}): ${said}`);
    });
    return Promise.race([answer, died]);
  }
}
