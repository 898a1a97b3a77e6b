import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { RedisAtHand } from './redis-at-hand.js';

/** A Redis that belongs to others. What a test writes there starts with a prefix, and nothing else is touched. */
export class GivenRedis implements RedisAtHand {
  readonly prefix = `oursms-test-${randomUUID()}`;

  private constructor(
    readonly url: string,
    readonly connection: RedisAtHand['connection'],
  ) {}

  /** @throws Error when it does not answer */
  static async reach(url: string): Promise<GivenRedis> {
    const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
    // Told by what is rejected.
    client.on('error', () => undefined);
    const { host = 'localhost', port = 6379, username, password, db, tls } = client.options;
    try {
      await client.connect();
      await client.ping();
    } catch (error) {
      throw new Error(`REDIS_URL: no Redis answers at ${host}:${port}`, { cause: error });
    } finally {
      client.disconnect();
    }
    // The name is on its certificate, also when a test goes another way to it.
    return new GivenRedis(url, { host, port, username, password, db, ...(tls && { tls: { servername: host } }) });
  }

  client(): Redis {
    return new Redis(this.connection);
  }

  async remove(): Promise<void> {
    const client = this.client();
    for await (const keys of client.scanStream({ match: `{${this.prefix}*`, count: 1_000 })) {
      if ((keys as string[]).length > 0) await client.unlink(keys as string[]);
    }
    client.disconnect();
  }
}
