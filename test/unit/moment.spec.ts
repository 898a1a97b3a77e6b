import { describe, expect, it } from '@jest/globals';
import { elapsedMs, localMoment, type Moment } from '../../lib/sending/moment.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FROM: Required<Moment> = { wall: 1e12, boot: 'one', up: 5 * HOUR, store: 1e12 + 3 * HOUR, gateway: 1e12 + 7_000 };

type Clock = 'wall' | 'up' | 'store' | 'gateway';

/** What is known of two moments when these clocks, and no others, say that so much time has passed. */
function elapsed(passed: Partial<Record<Clock, number>>, boot = FROM.boot): number | undefined {
  const [from, to]: [Moment, Moment] = [
    { wall: FROM.wall, boot: FROM.boot },
    { wall: FROM.wall + (passed.wall ?? 0), boot },
  ];
  for (const clock of ['up', 'store', 'gateway'] as const) {
    const ms = passed[clock];
    if (ms === undefined) continue;
    from[clock] = FROM[clock];
    to[clock] = FROM[clock] + ms;
  }
  return elapsedMs(from, to);
}

describe('the time between two moments', () => {
  it('is the longest time that the clocks of the machine and the gateway show, if they agree', () => {
    expect(elapsed({ wall: 10 * MINUTE, up: 10 * MINUTE })).toBe(10 * MINUTE);
    expect(elapsed({ wall: 10 * MINUTE, up: 10 * MINUTE + 20 })).toBe(10 * MINUTE + 20);
    expect(elapsed({ wall: 10 * MINUTE, up: 10 * MINUTE, gateway: 10 * MINUTE + 900 })).toBe(10 * MINUTE + 900);
    expect(elapsed({ wall: -5, up: 0 })).toBe(0);
  });

  it.each<[string, Partial<Record<Clock, number>>]>([
    ['the clock was set back', { wall: MINUTE / 2, up: 10.5 * MINUTE }],
    ['the clock was set back to before', { wall: -10 * MINUTE, up: MINUTE }],
    ['the clock was set forward', { wall: HOUR, up: MINUTE }],
    ['the clock was set, even if the gateway shows by how much', { wall: HOUR, up: MINUTE, gateway: MINUTE }],
    ['the whole machine was paused, unnoticed by its clocks', { wall: MINUTE, up: MINUTE, gateway: HOUR }],
    ['the gateway set its own clock', { wall: HOUR, up: HOUR, gateway: -HOUR }],
    ['only one clock shows it', { wall: MINUTE }],
    ['all clocks went back', { wall: -10 * MINUTE, up: -10 * MINUTE }],
  ])('is unknown when %s', (_why, passed) => {
    expect(elapsed(passed)).toBeUndefined();
  });

  it('over a reboot, or on another machine, is the time that shared clocks show, plus a minute', () => {
    expect(elapsed({ wall: HOUR, gateway: HOUR + 800 }, 'other')).toBe(HOUR + 800 + MINUTE);
    expect(elapsed({ wall: HOUR, store: HOUR }, 'other')).toBe(HOUR + MINUTE);
    // The clocks of the two machines are half an hour apart.
    expect(elapsed({ wall: HOUR / 2, store: HOUR, gateway: HOUR }, 'other')).toBe(HOUR + MINUTE);
  });

  it.each<[string, Partial<Record<Clock, number>>]>([
    ['only the clocks of the two machines show it', { wall: HOUR }],
    ['the machine counts from another boot', { wall: HOUR, up: HOUR }],
    ['the clock was set while it was off', { wall: HOUR, gateway: 2 * HOUR }],
    ['the store is on another server by now', { wall: HOUR, store: -HOUR, gateway: HOUR }],
    [
      'the clocks of the machines differ from that of the store, and the gateway shows no time',
      { wall: 0, store: HOUR },
    ],
  ])('over a reboot, or on another machine, is unknown when %s', (_why, passed) => {
    expect(elapsed(passed, 'other')).toBeUndefined();
  });

  it('is unknown when a moment has only one clock, or none', () => {
    expect(elapsedMs({ wall: FROM.wall }, { ...FROM, wall: FROM.wall + HOUR })).toBeUndefined();
    expect(elapsedMs({ wall: NaN }, FROM)).toBeUndefined();
  });

  it('is measured on this machine', async () => {
    const from = localMoment();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const ms = elapsedMs(from, JSON.parse(JSON.stringify(localMoment())) as Moment);
    expect(ms).toBeGreaterThanOrEqual(40);
    expect(ms).toBeLessThan(20_000);
  });
});
