import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { RedisAtHand } from './redis-at-hand.js';
import { endWithSuite } from './what-is-left.js';

const START_MS = 20_000;

/** A Redis server of a test's own: on a free port of 127.0.0.1, in a directory of its own, durable unless told otherwise. */
export class TestRedis implements RedisAtHand {
  /** That of an engine which is not told another. */
  readonly prefix = 'oursms';
  #process: ChildProcess | undefined;
  #forget: () => void = () => undefined;

  private constructor(
    readonly directory: string,
    readonly port: number,
    private readonly settings: readonly string[],
  ) {}

  /** @param settings Further settings, such as `['--maxmemory', '10mb']`; the last of a name counts. */
  static async start(...settings: string[]): Promise<TestRedis> {
    const directory = await mkdtemp(join(tmpdir(), 'oursms-redis-'));
    const redis = new TestRedis(directory, await freePort(), settings);
    try {
      await redis.start();
    } catch (error) {
      await redis.remove();
      throw error;
    }
    return redis;
  }

  get connection(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.port };
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, with what it has kept. Resolves when it answers. */
  async start(): Promise<void> {
    const durable = [
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
      '--save',
      '',
      '--maxmemory-policy',
      'noeviction',
    ];
    const place = ['--bind', '127.0.0.1', '--port', String(this.port), '--dir', this.directory, '--daemonize', 'no'];
    this.#forget = endWithSuite(() => this.remove());
    this.#process = spawn('redis-server', [...place, ...durable, ...this.settings], { stdio: 'ignore' });
    const end = performance.now() + START_MS;
    while (!(await this.#answers())) {
      if (performance.now() > end || this.#process.exitCode !== null) throw new Error('redis-server did not start');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends it, as an operator does (`SIGTERM`) or a fault (`SIGKILL`). What it keeps stays. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    this.#forget();
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    // A suspended process takes SIGKILL as it is.
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    child.kill(signal);
    await ended;
  }

  /** Lets it stand still, or go on. */
  freeze(isFrozen = true): void {
    this.#process?.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Ends it, and removes what it has kept. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** A client; whoever asks for it disconnects it. */
  client(): Redis {
    return new Redis({ ...this.connection, lazyConnect: false });
  }

  async #answers(): Promise<boolean> {
    const client = new Redis({
      ...this.connection,
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      // It answers with an error while it reads what it has kept.
      return (await client.ping()) === 'PONG';
    } catch {
      return false;
    } finally {
      client.disconnect();
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
