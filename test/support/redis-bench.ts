import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach } from '@jest/globals';
import { bullMqEngine, type BullMqEngineOptions } from 'nestjs-oursms/bullmq';
import type { QueueEngine } from '../../lib/queue/durable-queue.js';
import { eventually } from '../contract/queue/engine-under-test.js';
import { LogRecorder } from './application.js';
import { TestRedis } from './redis.js';
import { reachRedis, type RedisAtHand } from './redis-at-hand.js';
import { TcpRelay } from './tcp-relay.js';

/** Long enough for a slow machine, short enough to wait for. */
const LEASE_MS = 2_000;

/** Redis servers and engines of a test's own, ended after it, and what was logged meanwhile. */
export class RedisBench {
  logs = new LogRecorder();
  prefix = '';
  readonly #servers: TestRedis[] = [];
  readonly #reached: RedisAtHand[] = [];
  readonly #relays: TcpRelay[] = [];
  readonly #engines: QueueEngine[] = [];

  /** One for each test of a suite. */
  static forEach(): RedisBench {
    const bench = new RedisBench();
    beforeEach(() => bench.#begin());
    afterEach(() => bench.#end());
    return bench;
  }

  /** A Redis that others may use as well. */
  async reach(): Promise<RedisAtHand> {
    const redis = await reachRedis();
    this.#reached.push(redis);
    this.prefix = `${redis.prefix}-${randomUUID()}`;
    return redis;
  }

  /** @param settings Of the server, such as `['--maxmemory', '10mb']`. */
  async redis(...settings: string[]): Promise<TestRedis> {
    const server = await TestRedis.start(...settings);
    this.#servers.push(server);
    return server;
  }

  async relay(server: RedisAtHand): Promise<TcpRelay> {
    const relay = await TcpRelay.to(server.connection);
    this.#relays.push(relay);
    return relay;
  }

  /** Opens another engine on the same queues. */
  async open(server: RedisAtHand, options: BullMqEngineOptions = {}): Promise<QueueEngine> {
    const settings = { connection: server.connection, prefix: this.prefix, leaseMs: LEASE_MS, ...options };
    const engine = await bullMqEngine(settings).openEngine({ account: 'default', find: () => undefined });
    this.#engines.push(engine);
    return engine;
  }

  untilAnswers(engine: QueueEngine): Promise<void> {
    return eventually('Redis answers', () =>
      engine.note('probe', '').then(
        () => true,
        () => false,
      ),
    );
  }

  #begin(): void {
    this.logs = new LogRecorder();
    Logger.overrideLogger(this.logs);
    this.prefix = randomUUID();
  }

  async #end(): Promise<void> {
    for (const server of this.#servers) server.freeze(false);
    await Promise.all(this.#engines.splice(0).map((engine) => engine.close()));
    await Promise.all(this.#relays.splice(0).map((relay) => relay.close()));
    await Promise.all([...this.#servers.splice(0), ...this.#reached.splice(0)].map((redis) => redis.remove()));
    Logger.overrideLogger(['log', 'error', 'warn']);
  }
}
