import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { missingIn, withMissing } from '../../lib/tracking/missing-lately.js';

const MINUTE = 60_000;
const START = Date.parse('2026-01-31T12:00:30Z');

describe('the count of messages that went missing within the last hour', () => {
  let now: number;

  beforeEach(() => {
    now = START;
    jest.spyOn(Date, 'now').mockImplementation(() => now);
  });
  afterEach(() => void jest.restoreAllMocks());

  it('is zero when nothing was counted', () => {
    expect(missingIn(undefined)).toBe(0);
  });

  it('includes the whole hour, and nothing older', () => {
    let text = withMissing(undefined, 3);
    text = withMissing(text, 4);
    now = START + 30 * MINUTE;
    text = withMissing(text, 500);
    expect(missingIn(text)).toBe(507);
    now = START + 60 * MINUTE;
    expect(missingIn(text)).toBe(507);
    now = START + 61 * MINUTE;
    expect(missingIn(text)).toBe(500);
    now = START + 91 * MINUTE;
    expect(missingIn(text)).toBe(0);
  });

  it('takes no more room than an hour needs, however long messages go missing', () => {
    let text: string | undefined;
    for (let i = 0; i < 10_000; i++) {
      text = withMissing(text, 1_000);
      now += MINUTE / 4;
    }
    expect(text?.length).toBeLessThan(1_000);
  });

  it('discards counts from the future after the clock was set back', () => {
    const text = withMissing(undefined, 3);
    now = START - 2 * MINUTE;
    expect(missingIn(text)).toBe(3);
    now = START - 24 * 60 * MINUTE;
    expect(missingIn(text)).toBe(0);
    expect(missingIn(withMissing(text, 1))).toBe(1);
  });
});
