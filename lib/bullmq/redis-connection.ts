import { Redis, type RedisOptions } from 'ioredis';
import { OurSmsConfigError } from '../errors/oursms-config.error.js';
import { LINK_OPTIONS } from './redis-link.js';

/** What an ioredis client has that a plain set of options has not. */
type Duplicable = Pick<Redis, 'duplicate' | 'options'>;

/**
 * A connection like the one that is given, which is not made yet, and where it goes to: without its password.
 *
 * @throws {OurSmsConfigError} when it is neither options nor a client of ioredis
 */
export function connectionLike(given: object): { redis: Redis; address: string } {
  const redis = make(given);
  const { host = 'localhost', port = 6379, path, sentinels } = redis.options;
  const sentinel = sentinels?.[0];
  const at = sentinel ? `${sentinel.host ?? 'localhost'}:${sentinel.port ?? 26379}` : `${host}:${port}`;
  return { redis, address: path ?? at };
}

function make(given: object): Redis {
  if (isClient(given) && !('defineCommand' in given && !('isCluster' in given && given.isCluster === true))) {
    throw new OurSmsConfigError('bullMqEngine: connection must be options, or a client of ioredis that is no cluster.');
  }
  if (isClient(given)) return given.duplicate({ ...LINK_OPTIONS });
  const { url, ...options } = given as RedisOptions & { url?: string };
  return url === undefined
    ? new Redis({ ...options, ...LINK_OPTIONS })
    : new Redis(url, { ...options, ...LINK_OPTIONS });
}

const isClient = (given: object): given is Duplicable =>
  'duplicate' in given && typeof given.duplicate === 'function' && 'options' in given;
