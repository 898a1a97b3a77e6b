import { credentialFault } from '../errors/credential-fault.js';
import { describeFaults, OurSmsConfigError, type Fault } from '../errors/oursms-config.error.js';
import type { BullMqEngineOptions } from './bull-mq-engine.options.js';

const DEFAULT_PREFIX = 'oursms';
const DEFAULT_LEASE_MS = 5_000;
/** With a shorter lease, a process would lose its jobs during garbage collection. */
const SHORTEST_LEASE_MS = 500;
const LONGEST_LEASE_MS = 3_600_000;

const FIELDS = ['connection', 'configKey', 'prefix', 'spool', 'leaseMs'];
const CONNECTIONS = '{ host, port, … }, { url } or a client of ioredis';
const NO_CLUSTER = 'is a Redis Cluster, which is not supported: give a single server, or its Sentinels';
/** Methods of Redis clients of any library. */
const CLIENT_METHODS = ['duplicate', 'connect', 'sendCommand', 'send', 'defineCommand'];

/** Checked options, with defaults. */
export type EngineOptions = BullMqEngineOptions & { prefix: string; leaseMs: number };

/**
 * Checks the options of an engine and fills in the defaults.
 *
 * @throws {OurSmsConfigError} that names every faulty field, and shows no value
 */
export function checkEngineOptions(given: unknown): EngineOptions {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new OurSmsConfigError('bullMqEngine: its options must be an object, such as { connection: { url } }.');
  }
  const options = given as Record<string, unknown>;
  const { connection, configKey, leaseMs = DEFAULT_LEASE_MS, prefix = DEFAULT_PREFIX, spool } = options;
  const unknown = Object.keys(options).filter((name) => !FIELDS.includes(name));
  const faults: Fault[] = [
    ...unknown.map((field) => ({ field, reason: `is not known: the options are ${FIELDS.join(', ')}` })),
    ...(connection === undefined ? [] : connectionFaults(connection)),
    ...textFaults({ configKey, prefix, spool }),
  ];
  if (!isInteger(leaseMs, SHORTEST_LEASE_MS, LONGEST_LEASE_MS)) {
    const reason = `must be a whole number of milliseconds, ${SHORTEST_LEASE_MS} to ${LONGEST_LEASE_MS}`;
    faults.push({ field: 'leaseMs', reason });
  }
  if (faults.length > 0) throw new OurSmsConfigError(`bullMqEngine: ${describeFaults(faults)}.`, faults);
  return { ...options, prefix, leaseMs } as EngineOptions;
}

/** Faults of a connection. Without this check, ioredis would connect to localhost for a value that it does not know. */
export function connectionFaults(given: unknown): Fault[] {
  const field = 'connection';
  if (typeof given === 'string' || given instanceof URL) {
    return [{ field, reason: 'must be options: give a URL as connection: { url }' }];
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return [{ field, reason: `must be ${CONNECTIONS}` }];
  }
  const connection = given as Record<string, unknown>;
  if (connection.isCluster === true || 'redisOptions' in connection) return [{ field, reason: NO_CLUSTER }];
  if (isRedisClient(connection)) {
    if (!isIoredis(connection)) return [{ field, reason: `is not an ioredis client: give ${CONNECTIONS}` }];
    return databaseFaults((connection.options as Record<string, unknown> | undefined)?.db);
  }
  return addressFaults(connection);
}

/** Whether a connection is a client of any library, and not options. */
export const isRedisClient = (connection: object): boolean =>
  CLIENT_METHODS.some((name) => typeof (connection as Record<string, unknown>)[name] === 'function');

const isIoredis = ({ duplicate, getBuiltinCommands }: Record<string, unknown>): boolean =>
  typeof duplicate === 'function' && typeof getBuiltinCommands === 'function';

function addressFaults(connection: Record<string, unknown>): Fault[] {
  const { url, host, port, path, db, username, password, sentinelUsername, sentinelPassword } = connection;
  const faults = textFaults({ 'connection.host': host, 'connection.path': path });
  for (const [name, value] of Object.entries({ username, password, sentinelUsername, sentinelPassword })) {
    const reason = typeof value === 'string' ? credentialFault(value) : undefined;
    if (reason !== undefined) faults.push({ field: `connection.${name}`, reason });
  }
  // A `url` that is present but undefined would mean localhost.
  if ('url' in connection && !isRedisUrl(url)) {
    const reason = 'must be a URL as redis://host:6379/0 or rediss://host:6379, its password percent-encoded';
    faults.push({ field: 'connection.url', reason });
  }
  if (port !== undefined && !isInteger(typeof port === 'string' ? Number(port) : port, 1, 65_535)) {
    faults.push({ field: 'connection.port', reason: 'must be a whole number from 1 to 65535' });
  }
  return [...faults, ...databaseFaults(db)];
}

/** An unescaped password in a URL ends up partly in the host and partly in the number of the database. */
function databaseFaults(db: unknown): Fault[] {
  if (db === undefined || db === null || isInteger(typeof db === 'string' ? Number(db) : db, 0, 65_535)) return [];
  const reason = 'must be the number of a database: in a URL, is the password percent-encoded?';
  return [{ field: 'connection.db', reason }];
}

const textFaults = (fields: Record<string, unknown>): Fault[] =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined && (typeof value !== 'string' || value.trim() === ''))
    .map(([field]) => ({ field, reason: 'must be a string that is not empty' }));

const isInteger = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

/**
 * URLs that all parsers read alike. A `/`, `?`, `#` or white space in a password would make a part of the password the host, which
 * errors show.
 */
const REDIS_URL =
  /^rediss?:\/\/(?:[^\s/?#\\]*@)?(?:\[[\da-fA-F:.]+\]|[^\s/?#@\\:[\]]+)(?::\d{1,5})?(?:\/\d*)?(?:\?[^\s#@\\]*)?$/;

const isRedisUrl = (value: unknown): boolean =>
  typeof value === 'string' && REDIS_URL.test(value) && URL.canParse(value);
