import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Turns, type Urgency } from '../../lib/sending/turns.js';
import { Seeded } from '../support/seeded.js';

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] }));
afterEach(() => void jest.useRealTimers());

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Lets the fake clock run until a promise is settled. */
async function passed<T>(promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settle = (): void => void (isSettled = true);
  promise.then(settle, settle);
  while (!isSettled) await jest.advanceTimersToNextTimerAsync();
  return promise;
}

/** Makes a request in its turn. @returns Its result; undefined when the signal was aborted before its turn. */
async function inTurn<T>(limiter: Turns, urgency: Urgency, request: () => Promise<T>, signal?: AbortSignal) {
  const turn = await limiter[urgency].next(signal);
  if (turn === undefined) return undefined;
  try {
    return await request();
  } finally {
    turn.end();
  }
}

/** The most departures in any window of a second. */
function mostInASecond(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.max(...sorted.map((start, i) => sorted.slice(i).filter((time) => time < start + 1_000).length));
}

const recorder = (): { times: number[]; request: () => Promise<void> } => {
  const times: number[] = [];
  return { times, request: async () => void times.push(performance.now()) };
};

describe('the limit of requests per second', () => {
  it('applies to every window of a second, however requests arrive', async () => {
    const limiter = new Turns({ requestsPerSecond: 40 });
    const { times, request } = recorder();
    const random = new Seeded(7);
    const all: Promise<void>[] = [];
    for (let i = 0; i < 160; i++) {
      all.push(inTurn(limiter, random.next(2) === 0 ? 'urgent' : 'bulk', request));
      if (random.next(8) === 0) await passed(wait(random.next(90)));
    }
    await passed(Promise.all(all));
    expect(times).toHaveLength(160);
    expect(mostInASecond(times)).toBe(40);
  });

  it('allows all requests of a second at once, unless burst is lower', async () => {
    // By the real clock: its timers fire a moment early or late.
    jest.useRealTimers();
    const { times, request } = recorder();
    const limiter = new Turns({ requestsPerSecond: 50 });
    await Promise.all(Array.from({ length: 50 }, () => inTurn(limiter, 'urgent', request)));
    const slow = recorder();
    const even = new Turns({ requestsPerSecond: 50, burst: 5 });
    await Promise.all(Array.from({ length: 15 }, () => inTurn(even, 'urgent', slow.request)));
    const [first = 0] = times;
    const [begin = 0] = slow.times;
    const soon = (from: number, list: number[]): number => list.filter((time) => time - from < 15).length;
    expect(soon(first, times)).toBeGreaterThan(5);
    expect(soon(begin, slow.times)).toBeLessThanOrEqual(5);
    // Ten more at 20 ms each.
    expect((slow.times.at(-1) ?? 0) - begin).toBeGreaterThanOrEqual(195);
    expect(mostInASecond(slow.times)).toBeLessThanOrEqual(50);
  });

  it('applies when requests fail, too', async () => {
    const limiter = new Turns({ requestsPerSecond: 10, concurrency: 2 });
    const { times, request } = recorder();
    const failing = async (): Promise<void> => {
      await request();
      throw new Error('no');
    };
    const results = await passed(
      Promise.allSettled(Array.from({ length: 12 }, () => inTurn(limiter, 'bulk', failing))),
    );
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(times).toHaveLength(12);
    expect(mostInASecond(times)).toBe(10);
  });
});

describe('the concurrency limit', () => {
  it('allows no more requests in flight, and lets none wait without need', async () => {
    const limiter = new Turns({ concurrency: 3 });
    let running = 0;
    let most = 0;
    const request = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await wait(2);
      running -= 1;
    };
    await passed(
      Promise.all(Array.from({ length: 50 }, (_, i) => inTurn(limiter, i % 2 === 0 ? 'bulk' : 'urgent', request))),
    );
    expect(most).toBe(3);
  });
});

describe('bulk requests', () => {
  const holding = (limiter: Turns) => {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const running = { bulk: 0, urgent: 0 };
    const start = (urgency: 'bulk' | 'urgent'): Promise<void> =>
      inTurn(limiter, urgency, async () => {
        running[urgency] += 1;
        await ended;
      });
    return { running, start, end };
  };

  it('leave a slot to urgent requests, which are then sent at once', async () => {
    const { running, start, end } = holding(new Turns({ concurrency: 3 }));
    const all = Array.from({ length: 5 }, () => start('bulk'));
    await passed(wait(1));
    expect(running).toEqual({ bulk: 2, urgent: 0 });
    all.push(start('urgent'), start('urgent'));
    await passed(wait(1));
    expect(running).toEqual({ bulk: 2, urgent: 1 });
    end();
    await Promise.all(all);
    expect(running).toEqual({ bulk: 5, urgent: 2 });
  });

  it('use slots that urgent requests do not need', async () => {
    const { running, start, end } = holding(new Turns({ concurrency: 3 }));
    const all = [start('urgent'), start('urgent'), start('bulk'), start('bulk')];
    await passed(wait(1));
    expect(running).toEqual({ bulk: 1, urgent: 2 });
    end();
    await Promise.all(all);
  });

  it('are sent even if there is only one slot for all requests', async () => {
    const { running, start, end } = holding(new Turns({ concurrency: 1 }));
    const all = [start('bulk'), start('bulk')];
    await passed(wait(1));
    expect(running).toEqual({ bulk: 1, urgent: 0 });
    end();
    await Promise.all(all);
    expect(running.bulk).toBe(2);
  });
});

describe('waiting requests', () => {
  it('are sent in order, urgent ones before bulk ones', async () => {
    const limiter = new Turns({ concurrency: 1 });
    const order: string[] = [];
    const say = (name: string) => async (): Promise<void> => {
      order.push(name);
      await wait(1);
    };
    const all = Promise.all([
      inTurn(limiter, 'bulk', say('bulk 1')),
      inTurn(limiter, 'bulk', say('bulk 2')),
      inTurn(limiter, 'bulk', say('bulk 3')),
      inTurn(limiter, 'urgent', say('urgent 1')),
      inTurn(limiter, 'urgent', say('urgent 2')),
    ]);
    await passed(all);
    expect(order).toEqual(['bulk 1', 'urgent 1', 'urgent 2', 'bulk 2', 'bulk 3']);
  });

  it('can give up without using a slot', async () => {
    const limiter = new Turns({ requestsPerSecond: 1 });
    await inTurn(limiter, 'urgent', () => Promise.resolve());
    const giveUp = new AbortController();
    const request = jest.fn(() => Promise.resolve());
    const waiting = inTurn(limiter, 'urgent', request, giveUp.signal);
    const next = inTurn(limiter, 'urgent', async () => performance.now());
    const began = performance.now();
    giveUp.abort();
    await waiting;
    expect(request).not.toHaveBeenCalled();
    expect(performance.now() - began).toBeLessThan(500);
    // It did not wait two turns.
    expect(((await passed(next)) ?? Infinity) - began).toBeLessThan(1_900);
  });

  it('may number a hundred thousand', async () => {
    const limiter = new Turns({ concurrency: 10 });
    let count = 0;
    await Promise.all(Array.from({ length: 100_000 }, () => inTurn(limiter, 'bulk', async () => void (count += 1))));
    expect(count).toBe(100_000);
  });
});
