import { jest } from '@jest/globals';

/** The one thing that cannot be done for real: the clock is everybody's. Undone by `jest.restoreAllMocks()`. */
export function setClock(byMs: number): void {
  jest.restoreAllMocks();
  const now = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => now() + byMs);
}
