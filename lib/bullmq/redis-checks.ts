import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { formatFault, formatOf } from '../queue/store-format.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';

/** Oldest supported version of Redis: BullMQ recommends it, and our scripts need it. */
const OLDEST = [6, 2] as const;

/**
 * Format of the data in Redis. Since format 2, jobs are records of this module, and no longer the jobs of BullMQ. This version
 * reads format 1, too.
 */
const FORMAT = 2;
/** Suffix of the format mark while the store may still contain jobs of format 1. */
const FROM_EARLIER = ' from 1';

/** Callers count each text twice, and Redis was measured to need three times its length while it reads the text. */
const MEMORY_FACTOR = 1.5;

/** Keys that one SCAN examines. */
const SCAN_COUNT = 1_000;

/** A section of INFO. */
type Info = ReadonlyMap<string, string>;

/** Checks whether a Redis server can be used, and warns about settings that may lose data. */
export class RedisChecks {
  readonly #logger = new Logger('OurSmsRedis');
  #hasWarned = false;
  #mayAskInfo = false;
  #hasEarlierJobs = false;

  constructor(private readonly keys: RedisKeys) {}

  /** Whether this user may call INFO. */
  get mayAskInfo(): boolean {
    return this.#mayAskInfo;
  }

  /** Whether version 0.1.0 may have left jobs in BullMQ. */
  get hasEarlierJobs(): boolean {
    return this.#hasEarlierJobs;
  }

  /** @returns why the server cannot be used; undefined when it can */
  async inspect(link: RedisLink): Promise<OurSmsStorageError | undefined> {
    const unwritable = await this.#writeFault(link);
    if (unwritable) return unwritable;
    const server = await infoOf(link, 'server');
    this.#mayAskInfo = server !== undefined;
    const version = server?.get('redis_version');
    if (version !== undefined && isOlder(version)) {
      return link.faults.unsuited(`is of version ${version}: at least ${OLDEST.join('.')} is needed`);
    }
    const newer = await this.#formatFault(link);
    if (newer) return newer;
    if (!this.#hasWarned) await this.#warn(link);
    this.#hasWarned = true;
    return undefined;
  }

  /** @throws {OurSmsStorageError} unless that many bytes can be written now, as far as INFO shows */
  async checkRoom(link: RedisLink, bytes: number): Promise<void> {
    const memory = await link.run(() => infoOf(link, 'memory'));
    const most = Number(memory?.get('maxmemory') ?? 0);
    // With these policies Redis evicts keys to make room, which was warned of.
    if (most === 0 || memory?.get('maxmemory_policy')?.startsWith('allkeys-')) return;
    const free = Math.max(0, most - Number(memory?.get('used_memory') ?? 0));
    const needed = Math.ceil(MEMORY_FACTOR * bytes);
    if (needed > free) {
      throw link.faults.full(
        `is low on memory: ${needed} bytes are needed, and ${free} of ${most} (maxmemory) are free. Raise maxmemory`,
      );
    }
  }

  /** Makes a write that changes nothing. A replica, a node of a cluster, or a server where this user may not write refuses it. */
  async #writeFault(link: RedisLink): Promise<OurSmsStorageError | undefined> {
    try {
      await link.runUnchecked((redis) => redis.del(this.keys.probe));
      return undefined;
    } catch (error) {
      const fault = error as OurSmsStorageError;
      // Reads work meanwhile, and writes resume by themselves.
      return fault.fault === 'full' ? undefined : fault;
    }
  }

