import { Redis, type RedisOptions } from 'ioredis';
import { OurSmsConfigError } from '../errors/oursms-config.error.js';
import { isRedisClient } from './check-engine-options.js';
import { LINK_OPTIONS } from './redis-link.js';

/**
 * A connection like the one that is given, which is not made yet, and where it goes to: without its password.
 *
 * @param given Options, or a client of ioredis.
 * @throws {OurSmsConfigError} when ioredis cannot read it
 */
export function connectionLike(given: object): { redis: Redis; address: string } {
  const redis = make(given);
  const { host = 'localhost', port = 6379, path, sentinels } = redis.options;
  const sentinel = sentinels?.[0];
  const at = sentinel ? `${sentinel.host ?? 'localhost'}:${sentinel.port ?? 26379}` : `${host}:${port}`;
  return { redis, address: path ?? at };
}

function make(given: object): Redis {
  if (isRedisClient(given)) return (given as Redis).duplicate({ ...LINK_OPTIONS });
  const { url, ...options } = given as RedisOptions & { url?: string };
  try {
    return url === undefined
      ? new Redis({ ...options, ...LINK_OPTIONS })
      : new Redis(url, { ...options, ...LINK_OPTIONS });
  } catch {
    // What was thrown may show the URL, with its password.
    throw new OurSmsConfigError('bullMqEngine: connection cannot be read by ioredis.');
  }
}
