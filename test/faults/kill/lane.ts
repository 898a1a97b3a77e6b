import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import type { DlrInboxStats } from 'nestjs-oursms';
import { DEMO } from '../../support/application.js';
import { Seeded } from '../../support/seeded.js';
import { endAll } from '../../support/what-is-left.js';
import type { Evidence, Life } from './account-for.js';
import { DownloadsWatch } from './downloads-watch.js';
import { readJournal } from './journal.js';
import { MOMENTS, type Moment } from './moments.js';
import { PollingProcess } from './polling-process.js';

/** How a lane is run. */
export interface LanePlan {
  /** The plan is the same for a seed; when its ends fall is not. */
  seed: number;
  /** How many processes are ended. */
  rounds: number;
  signal: 'SIGKILL' | 'SIGTERM';
  /** Which moments they are ended in. Default: all. */
  moments?: readonly Moment[];
  /** A module that each process but the last loads before everything else. */
  preload?: string;
  /** Keeps reports in the memory of the processes. */
  storage?: 'memory';
  /** Whether every other process has a listener that never settles. */
  neverSettles?: boolean;
  /** Milliseconds that the moment of an end is waited for. */
  patienceMs?: number;
  /** Milliseconds for a request. Default: more than any of these tests can need. */
  timeoutMs?: number;
  /** Tells the gateway what shall go wrong until the last process is started. */
  play?: (faults: GatewaySimulator['faults'], seed: number) => void;
}

/** Reports at the gateway beyond which it gets no new ones. */
const MOST_WAITING = 150;
const LATENCY_MS = 16;
const LONG_TIMEOUT_MS = 60_000;
/** Time for running listeners when their process is asked to end. */
const SHUTDOWN_MS = 500;
/** Time for the rest of the shutdown, on a busy machine. */
const END_MS = 10_000;
/** A life whose moment does not come, because the machine is slow, is ended all the same. */
const PATIENCE_MS = 30_000;
const LAST_PATIENCE_MS = 60_000;

interface Running {
  life: Life;
  process: PollingProcess;
}

/**
 * A gateway and a directory that outlive the processes which are ended on them, one after the other. The last process may
 * run to the end.
 */
export class Lane {
  readonly #random: Seeded;
  readonly #lives: Life[] = [];
  readonly #processes = new Set<PollingProcess>();
  readonly #watch = new DownloadsWatch((asked) => this.#lives.findLast((life) => life.asked === asked)?.number ?? -1);
  #gateway!: GatewaySimulator;
  #folder!: string;
  #pushed = 0;
  #startMs = 300;
  #pushing = true;

  private constructor(private readonly plan: LanePlan) {
    this.#random = new Seeded(plan.seed);
  }

