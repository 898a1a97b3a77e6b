import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ExpiringNotes } from '../../lib/queue/expiring-notes.js';

describe('expiring notes', () => {
  it('return a text until it expires', async () => {
    const notes = new ExpiringNotes();
    notes.set('short', 'a', 10);
    notes.set('long', 'b', 60_000);
    expect([notes.get('short'), notes.get('long'), notes.get('none')]).toEqual(['a', 'b', undefined]);
    await wait(20);
    expect([notes.get('short'), notes.get('long')]).toEqual([undefined, 'b']);
  });

  it('do not grow by texts that have expired', async () => {
    const notes = new ExpiringNotes();
    notes.set('long', 'b', 60_000);
    for (let i = 0; i < 1_000; i += 1) notes.set(`first ${i}`, '', 5);
    await wait(20);
    let largest = 0;
    for (let i = 0; i < 10_000; i += 1) {
      notes.set(`second ${i}`, '', 0);
      largest = Math.max(largest, i < 2_000 ? 0 : notes.size);
    }
    expect(largest).toBeLessThan(200);
    expect(notes.get('long')).toBe('b');
  });
});
