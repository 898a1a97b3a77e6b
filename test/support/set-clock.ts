import os from 'node:os';
import { jest } from '@jest/globals';

/** The one thing that cannot be done for real: the clock is everybody's. Undone by `jest.restoreAllMocks()`. */
export function setClock(byMs: number): void {
  jest.restoreAllMocks();
  const now = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => now() + byMs);
}

/**
 * Lets time pass that nobody waits for: every clock of this machine moves on.
 *
 * @param ms Asked at each look at a clock.
 * @param setByMs The clock that can be set was set by so much besides.
 */
export function passTime(ms: () => number, setByMs = 0): void {
  jest.restoreAllMocks();
  const [now, steady, up] = [Date.now.bind(Date), performance.now.bind(performance), os.uptime.bind(os)];
  jest.spyOn(Date, 'now').mockImplementation(() => now() + ms() + setByMs);
  jest.spyOn(performance, 'now').mockImplementation(() => steady() + ms());
  jest.spyOn(os, 'uptime').mockImplementation(() => up() + ms() / 1_000);
}
