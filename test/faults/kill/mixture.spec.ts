import { afterAll, expect, it, jest } from '@jest/globals';
import type { GatewaySimulator } from 'nestjs-oursms/testing';
import { endWhatIsLeft } from '../../support/what-is-left.js';
import { MOMENTS, working } from './moments.js';
import { PATIENCE_MS, runLanes } from './run-lanes.js';

jest.setTimeout(PATIENCE_MS);

/**
 * About every other download goes wrong, in every way but one: `empty`. A gateway without reports may well answer with
 * nothing at all, so that passes for "no reports", and cannot be told from a loss.
 */
function play(faults: GatewaySimulator['faults'], seed: number): void {
  const on = 'dlrs';
  faults.chance('resetAfter', 0.06, { on, seed });
  faults.chance('hang', 0.04, { on, seed: seed + 10 });
  faults.chance('halfClosed', 0.08, { on, seed: seed + 20 });
  faults.chance('slowBody', 0.04, { on, seed: seed + 30, bytes: 100, everyMs: 20 });
  faults.chance('garbage', 0.06, { on, seed: seed + 40 });
  faults.chance('huge', 0.04, { on, seed: seed + 50, bytes: 200_000 });
  faults.chance('serverError', 0.04, { on, seed: seed + 60, processed: true });
  faults.chance('serverError', 0.02, { on, seed: seed + 70 });
  faults.chance('resetBefore', 0.04, { on, seed: seed + 80 });
  faults.chance('html', 0.02, { on, seed: seed + 90 });
  faults.chance('errorIn200', 0.02, { on, seed: seed + 100 });
  faults.chance('rateLimit', 0.02, { on, seed: seed + 110, retryAfter: 0 });
  faults.chance('unavailable', 0.02, { on, seed: seed + 120 });
  faults.chance('redirect', 0.02, { on, seed: seed + 130, location: '/elsewhere' });
  faults.chance('envelope', 0.06, { on, seed: seed + 140, envelope: 'items' });
}

it('processes that are killed at a faulty gateway handle every received report and announce every loss', async () => {
  const moments = [...MOMENTS, working, working];
  const plan = { share: 0.2, signal: 'SIGKILL' as const, moments, timeoutMs: 1_000, play };
  const account = await runLanes('killed among faults', plan);
  expect(account.faults).toEqual([]);
  expect(account.gaps).toBeGreaterThan(0);
});

afterAll(endWhatIsLeft);
