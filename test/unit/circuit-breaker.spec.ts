import { describe, expect, it } from '@jest/globals';
import { CircuitBreaker } from '../../lib/campaigns/run/circuit-breaker.js';

const FAILED = { kind: 'failed' } as const;

describe('the circuit breaker of a campaign', () => {
  it('waits at most a second after its first failures, however many requests were in flight', () => {
    const breaker = new CircuitBreaker();
    const waits = Array.from({ length: 100 }, () => breaker.note(FAILED));
    expect(waits.slice(0, 2)).toEqual([undefined, undefined]);
    expect(Math.max(...waits.slice(2).map(Number))).toBeLessThanOrEqual(1_000);
  });

  it('doubles each wait, up to ten minutes, and resets once a request was accepted', () => {
    const breaker = new CircuitBreaker();
    for (let i = 0; i < 3; i++) breaker.note(FAILED);
    for (let i = 1; i < 30; i++) {
      breaker.halfOpen();
      const longest = Math.min(1_000 * 2 ** i, 600_000);
      const waitMs = breaker.note(FAILED) ?? 0;
      expect(waitMs).toBeGreaterThanOrEqual(longest / 2);
      expect(waitMs).toBeLessThanOrEqual(longest);
    }
    breaker.note({ kind: 'took' });
    expect(breaker.note(FAILED)).toBeUndefined();
  });

  it('waits as long as the gateway asks for, at most an hour', () => {
    expect(new CircuitBreaker().note({ ...FAILED, retryAfterMs: 120_000 })).toBe(120_000);
    expect(new CircuitBreaker().note({ ...FAILED, retryAfterMs: 1e12 })).toBe(3_600_000);
  });

  it('lets requests through one at a time while the last one failed', async () => {
    const breaker = new CircuitBreaker();
    breaker.note(FAILED);
    let [running, most] = [0, 0];
    const request = async (): Promise<void> => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
    };
    await Promise.all(Array.from({ length: 5 }, () => breaker.run(request)));
    expect(most).toBe(1);
  });
});
