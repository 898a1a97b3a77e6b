import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, it } from '@jest/globals';
import type { Redis, RedisOptions } from 'ioredis';
import { GivenRedis } from './given-redis.js';
import { TestRedis } from './redis.js';

/** A Redis that a test can write to, and whoever else. */
export interface RedisAtHand {
  readonly connection: Pick<RedisOptions, 'username' | 'password' | 'db' | 'tls'> & { host: string; port: number };
  readonly url: string;
  /** What all keys that are written there start with: the rest belongs to others. */
  readonly prefix: string;
  /** A client; whoever asks for it disconnects it. */
  client(): Redis;
  /** Leaves nothing there. */
  remove(): Promise<void>;
}

const canStart = await promisify(execFile)('redis-server', ['--version']).then(
  () => true,
  () => false,
);
const given = process.env.REDIS_URL || undefined;

/**
 * A server of its own, or what the environment variable `REDIS_URL` names where none can be started.
 *
 * @param settings Of a server of its own.
 */
export async function reachRedis(...settings: string[]): Promise<RedisAtHand> {
  return canStart || given === undefined ? TestRedis.start(...settings) : GivenRedis.reach(given);
}

// `left-out-reporter.mjs` tells of what these leave out.

/** Tests that write to a Redis, and let others do so as well. */
export const describeWithRedis = canStart || given !== undefined ? describe : describe.skip;

/** Tests that restart their Redis, let it stand still or set it up, or that cannot choose what their keys start with. */
export const describeWithOwnRedis = canStart ? describe : describe.skip;

/** Such a test among others. */
export const itWithOwnRedis = canStart ? it : it.skip;
