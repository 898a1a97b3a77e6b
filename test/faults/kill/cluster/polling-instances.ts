import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { until } from '../../../support/application.js';
import { TestRedis } from '../../../support/redis.js';
import { endAll } from '../../../support/what-is-left.js';
import { DownloadsWatch, type Download } from '../downloads-watch.js';
import { readJournal } from '../journal.js';
import { leaseFaults } from './leases-account.js';
import { readMoves } from './moves.js';
import { Places } from './places.js';
import { accountForReports, type ReportsAccount } from './reports-account.js';

export const LEASE_MS = 1_000;

/** What instances are set up with. */
export interface PollingPlan {
  /** Milliseconds between polls. */
  everyMs?: number;
  /** A fault that each instance has, by its name in `faulty-engine.mjs`. */
  fault?: string;
}

/** Three instances of an application on one Redis, of which one polls: whatever happens to them is up to a test. */
export class PollingInstances {
  #pushed = 0;

  private constructor(
    readonly places: Places,
    readonly gateway: GatewaySimulator,
    readonly watch: DownloadsWatch,
    private readonly redis: TestRedis,
    private readonly folder: string,
  ) {}

  /** Resolves when all have started, and one polls. */
  static async start(plan: PollingPlan = {}): Promise<PollingInstances> {
    const folder = await mkdtemp(join(tmpdir(), 'oursms-polling-'));
    const redis = await TestRedis.start();
    const watch: DownloadsWatch = new DownloadsWatch(
      (asked) => places.lives.findLast((life) => life.asked === asked)?.number ?? -1,
    );
    const accounts = ['demo', 'bulk'].map((name) => ({ username: name, password: name }));
    const onRequest = (request: Parameters<DownloadsWatch['note']>[0]): void => watch.note(request);
    const gateway = await GatewaySimulator.start({ accounts, onRequest });
    watch.watch(gateway);
    const connection = { ...redis.connection };
    const common = { ...plan, folder, connection, leaseMs: LEASE_MS, unknownOutcome: 'never' as const };
    const places = new Places({ ...common, gateway: gateway.url });
    const polling = new PollingInstances(places, gateway, watch, redis, folder);
    try {
      await Promise.all([0, 1, 2].map((place) => polling.#begin(place)));
      await until('one instance polls', () => watch.downloads.length > 0, 60_000);
      return polling;
    } catch (error) {
      await polling.remove();
      throw error;
    }
  }

  /** Puts so many reports into the gateway's inbox. */
  push(count: number): void {
    for (let i = 0; i < count; i++) {
      this.gateway.pushReport('demo', { msgId: `m${this.#pushed++}`, status: 'delivered', failsUntil: 0 });
    }
  }

  /** The place of the instance that made a download. */
  placeOf({ life }: Download): number {
    return this.places.current.findIndex(({ number }) => number === life);
  }

  /** The next download that another life makes. @throws Error when there is none in time */
  async takenOver(from: number, withinMs: number): Promise<Download> {
    const signal = AbortSignal.timeout(withinMs);
    for (;;) {
      const download = await this.watch.next('began', signal).catch((error: Error) => {
        throw signal.aborted ? new Error(`nobody took over within ${withinMs} ms`) : error;
      });
      if (download.life !== from) return download;
    }
  }

  async untilAllHandled(): Promise<void> {
    const path = join(this.folder, 'journal');
    const handled = async (): Promise<number> => new Set((await readJournal(path)).handled).size;
    await until('all reports are handled', async () => (await handled()) === this.#pushed, 30_000);
  }

  /** Resolves when the reports are handled and that is durable: a kill from then on makes none come again. */
  async untilAllSettled(): Promise<void> {
    await this.untilAllHandled();
    await until('no report waits for its durable outcome', () => this.#isEmpty(), 30_000);
  }

  /** Whether nothing is left of the inbox that all share, as one of them sees it. */
  async #isEmpty(): Promise<boolean> {
    for (const [place, { endedAt }] of this.places.current.entries()) {
      if (endedAt !== undefined) continue;
      const answer = await this.places.instances[place]?.answer({ kind: 'stats' }, AbortSignal.timeout(5_000));
      const { pages = -1, waiting = -1, handling = -1 } = answer?.stats ?? {};
      if (pages !== 0 || waiting !== 0 || handling !== 0) return false;
    }
    return true;
  }

  /** Ends all, and accounts for what they did. Nothing but a process that had no turn excuses downloads side by side. */
  async end(): Promise<ReportsAccount> {
    await this.places.end();
    const { lives } = this.places;
    const { downloads } = this.watch;
    const { leases, still } = await readMoves(join(this.folder, 'moves'));
    const journal = await readJournal(join(this.folder, 'journal'));
    const reports = accountForReports({ lives, downloads, journal, still, hasSpool: false });
    const led = leaseFaults({ lives, downloads, leases, still, leaseMs: LEASE_MS });
    return { ...reports, faults: [...this.places.faults, ...reports.faults, ...led] };
  }

  async remove(): Promise<void> {
    await endAll(
      () => this.places.clear(),
      () => this.watch.stop(),
      () => this.gateway.stop(),
      () => this.redis.remove(),
      () => rm(this.folder, { recursive: true }),
    );
  }

  async #begin(place: number): Promise<void> {
    this.places.begin(place);
    const instance = this.places.instances[place];
    let hasStarted = false;
    instance?.on('started', () => (hasStarted = true));
    await until('an instance has started', () => hasStarted, 60_000);
  }
}
