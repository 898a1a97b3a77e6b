import type { ConnectionOptions } from 'bullmq';

/** Options of `bullMqEngine()`. */
export interface BullMqEngineOptions {
  /**
   * The Redis server: `{ host, port, password, tls }`, `{ url }`, `{ sentinels, name }`, or a client of ioredis, whose options are
   * used for a new connection. Redis Cluster is not supported. Default: the connection of the application's
   * `BullModule.forRoot()`.
   */
  connection?: ConnectionOptions;
  /** Without `connection`: the `configKey` of the application's `BullModule.forRoot(configKey, …)`. */
  configKey?: string;
  /**
   * Prefix of all keys in Redis, where it stands in braces. Applications that share a Redis and have an account of the same name
   * need different prefixes: otherwise they take each other's reports. Default: `oursms`.
   */
  prefix?: string;
  /**
   * A directory on a local disk that stores a download until Redis has it, since the gateway has already deleted it. Each process
   * needs its own directory. Default: none; a download that Redis does not accept stays in memory.
   */
  spool?: string;
  /**
   * Lease time in milliseconds, 500 to 3600000: other processes then take over the work of a suspended or dead process.
   * Default: 5000.
   */
  leaseMs?: number;
}
