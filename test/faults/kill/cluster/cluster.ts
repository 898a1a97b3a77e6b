import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { TestRedis } from '../../../support/redis.js';
import { Seeded } from '../../../support/seeded.js';
import { endAll } from '../../../support/what-is-left.js';
import { mergeAccounts } from '../campaign-account.js';
import { DownloadsWatch } from '../downloads-watch.js';
import { readJournal } from '../journal.js';
import { CampaignSeries } from './campaign-series.js';
import { accountForCluster, type ClusterAccount } from './cluster-account.js';
import { readMoves, type Still } from './moves.js';
import { Places } from './places.js';
import { ReportStream } from './report-stream.js';
import { CLUSTER_MOMENTS, TROUBLES } from './troubles.js';
import type { ClusterMoment, Trouble, TroubleAtMoment, TroubleHands } from './troubles.js';

/** How a cluster is troubled. */
export interface ClusterPlan {
  /** The plan is the same for a seed; when its troubles fall is not. */
  seed: number;
  /** How many troubles there are. */
  rounds: number;
  unknownOutcome: 'never' | 'guarded';
  /** Whether each instance keeps a download in a directory of its own until Redis has it. */
  hasSpool?: boolean;
  /** What is made first, each at a moment that is waited for: what a run must have seen, however short it is. */
  first?: readonly TroubleAtMoment[];
  moments?: readonly ClusterMoment[];
  troubles?: readonly Trouble[];
  /** A fault that each instance has, by its name in `faulty-engine.mjs`. */
  fault?: string;
  /** Milliseconds for a request that polls. Default: more than any of these tests can need. Gaps are announced after two of them. */
  timeoutMs?: number;
  /** Without campaigns: for what is shown about reports. */
  hasNoCampaigns?: boolean;
  /** Milliseconds for all to be over once nothing disturbs any more. */
  patienceMs?: number;
}

const INSTANCES = 3;
const LEASE_MS = 1_000;
const LATENCY_MS = 20;
/** A moment that does not come, because the machine is slow, is not waited for. */
const MOMENT_MS = 6 * LEASE_MS;
/** But for those that come first. */
const FIRST_MOMENT_MS = 60_000;
/** On a busy machine. */
const LAST_PATIENCE_MS = 90_000;

