import { Queue, type IRedisTransaction, type QueueOptions, type RedisQueueBackend } from 'bullmq';
import { bullQueueName, type RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';

/** Events of BullMQ to keep: this module does not listen to them. */
const EVENTS = 100;

/** The lists that a job can stand in. */
const JOB_LISTS = ['wait', 'paused', 'prioritized', 'delayed', 'active', 'failed'];
/** Other keys of a queue; the scripts take fourteen keys in all. */
const BESIDES_JOBS = ['meta', 'id', 'pc', 'marker', 'events', 'stalled', 'stalled-check', 'oursms-added'];

/** Objects that all queues of an engine share. */
export interface BullMqParts {
  link: RedisLink;
  keys: RedisKeys;
  /** Milliseconds that a job is locked for. */
  leaseMs: number;
}

/** A queue of BullMQ, and transactions that hold its scripts and ours. */
export class BullMqAccess {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly leaseMs: number;
  readonly #name: string;
  #queue: Queue | undefined;

  constructor(parts: BullMqParts, name: string) {
    this.link = parts.link;
    this.keys = parts.keys;
    this.leaseMs = parts.leaseMs;
    this.#name = bullQueueName(name);
  }

  /** BullMQ's own. Made when Redis is there: BullMQ waits for it without an end. */
  get queue(): Queue {
    if (this.#queue) return this.#queue;
    // These belong to workers, but the backend of a queue takes them as well.
    const settings = {
      lockDuration: this.leaseMs,
      stalledInterval: Math.ceil(this.leaseMs / 2),
      maxStalledCount: 2 ** 31,
    };
    const options: QueueOptions = {
      connection: this.link.client,
      prefix: this.keys.prefix,
      skipVersionCheck: true,
      streams: { events: { maxLen: EVENTS } },
      ...settings,
    };
    this.#queue = new Queue(this.#name, options);
    this.#queue.on('error', () => undefined);
    return this.#queue;
  }

  get backend(): RedisQueueBackend {
    return this.queue.getBackend();
  }

  /** The key of one of BullMQ's lists, or of a job by its id in BullMQ; with an empty part, what all of them start with. */
  key(part: string): string {
    return `${this.keys.prefix}:${this.#name}:${part}`;
  }

  /** When the jobs that are waiting or active were added. */
  get added(): string {
    return this.key('oursms-added');
  }

  /** Does several things at once. @throws the first error, whichever command it is of */
  async transaction(fill: (multi: IRedisTransaction, backend: RedisQueueBackend) => void): Promise<unknown[]> {
    try {
      return await this.#execute(fill);
    } catch (error) {
      if (!(error as Error).message.includes('NOSCRIPT')) throw error;
      // A transaction that Redis refused had brought the script. What was done of this one may be done again.
      await this.link.loadScripts();
      return this.#execute(fill);
    }
  }

  async #execute(fill: (multi: IRedisTransaction, backend: RedisQueueBackend) => void): Promise<unknown[]> {
    const backend = this.backend;
    const client = await backend.client;
    const multi = client.multi();
    fill(multi, backend);
    const results = await multi.exec().catch((error: unknown) => {
      throw reasonOf(error);
    });
    const failed = results?.find(([error]) => error);
    if (!results || failed) throw failed?.[0] ?? new Error('no answer');
    return results.map(([, result]): unknown => result);
  }

  /** Forgets what BullMQ keeps of a queue besides its jobs, when it has none: tools would show it for ever. */
  async tidyUp(): Promise<void> {
    const key = (part: string): string => this.key(part);
    const script = this.link.script('oursms:tidy', ...JOB_LISTS.map(key), ...BESIDES_JOBS.map(key));
    // What stays does no harm.
    await script.catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#queue?.close().catch(() => undefined);
  }
}

/** Why a transaction was refused: of its own, Redis says only that it was. */
function reasonOf(error: unknown): Error {
  const { previousErrors } = error as { previousErrors?: Error[] };
  return previousErrors?.[0] ?? (error as Error);
}
