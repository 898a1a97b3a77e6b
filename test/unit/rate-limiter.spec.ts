import { describe, expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { RateLimiter } from '../../lib/sending/rate-limiter.js';
import { Seeded } from '../support/seeded.js';

/** The most departures in any window of a second. */
function mostInASecond(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.max(...sorted.map((start, i) => sorted.slice(i).filter((time) => time < start + 1_000).length));
}

const recorder = (): { times: number[]; request: () => Promise<void> } => {
  const times: number[] = [];
  return { times, request: async () => void times.push(performance.now()) };
};

describe('requests a second', () => {
  it('hold in every window of a second, however requests come', async () => {
    const limiter = new RateLimiter({ requestsPerSecond: 40 });
    const { times, request } = recorder();
    const random = new Seeded(7);
    const all: Promise<void>[] = [];
    for (let i = 0; i < 160; i++) {
      all.push(limiter.run(random.next(2) === 0 ? 'urgent' : 'bulk', request));
      if (random.next(8) === 0) await wait(random.next(90));
    }
    await Promise.all(all);
    expect(times).toHaveLength(160);
    expect(mostInASecond(times)).toBe(40);
  });

  it('let all go at once that a second may have, unless a burst says less', async () => {
    const { times, request } = recorder();
    const limiter = new RateLimiter({ requestsPerSecond: 50 });
    await Promise.all(Array.from({ length: 50 }, () => limiter.run('urgent', request)));
    const slow = recorder();
    const even = new RateLimiter({ requestsPerSecond: 50, burst: 5 });
    await Promise.all(Array.from({ length: 15 }, () => even.run('urgent', slow.request)));
    const [first = 0] = times;
    const [begin = 0] = slow.times;
    const soon = (from: number, list: number[]): number => list.filter((time) => time - from < 15).length;
    expect(soon(first, times)).toBeGreaterThan(5);
    expect(soon(begin, slow.times)).toBeLessThanOrEqual(5);
    // Ten more at 20 ms each.
    expect((slow.times.at(-1) ?? 0) - begin).toBeGreaterThanOrEqual(195);
    expect(mostInASecond(slow.times)).toBeLessThanOrEqual(50);
  });

  it('hold when requests fail as well', async () => {
    const limiter = new RateLimiter({ requestsPerSecond: 10, concurrency: 2 });
    const failing = (): Promise<void> => Promise.reject(new Error('no'));
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => limiter.run('bulk', failing)));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
  });
});

describe('concurrency', () => {
  it('lets no more requests be on their way, and none wait without need', async () => {
    const limiter = new RateLimiter({ concurrency: 3 });
    let running = 0;
    let most = 0;
    const request = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await wait(2);
      running -= 1;
    };
    await Promise.all(Array.from({ length: 50 }, (_, i) => limiter.run(i % 2 === 0 ? 'bulk' : 'urgent', request)));
    expect(most).toBe(3);
  });
});

describe('what is sent in bulk', () => {
  const holding = (limiter: RateLimiter) => {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const running = { bulk: 0, urgent: 0 };
    const start = (urgency: 'bulk' | 'urgent'): Promise<void> =>
      limiter.run(urgency, async () => {
        running[urgency] += 1;
        await ended;
      });
    return { running, start, end };
  };

  it('leaves a place to what is urgent, which goes at once then', async () => {
    const { running, start, end } = holding(new RateLimiter({ concurrency: 3 }));
    const all = Array.from({ length: 5 }, () => start('bulk'));
    await wait(1);
    expect(running).toEqual({ bulk: 2, urgent: 0 });
    all.push(start('urgent'), start('urgent'));
    await wait(1);
    expect(running).toEqual({ bulk: 2, urgent: 1 });
    end();
    await Promise.all(all);
    expect(running).toEqual({ bulk: 5, urgent: 2 });
  });

  it('takes what is urgent does not need', async () => {
    const { running, start, end } = holding(new RateLimiter({ concurrency: 3 }));
    const all = [start('urgent'), start('urgent'), start('bulk'), start('bulk')];
    await wait(1);
    expect(running).toEqual({ bulk: 1, urgent: 2 });
    end();
    await Promise.all(all);
  });

  it('goes out where there is one place for both', async () => {
    const { running, start, end } = holding(new RateLimiter({ concurrency: 1 }));
    const all = [start('bulk'), start('bulk')];
    await wait(1);
    expect(running).toEqual({ bulk: 1, urgent: 0 });
    end();
    await Promise.all(all);
    expect(running.bulk).toBe(2);
  });
});

describe('who waits', () => {
  it('goes in order, and what is urgent before what is in bulk', async () => {
    const limiter = new RateLimiter({ concurrency: 1 });
    const order: string[] = [];
    const say = (name: string) => async (): Promise<void> => {
      order.push(name);
      await wait(1);
    };
    await Promise.all([
      limiter.run('bulk', say('bulk 1')),
      limiter.run('bulk', say('bulk 2')),
      limiter.run('bulk', say('bulk 3')),
      limiter.run('urgent', say('urgent 1')),
      limiter.run('urgent', say('urgent 2')),
    ]);
    expect(order).toEqual(['bulk 1', 'urgent 1', 'urgent 2', 'bulk 2', 'bulk 3']);
  });

  it('can give up, and takes no one’s turn', async () => {
    const limiter = new RateLimiter({ requestsPerSecond: 1 });
    await limiter.run('urgent', () => Promise.resolve());
    const giveUp = new AbortController();
    let aborted: boolean | undefined;
    const waiting = limiter.run('urgent', async () => void (aborted = giveUp.signal.aborted), giveUp.signal);
    const next = limiter.run('urgent', async () => performance.now());
    const began = performance.now();
    giveUp.abort();
    await waiting;
    expect(aborted).toBe(true);
    expect(performance.now() - began).toBeLessThan(500);
    // It did not wait two turns.
    expect((await next) - began).toBeLessThan(1_900);
  });

  it('may be a hundred thousand', async () => {
    const limiter = new RateLimiter({ concurrency: 10 });
    let count = 0;
    await Promise.all(Array.from({ length: 100_000 }, () => limiter.run('bulk', async () => void (count += 1))));
    expect(count).toBe(100_000);
  });
});
