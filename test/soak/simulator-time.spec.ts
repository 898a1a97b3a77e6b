import { describe, expect, it } from '@jest/globals';
import { SimulatorClock } from '../../lib/testing/simulator/simulator-clock.js';
import { SimulatorEngine } from '../../lib/testing/simulator/simulator-engine.js';
import { get, hello, post } from '../support/simulator-client.js';

const MINUTE = 60_000;

describe('the simulated gateway', () => {
  it('takes less than quadratic time for delayed messages', () => {
    /** Milliseconds for this number of requests, each of 500 messages, with many due times. */
    const timeFor = (requests: number): number => {
      const clock = SimulatorClock.stoppedAt(new Date('2026-01-31T12:00:00Z'));
      const engine = new SimulatorEngine({ clock, record: false, accounts: [{ ...hello, credits: 1e9 }] });
      const started = performance.now();
      for (let request = 0; request < requests; request++) {
        const dests = Array.from({ length: 500 }, (_, i) => `9665${10_000_000 + request * 500 + i}`).join();
        engine.handle(post({ ...hello, dests, delay: (request * 37) % 400, dlr: 1, prevDups: 5 }));
      }
      for (let minute = 0; minute < 400; minute++) {
        clock.advance(MINUTE);
        engine.handle(get('/inbox/dlrs', { username: 'demo', password: 'demo', count: 500 }));
      }
      const all = requests * 500;
      expect(engine.totals).toMatchObject({ accepted: all, sent: all, handedOut: all });
      return performance.now() - started;
    };
    timeFor(25);
    const [few, many] = [timeFor(50), timeFor(400)];
    // Eight times as many requests would take 64 times as long in quadratic time.
    expect(many / few).toBeLessThan(32);
  }, 60_000);
});
