import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { GatewayClock } from '../../lib/gateway/gateway-clock.js';
import { passTime } from '../support/set-clock.js';

const DATE = 'Sun, 01 Mar 2026 09:30:00 GMT';
const AT = Date.parse(DATE);
const MINUTE = 60_000;

let clock: GatewayClock;
let passedMs: number;
beforeEach(() => {
  clock = new GatewayClock();
  passedMs = 0;
  passTime(() => passedMs);
});
afterEach(() => void jest.restoreAllMocks());

it('the clock of the gateway continues from the Date of its last answer', () => {
  expect(clock.now()).toBeUndefined();
  expect(clock.wasHeardWithin(Infinity)).toBe(false);
  clock.note(DATE);
  passedMs += 5 * MINUTE;
  const now = clock.now() ?? 0;
  expect(now).toBeGreaterThanOrEqual(AT + 5 * MINUTE);
  expect(now).toBeLessThan(AT + 5 * MINUTE + 10_000);
  expect(clock.now(6 * MINUTE)).toBeDefined();
  expect(clock.now(4 * MINUTE)).toBeUndefined();
  expect([clock.wasHeardWithin(4 * MINUTE), clock.wasHeardWithin(6 * MINUTE)]).toEqual([false, true]);
});

it.each([undefined, ['a', 'b'], 'yesterday', ''])(
  'an answer whose Date is %j does not set the clock of the gateway',
  (date) => {
    clock.note(date);
    expect(clock.now()).toBeUndefined();
    expect(clock.wasHeardWithin(MINUTE)).toBe(true);
  },
);

it.each([-30_000, 30_000])(
  'the time of the gateway is no longer known once the local clock was set by %d ms',
  (byMs) => {
    clock.note(DATE);
    passTime(() => 0, byMs);
    expect(clock.now()).toBeUndefined();
    clock.note(DATE);
    expect(clock.now()).toBeDefined();
  },
);
