import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';

const START_MS = 20_000;
const LOOK_MS = 50;

/** Whether a Redis server can be started here. */
export const hasRedis = () => spawnSync('redis-server', ['--version']).status === 0;

/** A Redis server of its own that keeps everything, each write on the disk before it is answered. */
export class BenchRedis {
  #process;
  #directory;
  #client;
  #before;
  #most;
  #looks;
  #timer;

  static async start() {
    const redis = new BenchRedis();
    await redis.#start();
    return redis;
  }

  async #start() {
    this.#directory = await mkdtemp(join(tmpdir(), 'oursms-bench-redis-'));
    this.port = await freePort();
    const place = ['--bind', '127.0.0.1', '--port', String(this.port), '--dir', this.#directory];
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
    this.#process = spawn('redis-server', [...place, ...durable], { stdio: 'ignore' });
    this.#client = new Redis({ host: '127.0.0.1', port: this.port, retryStrategy: () => 20 });
    this.#client.on('error', () => undefined);
    const late = wait(START_MS, undefined, { ref: false }).then(() =>
      Promise.reject(new Error('redis-server is late')),
    );
    await Promise.race([this.#client.ping(), late]);
  }

  get connection() {
    return { host: '127.0.0.1', port: this.port };
  }

  /** Counts from now on, and looks at the memory again and again. */
  async begin() {
    const { commands, memory } = await this.#figures();
    this.#before = { commands, memory };
    this.#most = memory;
    this.#looks = 0;
    const look = async () => {
      this.#looks += 1;
      this.#most = Math.max(this.#most, (await this.#figures()).memory);
    };
    this.#timer = setInterval(() => void look().catch(() => undefined), LOOK_MS);
  }

  /** Commands since `begin`, and the most memory that was seen over what there was then, in bytes. */
  async end() {
    clearInterval(this.#timer);
    const { commands, memory } = await this.#figures();
    const { commands: before, memory: least } = this.#before;
    return { commands: commands - before - this.#looks - 1, memory: Math.max(this.#most, memory) - least };
  }

  async stop() {
    this.#client.disconnect();
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #figures() {
    const info = await this.#client.info();
    const figure = (name) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)[1]);
    const [commands, memory] = [figure('total_commands_processed'), figure('used_memory')];
    return { commands, memory };
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
