import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Deadline } from '../../lib/inbox/deadline.js';

const never = (): Promise<never> => new Promise(() => undefined);
const settled = async (running: Promise<unknown>): Promise<unknown> => running.catch((error: unknown) => error);

describe('a deadline', () => {
  it('passes on what a promise resolves to, or its error', async () => {
    const deadline = new Deadline(10_000);
    expect(await deadline.within(Promise.resolve('done'))).toBe('done');
    await expect(deadline.within(Promise.reject(new Error('the database is away')))).rejects.toThrow('is away');
  });

  it('rejects each promise that takes longer, counted from its own start', async () => {
    const deadline = new Deadline(60);
    const start = performance.now();
    const ends: number[] = [];
    const note = (error: unknown): unknown => {
      ends.push(performance.now() - start);
      return error;
    };
    const first = settled(deadline.within(never())).then(note);
    await wait(30);
    const quick = deadline.within(wait(5, 'quick'));
    const second = settled(deadline.within(never())).then(note);
    expect(await quick).toBe('quick');
    expect([await first, await second]).toEqual([
      new Error('it did not finish within 60 ms'),
      new Error('it did not finish within 60 ms'),
    ]);
    expect(ends[0]).toBeGreaterThan(55);
    expect(ends[1]).toBeGreaterThan(85);
  });

  it('ignores the later error of a promise that it has rejected', async () => {
    const deadline = new Deadline(5);
    const late = wait(30).then(() => Promise.reject(new Error('too late')));
    expect(await settled(deadline.within(late))).toEqual(new Error('it did not finish within 5 ms'));
    await settled(late);
  });

  it('works again after it has been idle', async () => {
    const deadline = new Deadline(5);
    await deadline.within(Promise.resolve());
    await wait(20);
    expect(await settled(deadline.within(never()))).toEqual(new Error('it did not finish within 5 ms'));
  });
});