  /** Runs a lane to its end. */
  static async run(plan: LanePlan): Promise<Evidence> {
    const lane = new Lane(plan);
    lane.#folder = await mkdtemp(join(tmpdir(), 'oursms-kill-'));
    lane.#gateway = await GatewaySimulator.start({
      onRequest: (request) => {
        lane.#watch.note(request);
        lane.#push(lane.#random.next(60), 8);
      },
    });
    lane.#watch.watch(lane.#gateway);
    try {
      return await lane.#run();
    } finally {
      for (const one of lane.#processes) one.kill('SIGKILL');
      await endAll(
        () => Promise.all([...lane.#processes].map(({ ended }) => ended)),
        () => lane.#watch.stop(),
        () => lane.#gateway.stop(),
        () => rm(lane.#folder, { recursive: true }),
      );
    }
  }

  async #run(): Promise<Evidence> {
    const { rounds, play, seed } = this.plan;
    this.#gateway.faults.chance('latency', 0.5, { ms: LATENCY_MS, seed, on: 'dlrs' });
    play?.(this.#gateway.faults, seed);
    let current = this.#begin(this.#load(this.plan.preload));
    for (let round = 0; round < rounds; round++) {
      const next = this.#load(round < rounds - 1 ? this.plan.preload : undefined);
      await this.#untilItsMoment(current.life);
      // Sometimes the next process is there before the last one is gone, as in a deployment, and waits for its directory.
      const isEarly = this.plan.storage !== 'memory' && this.#random.next(4) === 0;
      const early = isEarly ? this.#begin(next) : undefined;
      await this.#end(current, this.plan.signal);
      current = early ?? this.#begin(next);
    }
    this.#gateway.faults.clear();
    this.#pushing = false;
    const stats = await this.#drain(current.process);
    await this.#end(current, 'SIGTERM');
    const left = this.#gateway.waitingReports('demo').length;
    return {
      lives: this.#lives,
      downloads: this.#watch.downloads,
      mayTimeOut: this.plan.timeoutMs !== undefined,
      journal: await readJournal(join(this.#folder, 'journal')),
      left,
      stats,
    };
  }

  /** A process that has loaded everything when it is needed. */
  #load(preload?: string): PollingProcess {
    const loaded = new PollingProcess(preload);
    this.#processes.add(loaded);
    void loaded.ended.then(() => this.#processes.delete(loaded));
    return loaded;
  }

  #begin(process: PollingProcess): Running {
    const number = this.#lives.length;
    // Tells a life's downloads from those of its neighbours.
    const asked = 20 + (number % 30);
    const life: Life = { number, asked };
    this.#lives.push(life);
    // Once in a while all listeners fail for some time, and a pile of reports is to be offered again.
    this.#push(asked, number % 10 === 9 ? 1 : 8);
    process.start({
      journal: join(this.#folder, 'journal'),
      handlingMs: 1 + this.#random.next(3),
      neverSettles: this.plan.neverSettles === true && number < this.plan.rounds && number % 2 === 0,
      options: {
        baseUrl: this.#gateway.url,
        auth: DEMO,
        storage: this.plan.storage ?? { path: join(this.#folder, 'store') },
        http: { timeoutMs: this.plan.timeoutMs ?? LONG_TIMEOUT_MS, maxResponseBytes: 65_536 },
        dlr: {
          poll: { everyMs: 10, count: asked },
          retryDelayMs: 20,
          // A report that is with its listener when its process is killed has used up an attempt.
          maxAttempts: 1_000,
          listenerTimeoutMs: 600_000,
          shutdownTimeoutMs: SHUTDOWN_MS,
        },
      },
    });
    return { life, process };
  }

  async #untilItsMoment({ number }: Life): Promise<void> {
    const random = this.#random;
    const [watch, startMs, began] = [this.#watch, this.#startMs, Date.now()];
    const patience = AbortSignal.timeout(this.plan.patienceMs ?? PATIENCE_MS);
    void watch.nth('began', number, 1, patience).then(
      () => (this.#startMs = (startMs + Date.now() - began) / 2),
      () => undefined,
    );
    const moment = random.pick(this.plan.moments ?? MOMENTS);
    await moment({ watch, life: number, random, startMs, latencyMs: LATENCY_MS, signal: patience }).catch(
      (error: Error) => {
        if (!patience.aborted) throw error;
      },
    );
  }

  async #end({ life, process }: Running, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    life.signal = signal;
    life.signalledAt = Date.now();
    process.kill(signal);
    const tooLong = setTimeout(() => process.kill('SIGKILL'), SHUTDOWN_MS + (this.plan.timeoutMs ?? 0) + END_MS);
    life.exit = await process.ended;
    clearTimeout(tooLong);
    life.endedAt = Date.now();
  }

  /** Lets a process run until nothing is left to be done. */
  async #drain(process: PollingProcess): Promise<DlrInboxStats | undefined> {
    const end = Date.now() + LAST_PATIENCE_MS;
    const { downloads } = this.#watch;
    while (this.#gateway.waitingReports('demo').length > 0 && Date.now() < end) await wait(5);
    // A download may still be on its way; polls never overlap.
    const polls = downloads.length;
    while (downloads.length < polls + 2 && Date.now() < end) await wait(5);
    for (;;) {
      const stats = await process.stats();
      if (stats.pages + stats.waiting + stats.handling === 0 || Date.now() > end) return stats;
      await wait(20);
    }
  }

  /** Of so many new reports, one has a listener that fails for a while. */
  #push(count: number, failing: number): void {
    const waiting = this.#pushed - this.#gateway.totals.handedOut;
    if (!this.#pushing || waiting > MOST_WAITING) return;
    for (let i = 0; i < count; i++) {
      const failsUntil = this.#random.next(failing) === 0 ? Date.now() + this.#random.next(1_500) : 0;
      this.#gateway.pushReport('demo', { msgId: `m${this.#pushed++}`, status: 'delivered', failsUntil });
    }
  }
}
