import type { ConnectionOptions } from 'bullmq';

/** How queues are kept in Redis. */
export interface BullMqEngineOptions {
  /**
   * The Redis server: what BullMQ takes as a connection, such as `{ host, port, password, tls }`, `{ url }`, `{ sentinels, name }`,
   * or an instance of ioredis, of which the settings are taken. No Redis Cluster. Default: the connection that the application
   * gave to `BullModule.forRoot()`.
   */
  connection?: ConnectionOptions;
  /** The `configKey` of the application's `BullModule.forRoot(configKey, …)`, where `connection` is not given. */
  configKey?: string;
  /**
   * Prefix of all keys in Redis, in braces. Applications that share a Redis and have an account of the same name need
   * different ones: they would take each other's reports. Default: `oursms`.
   */
  prefix?: string;
  /**
   * A directory on a local disk where a download is kept until Redis has it: the gateway has deleted it then. Each process
   * needs one of its own. Default: none; a download that Redis does not take is held in memory.
   */
  spool?: string;
  /** Lease time in milliseconds: after it, the work of a suspended or dead process is given to another, 500 to 3600000. Default: 5000. */
  leaseMs?: number;
}
