import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { DEMO, until } from '../../support/application.js';
import { Seeded } from '../../support/seeded.js';
import { endAll } from '../../support/what-is-left.js';
import { accountForCampaign, type CampaignAccount, type CampaignEvidence } from './campaign-account.js';
import { CAMPAIGN_MOMENTS, type CampaignMoment } from './campaign-moments.js';
import { CampaignProcess, type CampaignOrder } from './campaign-process.js';

/** How a lane is run. */
export interface CampaignLanePlan {
  /** The plan is the same for a seed; when its kills fall is not. */
  seed: number;
  /** How many processes are killed. */
  rounds: number;
  unknownOutcome: 'never' | 'guarded';
  /** Milliseconds for a request, and before a guarded repeat. */
  timeoutMs: number;
  /** Milliseconds that messages take through the gateway: before that, they are no twins of anything. */
  routeDelayMs?: number;
  /** Whether each process begins with sending to those again whose outcome is unknown. */
  sendsAgain?: boolean;
  /** The moments of kills. Default: all. */
  moments?: readonly CampaignMoment[];
  /** A module that each process loads before everything else, but for the last of a campaign. */
  preload?: string;
  /** Keeps campaigns in the memory of the processes. */
  storage?: 'memory';
  /** Tells the gateway what shall go wrong until the last process of a campaign is started. */
  play?: (faults: GatewaySimulator['faults'], seed: number) => void;
}

const LATENCY_MS = 24;
/** A process without what its moment waits for is killed all the same. */
const PATIENCE_MS = 2_000;
/** For an undisturbed process to end a campaign, on a busy machine. */
const LAST_PATIENCE_MS = 90_000;

/** A campaign, the gateway that it is sent to, and what is known of its processes. */
interface Running {
  order: CampaignOrder;
  gateway: GatewaySimulator;
  requests: EventEmitter<{ request: [accepted: number] }>;
  isTaken: boolean;
  faults: string[];
}

/** Campaigns, one after the other, whose processes are killed; the last process of each may run to its end. */
export class CampaignLane {
  readonly #random: Seeded;
  readonly #processes = new Set<CampaignProcess>();
  #folder!: string;
  #startMs = 300;

  private constructor(private readonly plan: CampaignLanePlan) {
    this.#random = new Seeded(plan.seed);
  }

