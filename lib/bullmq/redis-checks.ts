import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';

/** What BullMQ recommends, and our scripts need. */
const OLDEST = [6, 2] as const;

/** Looks at how a Redis server is set up. */
export class RedisChecks {
  readonly #logger = new Logger('OurSmsRedis');
  #hasLooked = false;

  constructor(private readonly keys: RedisKeys) {}

  /** @returns why it cannot be used, if so */
  async inspect(link: RedisLink): Promise<OurSmsStorageError | undefined> {
    const refusal = await this.#refusal(link);
    if (refusal) return refusal;
    const server = await infoOf(link, 'server');
    const version = server.get('redis_version');
    if (version !== undefined && isOlder(version)) {
      return link.faults.unsuited(`is of version ${version}: at least ${OLDEST.join('.')} is needed`);
    }
    if (!this.#hasLooked) await this.#warn(link);
    this.#hasLooked = true;
    return undefined;
  }

  /** @throws {OurSmsStorageError} unless so many bytes can be written now */
  async checkRoom(link: RedisLink, bytes: number): Promise<void> {
    const memory = parseInfo(await link.run((redis) => redis.info('memory')));
    const most = Number(memory.get('maxmemory') ?? 0);
    // With these policies Redis makes room itself: of that it was warned.
    if (most === 0 || memory.get('maxmemory_policy')?.startsWith('allkeys-')) return;
    const used = Number(memory.get('used_memory') ?? 0);
    if (used + bytes > most) {
      throw link.faults.full(`has too little memory left: ${used} of ${most} bytes (maxmemory) are used; give it more`);
    }
  }

  /** Writes what changes nothing: a replica refuses it, a node of a cluster, and one where this user may not. */
  async #refusal(link: RedisLink): Promise<OurSmsStorageError | undefined> {
    try {
      await link.runLast((redis) => redis.del(this.keys.probe));
      return undefined;
    } catch (error) {
      const fault = error as OurSmsStorageError;
      // It can be read meanwhile, and goes on by itself.
      return fault.fault === 'full' ? undefined : fault;
    }
  }

  async #warn(link: RedisLink): Promise<void> {
    const at = `Redis at ${link.faults.address}`;
    const policy = (await infoOf(link, 'memory')).get('maxmemory_policy');
    if (policy !== undefined && policy !== 'noeviction') {
      this.#logger.warn(`${at} may delete what is kept in it when its memory is full: set maxmemory-policy noeviction`);
    }
    const persistence = await infoOf(link, 'persistence');
    const isAppending = persistence.get('aof_enabled') === '1';
    const snapshots = await settingOf(link, 'save');
    if (!isAppending && snapshots === '') {
      this.#logger.warn(`${at} keeps nothing on a disk: what is in it is lost when it ends; set appendonly yes`);
    } else if (!isAppending && snapshots !== undefined) {
      this.#logger.warn(
        `${at} writes to its disk only now and then: what is younger is lost when it ends; set appendonly yes`,
      );
    } else if (isAppending) {
      const sync = await settingOf(link, 'appendfsync');
      if (sync === undefined || sync === 'always') return;
      const lost = sync === 'everysec' ? 'up to a second or two' : 'half a minute or more';
      this.#logger.log(
        `${at} may lose ${lost} of what it took when its machine ends: appendfsync always loses nothing`,
      );
    }
  }
}

/** What Redis says of itself; nothing where it does not. */
async function infoOf(link: RedisLink, section: string): Promise<Map<string, string>> {
  return parseInfo(await link.runLast((redis) => redis.info(section)).catch(() => ''));
}

/** Undefined where a server does not tell, such as a managed one. */
async function settingOf(link: RedisLink, name: string): Promise<string | undefined> {
  const read = (redis: Redis): Promise<unknown> => redis.config('GET', name);
  const answer = await link.runLast(read).catch(() => undefined);
  const value: unknown = Array.isArray(answer) ? answer[1] : undefined;
  return typeof value === 'string' ? value : undefined;
}

const parseInfo = (text: string): Map<string, string> =>
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
