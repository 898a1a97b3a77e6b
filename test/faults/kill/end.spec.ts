import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { endWhatIsLeft } from '../../support/what-is-left.js';
import { PATIENCE_MS, runLanes } from './run-lanes.js';

jest.setTimeout(PATIENCE_MS);

// Each run also finds a fault in a process that does not end by its signal, in time: `Lane` would kill it.
describe('processes that are asked to end at any moment', () => {
  it('end in time and lose nothing: unhandled reports are delivered after the next start', async () => {
    const account = await runLanes('told to end', { share: 0.08, signal: 'SIGTERM' });
    expect(account).toMatchObject({ faults: [], missing: 0, gaps: 0 });
  });

  it('end in time even if listeners never settle', async () => {
    const account = await runLanes('told to end, with stuck listeners', {
      share: 0.06,
      signal: 'SIGTERM',
      neverSettles: true,
      // There is no room for the downloads that a moment waits for when too much waits for stuck listeners.
      patienceMs: 3_000,
    });
    expect(account).toMatchObject({ faults: [], missing: 0, gaps: 0 });
  });

  it('end in time even if the gateway does not answer, and announce a possible loss', async () => {
    const account = await runLanes('told to end, with a silent gateway', {
      share: 0.04,
      signal: 'SIGTERM',
      timeoutMs: 1_000,
      play: (faults, seed) => faults.chance('hang', 0.4, { on: 'dlrs', seed }),
    });
    expect(account.faults).toEqual([]);
    expect(account.gaps).toBeGreaterThan(0);
  });
});

afterAll(endWhatIsLeft);
