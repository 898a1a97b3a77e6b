import { randomUUID } from 'node:crypto';
import { Campaigns, OurSmsModule, type Campaign, type OurSmsModuleOptions } from 'nestjs-oursms';
import { bullMqEngine } from 'nestjs-oursms/bullmq';
import { GatewaySimulator, type GatewaySimulatorOptions } from 'nestjs-oursms/testing';
import { DEMO, startApplication, until, type TestApplication } from './application.js';
import { normalized } from './campaign-bench.js';
import type { RedisAtHand } from './redis-at-hand.js';
import { TcpRelay } from './tcp-relay.js';

/** How long an instance may be gone before the others take over its work. */
export const LEASE_MS = 1_000;
/** What is seen elsewhere within a second, on a machine that has nothing else to do. */
const PATIENCE_MS = 20_000;

/** One of the applications that share campaigns. */
export class CampaignInstance {
  #closed: Promise<void> | undefined;

  constructor(
    readonly application: TestApplication,
    private readonly path: TcpRelay,
  ) {}

  get face(): Campaigns {
    return this.application.app.get(Campaigns);
  }

  /** A campaign, as soon as it is seen here. */
  async found(id: string): Promise<Campaign> {
    let found: Campaign | undefined;
    const end = Date.now() + PATIENCE_MS;
    while ((found = await this.face.get(id)) === undefined) {
      if (Date.now() > end) throw new Error(`no campaign ${id}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return found;
  }

  /** It vanishes, as far as Redis can tell: nothing of it arrives there any more. */
  vanish(): void {
    this.path.cut();
  }

  /** It comes back. */
  comeBack(): void {
    this.path.mend();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.application.close();
    await this.path.close();
  }
}

/** A gateway, and applications on one Redis. */
export class SharedCampaigns {
  readonly instances: CampaignInstance[] = [];
  readonly #prefix: string;

  private constructor(
    private readonly redis: RedisAtHand,
    readonly gateway: GatewaySimulator,
  ) {
    this.#prefix = `${redis.prefix}-${randomUUID()}`;
  }

  static async start(redis: RedisAtHand, simulator: GatewaySimulatorOptions = {}): Promise<SharedCampaigns> {
    const accounts = [{ ...DEMO, credits: 10_000_000 }];
    return new SharedCampaigns(redis, await GatewaySimulator.start({ accounts, ...simulator }));
  }

  /** Starts another application. @param how.isAway Redis cannot be reached until it comes back. */
  async join(options: Partial<OurSmsModuleOptions> = {}, { isAway = false } = {}): Promise<CampaignInstance> {
    const path = await TcpRelay.to(this.redis.connection);
    if (isAway) path.cut();
    const connection = { ...this.redis.connection, ...path.connection };
    const storage = bullMqEngine({ connection, prefix: this.#prefix, leaseMs: LEASE_MS });
    const account = { baseUrl: this.gateway.url, auth: DEMO, storage, retry: { delayMs: 5 } };
    const instance = new CampaignInstance(
      await startApplication([OurSmsModule.forRoot({ ...account, ...options })]),
      path,
    );
    this.instances.push(instance);
    return instance;
  }

  /** Starts so many applications. */
  async joinAll(count: number, options: Partial<OurSmsModuleOptions> = {}): Promise<CampaignInstance[]> {
    return Promise.all(Array.from({ length: count }, () => this.join(options)));
  }

  /** The keys in Redis, but for those that end by themselves, and the mark of the format. */
  async keys(): Promise<string[]> {
    const client = this.redis.client();
    try {
      const keys = (await client.keys(`*${this.#prefix}*`)).filter((key) => !key.endsWith('/format'));
      const times = await Promise.all(keys.map((key) => client.ttl(key)));
      return keys.filter((_, i) => times[i] === -1);
    } finally {
      client.disconnect();
    }
  }

  /** When the gateway got each request to send. */
  get times(): number[] {
    return this.gateway.requests.filter(({ call }) => call === 'send').map(({ at }) => at);
  }

  /** The recipients of each request to send. */
  get sent(): string[][] {
    return this.gateway.requests
      .filter(({ call }) => call === 'send')
      .map(({ params }) => (params.dests ?? '').split(','));
  }

  async untilUnderWay(requests = 1): Promise<void> {
    await until('it is under way', () => this.times.length >= requests, PATIENCE_MS);
  }

  /** How often messages reached each of so many phones: the counts that occur. */
  reached(count: number, from = 0): number[] {
    const counts = Array.from({ length: count }, (_, i) => this.gateway.phone(normalized(from + i)).length);
    return [...new Set(counts)].sort();
  }

  async remove(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.close()));
    await this.gateway.stop();
  }
}
