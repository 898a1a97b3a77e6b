import { Redis, type RedisOptions } from 'ioredis';
import { OurSmsConfigError } from '../errors/oursms-config.error.js';
import { isRedisClient } from './check-engine-options.js';
import { saysNoMaster } from './redis-faults.js';

/** Milliseconds to wait for an answer. */
export const ANSWER_MS = 5_000;
const LONGEST_RETRY_MS = 2_000;

/** Override the application's own options: no command waits forever, and none is sent twice. */
const CONNECTION_OPTIONS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  // Reconnects when the server is no longer the master. An application's own function could also resend the command.
  reconnectOnError: (error: Error): boolean => saysNoMaster(error),
  maxRetriesPerRequest: 0,
  connectTimeout: ANSWER_MS,
  socketTimeout: ANSWER_MS,
  commandTimeout: undefined,
  keyPrefix: '',
  // A blocking connection has nothing left to send: the process need not wait for it.
  disconnectTimeout: 50,
  retryStrategy: (times: number): number => Math.min(25 * 2 ** Math.min(times, 10), LONGEST_RETRY_MS),
} as const;

/**
 * A client for the same server as the given connection. It does not connect yet.
 *
 * @param given Options, or a client of ioredis.
 * @throws {OurSmsConfigError} when ioredis rejects the options
 */
export function connectionLike(given: object): Redis {
  if (isRedisClient(given)) return (given as Redis).duplicate({ ...CONNECTION_OPTIONS });
  const { url, ...options } = given as RedisOptions & { url?: string };
  try {
    return url === undefined
      ? new Redis({ ...options, ...CONNECTION_OPTIONS })
      : new Redis(url, { ...options, ...CONNECTION_OPTIONS });
  } catch {
    // The caught error may show the URL with its password.
    throw new OurSmsConfigError('bullMqEngine: connection cannot be read by ioredis.');
  }
}

/** The address of a client's server, for errors: host and port of it or of its first Sentinel, or the path of its socket. */
export function addressOf({ options }: Redis): string {
  const { host = 'localhost', port = 6379, path, sentinels } = options;
  const sentinel = sentinels?.[0];
  return path ?? (sentinel ? `${sentinel.host ?? 'localhost'}:${sentinel.port ?? 26379}` : `${host}:${port}`);
}
