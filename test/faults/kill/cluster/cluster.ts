import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { TestRedis } from '../../../support/redis.js';
import { Seeded } from '../../../support/seeded.js';
import type { Life } from '../account-for.js';
import { mergeAccounts } from '../campaign-account.js';
import { DownloadsWatch } from '../downloads-watch.js';
import { readJournal } from '../journal.js';
import { CampaignSeries } from './campaign-series.js';
import { accountForCluster, type ClusterAccount } from './cluster-account.js';
import { Instance } from './instance.js';
import { readMoves, type Still } from './moves.js';
import { ReportStream } from './report-stream.js';
import { settingsOf } from './settings.js';
import { CLUSTER_MOMENTS, TROUBLES, type ClusterMoment, type Trouble, type TroubleHands } from './troubles.js';

/** How a cluster is troubled. */
export interface ClusterPlan {
  /** The plan is the same for a seed; when its troubles fall is not. */
  seed: number;
  /** How many troubles there are. */
  rounds: number;
  unknownOutcome: 'never' | 'guarded';
  /** Whether each instance keeps a download in a directory of its own until Redis has it. */
  hasSpool?: boolean;
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
/** On a busy machine. */
const LAST_PATIENCE_MS = 90_000;
const END_MS = 30_000;

interface Running {
  life: Life;
  instance: Instance;
}

/** Three instances of an application on one Redis, and a gateway, between which much goes wrong. */
export class Cluster implements TroubleHands {
  readonly leaseMs = LEASE_MS;
  readonly #random: Seeded;
  readonly #lives: Life[] = [];
  readonly #places: Running[] = [];
  readonly #processes = new Set<Instance>();
  readonly #still: Still[] = [];
  readonly #faults: string[] = [];
  readonly #sends = new EventEmitter<{ request: [] }>().setMaxListeners(0);
  readonly #watch = new DownloadsWatch((asked) => this.#lives.findLast((life) => life.asked === asked)?.number ?? -1);
  #gateway!: GatewaySimulator;
  #redis!: TestRedis;
  #folder!: string;
  #reports!: ReportStream;
  #campaigns!: CampaignSeries;
  #spare: Instance | undefined;
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
    cluster.#watch.watch(cluster.#gateway);
    try {
      return await cluster.#run();
    } finally {
      for (const one of cluster.#processes) one.signal('SIGKILL');
      await Promise.all([...cluster.#processes].map(({ ended }) => ended));
      cluster.#watch.stop();
      await cluster.#gateway.stop();
      await cluster.#redis.remove();
      await rm(cluster.#folder, { recursive: true });
    }
  }

  async kill(place: number): Promise<void> {
    await this.#end(this.#at(place), 'SIGKILL');
    this.#begin(place);
  }

  async freeze(place: number, ms: number): Promise<void> {
    const { life, instance } = this.#at(place);
    const still: Still = { life: life.number, from: Date.now(), to: Infinity };
    this.#still.push(still);
    instance.signal('SIGSTOP');
    await wait(ms);
    instance.signal('SIGCONT');
    still.to = Date.now();
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
      instances: () => this.#places.map(({ instance }) => instance),
      troubles: () => this.#troubles,
    });
    for (let place = 0; place < INSTANCES; place++) this.#begin(place);
    if (!this.plan.hasNoCampaigns) this.#campaigns.begin();
    for (; this.#troubles < rounds; this.#troubles++) {
      this.#spare ??= this.#load();
      const signal = AbortSignal.timeout(MOMENT_MS);
      const parts = { watch: this.#watch, sends: this.#sends, random, latencyMs: LATENCY_MS, signal };
      const life = await random
        .pick(moments)(parts)
        .catch((error: Error) => {
          if (!signal.aborted) throw error;
          return undefined;
        });
      const place = this.#places.findIndex((one) => one.life.number === life);
      await random.pick(troubles)(this, place < 0 ? random.next(INSTANCES) : place, random);
    }
    return this.#finish();
  }

  /** Lets all come to its end, and accounts for it. */
  async #finish(): Promise<ClusterAccount> {
    await this.#campaigns.end(this.plan.patienceMs ?? LAST_PATIENCE_MS);
    this.#reports.end();
    const end = Date.now() + (this.plan.patienceMs ?? LAST_PATIENCE_MS);
    const isDownloading = (): boolean => this.#places.some(({ life }) => this.#watch.isDownloading(life.number));
    while ((this.#reports.waiting > 0 || isDownloading()) && Date.now() < end) await wait(10);
    while (!(await this.#isEmpty()) && Date.now() < end) await wait(50);
    // A gap is announced by whoever finds it, some time after the process that left it has ended.
    while ((await this.#account()).faults.length > 0 && Date.now() < end) await wait(500);
    await Promise.all(this.#places.map((running) => this.#end(running, 'SIGTERM')));
    const account = await this.#account();
    const { waiting } = this.#reports;
    if (waiting > 0) account.faults.push(`${waiting} reports are left at the gateway`);
    return account;
  }

  async #account(): Promise<ClusterAccount> {
    const { leases, still } = await readMoves(join(this.#folder, 'moves'));
    return accountForCluster({
      lives: this.#lives,
      downloads: this.#watch.downloads,
      journal: await readJournal(join(this.#folder, 'journal')),
      leases,
      still: [...this.#still, ...still],
      leaseMs: LEASE_MS,
      campaigns: mergeAccounts(this.#campaigns.accounts),
      troubles: this.#troubles,
      faults: this.#faults,
    });
  }

  async #isEmpty(): Promise<boolean> {
    for (const { instance } of this.#places) {
      const answer = await instance.answer({ kind: 'stats' }, AbortSignal.timeout(10_000));
      const { pages = -1, waiting = -1, handling = -1 } = answer?.stats ?? {};
      if (pages !== 0 || waiting !== 0 || handling !== 0) return false;
    }
    return true;
  }

  #at(place: number): Running {
    return this.#places[place] as Running;
  }

  /** A process that has loaded everything when it is needed. */
  #load(): Instance {
    const loaded = new Instance();
    this.#processes.add(loaded);
    void loaded.ended.then(() => this.#processes.delete(loaded));
    return loaded;
  }

  #begin(place: number): void {
    const number = this.#lives.length;
    const instance = this.#spare ?? this.#load();
    this.#spare = undefined;
    // Tells the downloads of instances from each other: no two of their lives ask for as many.
    const life: Life = { number, asked: 20 + (number % 480) };
    this.#lives.push(life);
    this.#places[place] = { life, instance };
    instance.on('fault', ({ what }) => this.#faults.push(`life ${number}: ${what}`));
    void instance.ended.then(({ code, signal, said }) => {
      if (life.signal !== signal) this.#faults.push(`life ${number} ended with ${signal ?? code}: ${said}`);
    });
    this.#reports.push(20);
    instance.start(
      settingsOf({
        ...{ ...this.plan, place, life, folder: this.#folder, leaseMs: LEASE_MS },
        ...{ gateway: this.#gateway.url, connection: this.#redis.connection },
      }),
    );
    this.#campaigns.welcome(place, instance);
  }

  async #end({ life, instance }: Running, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (life.endedAt !== undefined) return;
    life.signal = signal;
    life.signalledAt = Date.now();
    instance.signal(signal);
    const tooLong = setTimeout(() => instance.signal('SIGKILL'), END_MS);
    life.exit = await instance.ended;
    clearTimeout(tooLong);
    life.endedAt = Date.now();
  }
}
