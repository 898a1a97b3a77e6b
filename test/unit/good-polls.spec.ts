import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { GoodPolls } from '../../lib/inbox/good-polls.js';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { passTime } from '../support/set-clock.js';

const MINUTE = 60_000;

describe('good polls of processes that share a store', () => {
  let engine: StoredEngine;
  let passedMs: number;
  let everyMs: number;
  const process = (name = 'polls'): GoodPolls => new GoodPolls(engine, name, () => everyMs);
  const minutesOf = (polls: GoodPolls): number => Math.round(polls.state.sinceGoodMs / MINUTE);

  beforeEach(() => {
    engine = StoredEngine.inMemory();
    everyMs = 15_000;
    passedMs = 0;
    passTime(() => passedMs);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await engine.close();
  });

  it('are measured from the start of polling, and from its restart', () => {
    const polls = process();
    passedMs = 3 * MINUTE;
    expect(minutesOf(polls)).toBe(3);
    polls.restart();
    passedMs = 5 * MINUTE;
    expect(minutesOf(polls)).toBe(2);
  });

  it('keep the interval that applied when they were made', () => {
    const polls = process();
    passedMs = 3 * MINUTE;
    polls.note();
    everyMs = 1;
    expect(minutesOf(polls)).toBe(0);
    expect(polls.state.everyMs).toBe(15_000);
  });

  it('of one process count for a standby process, as long as they continue', async () => {
    const [polling, standingBy, stranger] = [process(), process(), process('other polls')];
    for (let minute = 1; minute <= 10; minute++) {
      passedMs = minute * MINUTE;
      polling.note();
      await standingBy.noteOthers();
      await stranger.noteOthers();
    }
    expect([minutesOf(polling), minutesOf(standingBy), minutesOf(stranger)]).toEqual([0, 0, 10]);
    passedMs = 12 * MINUTE;
    await standingBy.noteOthers();
    expect([minutesOf(polling), minutesOf(standingBy)]).toEqual([2, 2]);
  });

  it('of one process with a long interval count for another until its next poll is due', async () => {
    everyMs = 30 * MINUTE;
    const [polling, standingBy] = [process(), process()];
    polling.note();
    passedMs = 29 * MINUTE;
    await standingBy.noteOthers();
    expect(minutesOf(standingBy)).toBe(0);
    passedMs = 60 * MINUTE;
    await standingBy.noteOthers();
    expect(minutesOf(standingBy)).toBe(31);
  });

  it('cannot be shared when the store is unavailable, but count locally', async () => {
    const polls = process();
    await engine.close();
    passedMs = 3 * MINUTE;
    polls.note();
    await polls.noteOthers();
    expect(minutesOf(polls)).toBe(0);
  });
});
