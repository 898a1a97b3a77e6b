import type { FailedJob } from '../queue/durable-queue.js';
import type { BullMqAccess } from './bull-mq-access.js';
import { bullJobId, jobName } from './redis-keys.js';

/** How many are read at a time. */
const PAGE = 100;

type Entry = [bullId: string, failedAt: string, data: string, attempts: string, reason: string, finishedOn: string];

/** The jobs of a queue that are kept as failed. */
export class BullMqFailedJobs<T> {
  constructor(private readonly access: BullMqAccess) {}

  /** Those that have failed by now, oldest first. */
  async *all(): AsyncIterable<FailedJob<T>> {
    for await (const page of this.#pages()) {
      for (const [bullId, failedAt, data, attempts, reason] of page) {
        // Removed by other means in between.
        if (data === '') continue;
        yield {
          id: jobName(bullId),
          data: JSON.parse(data) as T,
          attempts: Number(attempts),
          reason,
          failedAt: Math.floor(Number(failedAt)),
        };
      }
    }
  }

  /** Puts one back. @returns Whether there was one of this name. */
  async retry(id: string): Promise<boolean> {
    return this.#putBack(bullJobId(id));
  }

  /** Puts all back that have failed by now. @returns How many there were. */
  async retryAll(): Promise<number> {
    let count = 0;
    for await (const page of this.#pages()) {
      for (const wasThere of await Promise.all(page.map(([bullId]) => this.#putBack(bullId)))) if (wasThere) count += 1;
    }
    return count;
  }

  /** Forgets one. @returns Whether there was one of this name. */
  async remove(id: string): Promise<boolean> {
    const bullId = bullJobId(id);
    const { access } = this;
    const keys = [access.key('failed'), access.key(bullId), access.added];
    return (await access.link.script<number>('oursms:forget-failed', ...keys, bullId)) === 1;
  }

  async #putBack(bullId: string): Promise<boolean> {
    const wasThere = await this.access.link.run(async () => {
      const backend = this.access.backend;
      const job = { id: bullId, opts: {} } as Parameters<typeof backend.retryFinishedJob>[0];
      try {
        await backend.retryFinishedJob(job, 'failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
        return true;
      } catch (error) {
        // BullMQ's own: there is no such job, or it has not failed.
        if (typeof (error as { code?: unknown }).code === 'number') return false;
        throw error;
      }
    });
    if (wasThere) await this.access.link.run((redis) => redis.zadd(this.access.added, String(Date.now()), bullId));
    return wasThere;
  }

  /** Ends also when those that are put back meanwhile fail again at once: they stand behind the last of now. */
  async *#pages(): AsyncIterable<Entry[]> {
    const failed = this.access.key('failed');
    const newest = await this.access.link.run((redis) => redis.zrevrange(failed, 0, 0, 'WITHSCORES'));
    const last = newest[1];
    if (last === undefined) return;
    for (let from = '-inf'; ;) {
      const page = await this.access.link.script<Entry[]>(
        'oursms:failed-page',
        failed,
        this.access.key(''),
        from,
        last,
        PAGE,
      );
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
      from = `(${(page.at(-1) as Entry)[1]}`;
    }
  }
}