  /** Marks the store with its format. @returns why this version cannot read the store; undefined when it can */
  async #formatFault(link: RedisLink): Promise<OurSmsStorageError | undefined> {
    const mark = await link.runUnchecked((redis) => redis.get(this.keys.format));
    const found = formatOf(mark);
    const fault = formatFault(found, FORMAT);
    if (fault !== undefined) return link.faults.unsuited(`contains a store (prefix ${this.keys.prefix}) that ${fault}`);
    this.#hasEarlierJobs = found === FORMAT ? mark !== String(FORMAT) : await this.#hasQueues(link);
    if (found !== FORMAT) {
      const text = `${FORMAT}${this.#hasEarlierJobs ? FROM_EARLIER : ''}`;
      // Redis refuses the mark while its memory is full, but reads work meanwhile.
      await link.runUnchecked((redis) => redis.set(this.keys.format, text)).catch(() => undefined);
    }
    return undefined;
  }

  /** Whether BullMQ has keys under our prefix. In a store without a format mark, they are of version 0.1.0. */
  async #hasQueues(link: RedisLink): Promise<boolean> {
    const pattern = `${this.keys.prefix.replace(/[*?[\]\\]/g, '\\$&')}:*`;
    let cursor = '0';
    do {
      const from = cursor;
      const page = await link.runUnchecked((redis) =>
        redis.scan(from, 'MATCH', pattern, 'COUNT', SCAN_COUNT).catch(undefinedIfDenied),
      );
      if (page === undefined) return true;
      const [next, found] = page;
      if (found.length > 0) return true;
      cursor = next;
    } while (cursor !== '0');
    return false;
  }

  async #warn(link: RedisLink): Promise<void> {
    const at = `Redis at ${link.faults.address}`;
    const [memory, persistence] = [await infoOf(link, 'memory'), await infoOf(link, 'persistence')];
    if (!memory || !persistence) {
      this.#logger.warn(`Cannot check memory and persistence of ${at}: grant this user INFO (ACL: +info)`);
      // ioredis would call INFO on each connect, and log the refusal.
      await link.runUnchecked(async (redis) => (redis.options.enableReadyCheck = false));
      return;
    }
    const policy = memory.get('maxmemory_policy');
    if (policy !== undefined && policy !== 'noeviction') {
      this.#logger.warn(
        `${at} may evict reports and campaigns when its memory is full: set maxmemory-policy noeviction`,
      );
    }
    if (persistence.get('aof_enabled') === '1') return this.#logSyncPolicy(link, at);
    if (persistence.get('aof_enabled') !== '0') return;
    const snapshots = await settingOf(link, 'save');
    const keeps =
      snapshots === ''
        ? 'has no persistence: reports and campaigns are lost when it stops'
        : `persists by snapshots only${snapshots === undefined ? ', if at all' : ''}: later writes are lost when it stops`;
    this.#logger.warn(`${at} ${keeps}; set appendonly yes`);
  }

  async #logSyncPolicy(link: RedisLink, at: string): Promise<void> {
    const sync = await settingOf(link, 'appendfsync');
    if (sync === undefined || sync === 'always') return;
    const lost = sync === 'everysec' ? 'up to two seconds' : 'half a minute or more';
    this.#logger.log(
      `${at} may lose the writes of ${lost} when its machine fails; with appendfsync always it loses none`,
    );
  }
}

/** Undefined where this user may not call INFO. */
async function infoOf(link: RedisLink, section: string): Promise<Info | undefined> {
  const text = await link.runUnchecked((redis) => redis.info(section).catch(undefinedIfDenied));
  return text === undefined ? undefined : parseInfo(text);
}

/** Undefined where the server denies CONFIG, such as a managed one. */
async function settingOf(link: RedisLink, name: string): Promise<string | undefined> {
  const read = (redis: Redis): Promise<unknown> => redis.config('GET', name).catch(undefinedIfDenied);
  const answer = await link.runUnchecked(read);
  const value: unknown = Array.isArray(answer) ? answer[1] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Handles the error of a command that this user may not call, or that the provider has removed. */
function undefinedIfDenied(error: Error): undefined {
  if (/\bNOPERM\b|^ERR /.test(error.message)) return undefined;
  throw error;
}

const parseInfo = (text: string): Info =>
  new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : [];
    }),
  );

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}