  /** Runs a lane to its end. */
  static async run(plan: CampaignLanePlan): Promise<CampaignAccount[]> {
    const lane = new CampaignLane(plan);
    lane.#folder = await mkdtemp(join(tmpdir(), 'oursms-kill-'));
    const accounts: CampaignAccount[] = [];
    try {
      for (let left = plan.rounds; left > 0;) {
        const kills = Math.min(left, 3 + lane.#random.next(6));
        accounts.push(await lane.#campaign(accounts.length, kills));
        left -= kills;
      }
      return accounts;
    } finally {
      for (const one of lane.#processes) one.kill();
      await endAll(
        () => Promise.all([...lane.#processes].map(({ ended }) => ended)),
        () => rm(lane.#folder, { recursive: true }),
      );
    }
  }

  async #campaign(number: number, kills: number): Promise<CampaignAccount> {
    const { unknownOutcome, routeDelayMs = 0, play, preload } = this.plan;
    const seed = this.plan.seed + number * 1_000;
    const requests = new EventEmitter<{ request: [accepted: number] }>().setMaxListeners(0);
    const gateway = await GatewaySimulator.start({
      ...{ accounts: [{ ...DEMO, credits: 1_000_000_000 }], routeDelayMs },
      onRequest: ({ call }) => void (call === 'send' && requests.emit('request', gateway.totals.accepted)),
    });
    gateway.faults.chance('latency', 0.8, { ms: LATENCY_MS, seed, on: 'send' });
    play?.(gateway.faults, seed);
    const running: Running = { order: this.#order(number), gateway, requests, isTaken: false, faults: [] };
    try {
      let current = this.#begin(running, this.#load(preload));
      for (let kill = 1; kill <= kills; kill++) {
        const next = this.#load(kill < kills ? preload : undefined);
        await this.#untilItsMoment(running, current);
        if (kill === kills) gateway.faults.clear();
        // Sometimes the next process is there before the last one is gone, and waits for its directory.
        const isEarly = this.plan.storage !== 'memory' && this.#random.next(4) === 0;
        if (isEarly) this.#begin(running, next);
        await this.#kill(running, current);
        current = isEarly ? next : this.#begin(running, next);
      }
      const end = await this.#end(current).catch((error: Error) => void running.faults.push(error.message));
      await this.#kill(running, current);
      // Whatever the gateway holds goes out before it is looked at what reached the phones.
      await until('all messages are sent', () => gateway.totals.sent === gateway.totals.accepted);
      const { order } = running;
      const account = accountForCampaign({ order, gateway, kills, end, isGuarded: unknownOutcome === 'guarded' });
      return { ...account, faults: [...running.faults, ...account.faults] };
    } finally {
      await gateway.stop();
    }
  }

  /** Few large requests, or many small ones; and such whose recipients are made durable in several writes. */
  #order(number: number): CampaignOrder {
    const random = this.#random;
    const usual = { count: 3_000 + 100 * random.next(70), texts: random.pick([0, 0, 40, 150]) };
    const shape = random.pick([
      { ...usual, concurrency: 1 + random.next(6) },
      { ...usual, concurrency: 1 + random.next(6) },
      { count: 20_000 + 100 * random.next(200), texts: 0, concurrency: 2 + random.next(6) },
      { count: 1_500, texts: 1_050, concurrency: 16 },
    ]);
    return {
      ...{ id: `campaign ${number}/${this.plan.seed}`, body: `Half price on day ${number}` },
      ...{ from: number * 50_000, sendsAgain: this.plan.sendsAgain === true, ...shape },
    };
  }

  /** A process that has loaded everything when it is needed. */
  #load(preload?: string): CampaignProcess {
    const loaded = new CampaignProcess(preload);
    this.#processes.add(loaded);
    void loaded.ended.then(() => this.#processes.delete(loaded));
    return loaded;
  }

  #begin(running: Running, process: CampaignProcess): CampaignProcess {
    const { timeoutMs, unknownOutcome, storage = { path: join(this.#folder, 'store') } } = this.plan;
    const { order, gateway } = running;
    process.start({
      order,
      tellsAt: this.#random.next(order.count),
      options: {
        ...{ baseUrl: gateway.url, auth: DEMO, storage },
        http: { timeoutMs },
        retry: { unknownOutcome, delayMs: 5 },
      },
    });
    return process;
  }

  /** Resolves at the moment in which a process is to be killed: at the latest when its campaign is done. */
  async #untilItsMoment(running: Running, process: CampaignProcess): Promise<void> {
    const random = this.#random;
    const [startMs, began] = [this.#startMs, Date.now()];
    const over = new AbortController();
    const signal = AbortSignal.any([AbortSignal.timeout(PATIENCE_MS + this.plan.timeoutMs), over.signal]);
    const ignore = (): void => undefined;
    process.told('started', signal).then(() => (this.#startMs = (startMs + Date.now() - began) / 2), ignore);
    process.told('taken', signal).then(() => (running.isTaken = true), ignore);
    const done = process.told('done', signal).catch(ignore);
    const { moments = CAMPAIGN_MOMENTS[running.isTaken ? 'after' : 'before'] } = this.plan;
    const { requests: gateway, order } = running;
    const parts = { process, gateway, random, count: order.count, startMs, latencyMs: LATENCY_MS, signal };
    const moment = random
      .pick(moments)(parts)
      .catch((error: Error) => {
        if (!signal.aborted) throw error;
      });
    await Promise.race([moment, done]);
    over.abort();
  }

  async #kill({ faults, order }: Running, process: CampaignProcess): Promise<void> {
    process.kill();
    const how = await process.ended;
    if (how !== 'SIGKILL') faults.push(`${order.id}: a process ended with ${how}`);
  }

  /** Lets a process run until its campaign is done. */
  async #end(process: CampaignProcess): Promise<CampaignEvidence['end']> {
    const signal = AbortSignal.timeout(LAST_PATIENCE_MS);
    const died = process.ended.then((how) => Promise.reject(new Error(`the last process ended by itself: ${how}`)));
    const run = async (): Promise<CampaignEvidence['end']> => {
      const { report } = await process.told('done', signal);
      return { report, lists: await process.lists(signal) };
    };
    return Promise.race([run(), died]);
  }
}