/** Three instances of an application on one Redis, and a gateway, between which much goes wrong. */
export class Cluster implements TroubleHands {
  readonly leaseMs = LEASE_MS;
  readonly #random: Seeded;
  readonly #still: Still[] = [];
  readonly #sends = new EventEmitter<{ request: [] }>().setMaxListeners(0);
  readonly #watch = new DownloadsWatch(
    (asked) => this.#places.lives.findLast((life) => life.asked === asked)?.number ?? -1,
  );
  #gateway!: GatewaySimulator;
  #redis!: TestRedis;
  #folder!: string;
  #reports!: ReportStream;
  #campaigns!: CampaignSeries;
  #places!: Places;
  #troubles = 0;

  private constructor(private readonly plan: ClusterPlan) {
    this.#random = new Seeded(plan.seed);
  }

  /** Runs a cluster to its end. */
  static async run(plan: ClusterPlan): Promise<ClusterAccount> {
    const cluster = new Cluster(plan);
    cluster.#folder = await mkdtemp(join(tmpdir(), 'oursms-cluster-'));
    cluster.#redis = await TestRedis.start();
    cluster.#gateway = await GatewaySimulator.start({
      accounts: ['demo', 'bulk'].map((name) => ({ username: name, password: name, credits: 1_000_000_000 })),
      onRequest: (request) => {
        if (request.call === 'send') cluster.#sends.emit('request');
        if (request.call !== 'dlrs') return;
        cluster.#watch.note(request);
        cluster.#reports.push(cluster.#random.next(60));
      },
    });
    cluster.#reports = new ReportStream(cluster.#gateway, cluster.#random);
    cluster.#places = new Places(
      {
        ...{ ...plan, folder: cluster.#folder, leaseMs: LEASE_MS },
        ...{ gateway: cluster.#gateway.url, connection: cluster.#redis.connection },
      },
      (place, instance) => {
        cluster.#reports.push(20);
        cluster.#campaigns.welcome(place, instance);
      },
    );
    cluster.#watch.watch(cluster.#gateway);
    try {
      return await cluster.#run();
    } finally {
      await endAll(
        () => cluster.#places.clear(),
        () => cluster.#watch.stop(),
        () => cluster.#gateway.stop(),
        () => cluster.#redis.remove(),
        () => rm(cluster.#folder, { recursive: true }),
      );
    }
  }

  kill(place: number): Promise<void> {
    return this.#places.kill(place);
  }

  killAll(): Promise<void> {
    return this.#places.killAll();
  }

  freeze(place: number, ms: number): Promise<void> {
    return this.#places.freeze(place, ms);
  }

  async withoutRedis(
    how: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP',
    ms: number,
    meanwhile?: () => Promise<void>,
  ): Promise<void> {
    const still: Still = { from: Date.now(), to: Infinity };
    this.#still.push(still);
    if (how === 'SIGSTOP') this.#redis.freeze();
    else await this.#redis.stop(how);
    await Promise.all([wait(ms), meanwhile?.()]);
    if (how === 'SIGSTOP') this.#redis.freeze(false);
    else await this.#redis.start();
    still.to = Date.now();
  }

  async #run(): Promise<ClusterAccount> {
    const { seed, rounds, unknownOutcome, moments = CLUSTER_MOMENTS, troubles = TROUBLES } = this.plan;
    const random = this.#random;
    this.#gateway.faults.chance('latency', 0.6, { ms: LATENCY_MS, seed });
    // Such that are still on their way when the lease of an instance that stands still has gone to another.
    const chance = this.plan.timeoutMs === undefined ? 0.04 : 0;
    this.#gateway.faults.chance('latency', chance, { ms: 2 * LEASE_MS, seed: seed + 10, on: 'dlrs' });
    this.#campaigns = new CampaignSeries({
      ...{ seed, random, gateway: this.#gateway, isGuarded: unknownOutcome === 'guarded' },
      instances: () => this.#places.instances,
      troubles: () => this.#troubles,
    });
    for (let place = 0; place < INSTANCES; place++) this.#places.begin(place);
    if (!this.plan.hasNoCampaigns) this.#campaigns.begin();
    for (; this.#troubles < rounds; this.#troubles++) {
      this.#places.prepare();
      const first = this.plan.first?.[this.#troubles];
      const [moment, trouble] = first ?? [random.pick(moments), random.pick(troubles)];
      const signal = AbortSignal.timeout(first ? FIRST_MOMENT_MS : MOMENT_MS);
      const parts = { watch: this.#watch, sends: this.#sends, random, latencyMs: LATENCY_MS, signal };
      const life = await moment(parts).catch((error: Error) => {
        if (!signal.aborted) throw error;
        return undefined;
      });
      const place = this.#places.current.findIndex(({ number }) => number === life);
      await trouble(this, place < 0 ? random.next(INSTANCES) : place, random);
    }
    return this.#finish();
  }

  /** Lets all come to its end, and accounts for it. */
  async #finish(): Promise<ClusterAccount> {
    await this.#campaigns.end(this.plan.patienceMs ?? LAST_PATIENCE_MS);
    this.#reports.end();
    const end = Date.now() + (this.plan.patienceMs ?? LAST_PATIENCE_MS);
    const isDownloading = (): boolean => this.#places.current.some(({ number }) => this.#watch.isDownloading(number));
    while ((this.#reports.waiting > 0 || isDownloading()) && Date.now() < end) await wait(10);
    while (!(await this.#isEmpty()) && Date.now() < end) await wait(50);
    // A gap is announced by the instance that finds it, some time after the process that left it has ended.
    while ((await this.#account()).faults.length > 0 && Date.now() < end) await wait(500);
    await this.#places.end();
    const account = await this.#account();
    const { waiting } = this.#reports;
    if (waiting > 0) account.faults.push(`${waiting} reports are left at the gateway`);
    return account;
  }

  async #account(): Promise<ClusterAccount> {
    const { leases, still } = await readMoves(join(this.#folder, 'moves'));
    return accountForCluster({
      lives: this.#places.lives,
      downloads: this.#watch.downloads,
      journal: await readJournal(join(this.#folder, 'journal')),
      leases,
      still: [...this.#still, ...this.#places.still, ...still],
      hasSpool: this.plan.hasSpool === true,
      leaseMs: LEASE_MS,
      campaigns: mergeAccounts(this.#campaigns.accounts),
      troubles: this.#troubles,
      faults: this.#places.faults,
    });
  }

  async #isEmpty(): Promise<boolean> {
    for (const instance of this.#places.instances) {
      const answer = await instance.answer({ kind: 'stats' }, AbortSignal.timeout(10_000));
      const { pages = -1, waiting = -1, handling = -1 } = answer?.stats ?? {};
      if (pages !== 0 || waiting !== 0 || handling !== 0) return false;
    }
    return true;
  }
}
