import { describe, expect, it } from '@jest/globals';
import { RecentEntries } from '../../lib/tracking/recent-entries.js';

describe('a map of the newest entries', () => {
  const filled = (count: number, most = 3): RecentEntries<number> => {
    const entries = new RecentEntries<number>(most);
    for (let i = 1; i <= count; i++) entries.set(`${i}`, i);
    return entries;
  };

  it('has at least as many as it must keep', () => {
    for (let count = 1; count <= 20; count++) {
      const entries = filled(count);
      for (let i = Math.max(1, count - 2); i <= count; i++) expect(entries.get(`${i}`)).toBe(i);
    }
  });

  it('has at most twice as many', () => {
    for (let count = 7; count <= 20; count++) {
      const entries = filled(count);
      const held = Array.from({ length: count }, (_, i) => `${i + 1}`).filter((key) => entries.has(key));
      expect(held.length).toBeLessThanOrEqual(6);
    }
  });

  it('gives the newest value of a key, and none after its deletion', () => {
    const entries = filled(3);
    entries.set('1', 10);
    expect(entries.get('1')).toBe(10);
    entries.delete('1');
    expect(entries.get('1')).toBeUndefined();
    expect(entries.has('1')).toBe(false);
  });
});
