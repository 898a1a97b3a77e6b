import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { endWhatIsLeft } from '../../support/what-is-left.js';
import { downloading, kept } from './moments.js';
import { PATIENCE_MS, runLanes } from './run-lanes.js';

jest.setTimeout(PATIENCE_MS);

describe('processes that are killed again and again', () => {
  it('lose no stored report, and announce the download that was interrupted by the kill', async () => {
    const account = await runLanes('killed', { share: 0.8, signal: 'SIGKILL' });
    expect(account.faults).toEqual([]);
    // Or no kill fell into the one window that cannot be closed, and nothing was shown.
    expect(account.missing).toBeGreaterThan(0);
    expect(account.gaps).toBeLessThanOrEqual(account.lives);
  });
});

describe('these tests detect the loss when', () => {
  const share = 0.04;
  const lost = expect.arrayContaining([expect.stringContaining('are missing, and no gap says so')]);

  it('reports are kept in memory', async () => {
    const account = await runLanes('killed, in memory', { share, signal: 'SIGKILL', storage: 'memory' });
    expect(account.faults).toEqual(lost);
  });

  it('the store acknowledges a download before it is written', async () => {
    const preload = './faulty-store/acknowledges-early.mjs';
    const plan = { share, signal: 'SIGKILL' as const, preload, moments: [kept] };
    const account = await runLanes('killed, with an early store', plan);
    expect(account.faults).toEqual(lost);
  });

  it('the store does not keep the note before a download', async () => {
    const preload = './faulty-store/forgets-intents.mjs';
    const plan = { share, signal: 'SIGKILL' as const, preload, moments: [downloading] };
    const account = await runLanes('killed, without notes', plan);
    expect(account.faults).toEqual(lost);
  });
});

afterAll(endWhatIsLeft);
