import { afterAll, describe, expect, it, jest } from '@jest/globals';
import type { GatewaySimulator } from 'nestjs-oursms/testing';
import { endWhatIsLeft } from '../../support/what-is-left.js';
import { over, sending, taking } from './campaign-moments.js';
import { CAMPAIGN_PATIENCE_MS, runCampaigns } from './campaign-run.js';

jest.setTimeout(CAMPAIGN_PATIENCE_MS);

/** More than any request of these tests can need. */
const LONG_TIMEOUT_MS = 60_000;
const UNGUARDED = { unknownOutcome: 'never', timeoutMs: LONG_TIMEOUT_MS } as const;
const GUARDED = { unknownOutcome: 'guarded', timeoutMs: 300 } as const;

/** About every fourth request goes wrong. */
function play(faults: GatewaySimulator['faults'], seed: number): void {
  const on = 'send';
  faults.chance('resetAfter', 0.05, { on, seed });
  faults.chance('resetBefore', 0.05, { on, seed: seed + 10 });
  faults.chance('hang', 0.02, { on, seed: seed + 20 });
  faults.chance('serverError', 0.04, { on, seed: seed + 30, processed: true });
  faults.chance('serverError', 0.03, { on, seed: seed + 40 });
  faults.chance('rateLimit', 0.05, { on, seed: seed + 50, retryAfter: 0 });
  faults.chance('garbage', 0.04, { on, seed: seed + 60 });
}

describe('campaigns whose processes are killed again and again', () => {
  it('reach no recipient twice, and list possibly unreached recipients as unknown', async () => {
    const account = await runCampaigns('killed', { share: 0.3, ...UNGUARDED });
    expect(account).toMatchObject({ faults: [], twice: 0 });
    // Or no kill found a request on the wire, and nothing was shown.
    expect(account.unknown).toBeGreaterThan(0);
  });

  it('reach every recipient once when repeats are guarded', async () => {
    const account = await runCampaigns('killed, guarded', { share: 0.3, ...GUARDED });
    expect(account).toMatchObject({ faults: [], twice: 0, never: 0, unknown: 0 });
    expect(account.requests).toBeGreaterThan(account.campaigns);
  });

  it('reach no recipient twice even with a faulty gateway', async () => {
    const account = await runCampaigns('killed among faults', { share: 0.12, ...UNGUARDED, timeoutMs: 400, play });
    expect(account).toMatchObject({ faults: [], twice: 0 });
  });

  it('reach every recipient once even with a faulty gateway when repeats are guarded', async () => {
    const account = await runCampaigns('killed among faults, guarded', { share: 0.12, ...GUARDED, play });
    expect(account).toMatchObject({ faults: [], twice: 0, never: 0, unknown: 0 });
  });

  it('reach every recipient once even if the gateway sends with a delay and processes restart at once', async () => {
    const plan = { ...GUARDED, timeoutMs: 4_000, routeDelayMs: 3_000, moments: [sending] };
    const account = await runCampaigns('killed, guarded, with a slow gateway', { share: 0.03, ...plan });
    expect(account).toMatchObject({ faults: [], twice: 0, never: 0, unknown: 0 });
  });

  it('lose no recipient when recipients in doubt are sent to again on purpose', async () => {
    const plan = { ...UNGUARDED, sendsAgain: true, moments: [sending, over, taking, taking] };
    const account = await runCampaigns('killed, sent again', { share: 0.08, ...plan });
    expect(account.faults).toEqual([]);
  });
});

describe('these tests detect', () => {
  const shown = { share: 0.04, ...UNGUARDED, moments: [sending] };
  const saying = (what: string): unknown => expect.arrayContaining([expect.stringContaining(what)]);

  it('recipients reached twice when campaigns are kept in memory', async () => {
    const account = await runCampaigns('killed, in memory', { ...shown, storage: 'memory' });
    expect(account.faults).toEqual(saying('were reached twice'));
  });

  it('recipients reached twice when the store acknowledges before it has written', async () => {
    const preload = './campaign-store/acknowledges-early.mjs';
    const account = await runCampaigns('killed, with an early store', { ...shown, preload });
    expect(account.faults).toEqual(saying('were reached twice'));
  });

  it('lost recipients when the store does not keep the results of requests', async () => {
    const preload = './campaign-store/forgets-results.mjs';
    const account = await runCampaigns('killed, without results', { ...shown, preload });
    expect(account.faults).toEqual(saying('are in no list'));
  });
});

afterAll(endWhatIsLeft);
