import { describe, expect, it } from '@jest/globals';
import { GatewayTrust } from '../../lib/campaigns/run/gateway-trust.js';

const FAILED = { kind: 'failed' } as const;

describe('trust in a gateway', () => {
  it('waits a second at the most after its first failures, however many requests were on their way', () => {
    const trust = new GatewayTrust();
    const waits = Array.from({ length: 100 }, () => trust.note(FAILED));
    expect(waits.slice(0, 2)).toEqual([undefined, undefined]);
    expect(Math.max(...waits.slice(2).map(Number))).toBeLessThanOrEqual(1_000);
  });

  it('waits twice as long after each wait, up to ten minutes, and begins anew once a request was taken', () => {
    const trust = new GatewayTrust();
    for (let i = 0; i < 3; i++) trust.note(FAILED);
    for (let i = 1; i < 30; i++) {
      trust.tryAgain();
      const longest = Math.min(1_000 * 2 ** i, 600_000);
      const waitMs = trust.note(FAILED) ?? 0;
      expect(waitMs).toBeGreaterThanOrEqual(longest / 2);
      expect(waitMs).toBeLessThanOrEqual(longest);
    }
    trust.note({ kind: 'took' });
    expect(trust.note(FAILED)).toBeUndefined();
  });

  it('waits as long as the gateway asks for, an hour at the most', () => {
    expect(new GatewayTrust().note({ ...FAILED, retryAfterMs: 120_000 })).toBe(120_000);
    expect(new GatewayTrust().note({ ...FAILED, retryAfterMs: 1e12 })).toBe(3_600_000);
  });

  it('lets one request go after the other while the last one failed', async () => {
    const trust = new GatewayTrust();
    trust.note(FAILED);
    let [running, most] = [0, 0];
    const request = async (): Promise<void> => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
    };
    await Promise.all(Array.from({ length: 5 }, () => trust.inTurn(request)));
    expect(most).toBe(1);
  });
});
