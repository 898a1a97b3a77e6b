import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Dlr } from '../../lib/dto/dlr.js';
import { ReportDispatcher } from '../../lib/inbox/report-dispatcher.js';

const report = (id: string, msgId?: string): Dlr => ({
  ...{ id, msgId, status: 'delivered', isFinal: true, receivedAt: '2026-01-31T12:00:00.000Z' },
  ...{ via: 'poll', account: 'default', raw: {} },
});
const reports = (count: number): Dlr[] => Array.from({ length: count }, (_, i) => report(`r${i}`, `m${i}`));

/** Listeners that a test can finish. */
class Listeners {
  /** The ids of the reports that are with them, oldest first. */
  get busyWith(): string[] {
    return [...this.#ends.keys()];
  }

  readonly handle = ({ id }: Dlr): Promise<void> =>
    new Promise((resolve, reject) => this.#ends.set(id, { resolve, reject }));
  readonly #ends = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();

  async end(id: string, error?: Error): Promise<void> {
    const end = this.#ends.get(id);
    this.#ends.delete(id);
    if (error) end?.reject(error);
    else end?.resolve();
    await turn();
  }
}

let listeners: Listeners;
let ended: string[];
const onEnd = ({ id }: Dlr, { kind }: { kind: string }): void => void ended.push(`${id} ${kind}`);

beforeEach(() => {
  listeners = new Listeners();
  ended = [];
});

const always = (): boolean => true;

describe('the dispatcher', () => {
  it('delivers a limited number of reports concurrently, in order', async () => {
    const dispatcher = new ReportDispatcher(2, listeners.handle);
    const all = dispatcher.deliverAll(reports(4), always, onEnd);
    expect(listeners.busyWith).toEqual(['r0', 'r1']);
    expect({ waiting: dispatcher.waiting, running: dispatcher.running }).toEqual({ waiting: 2, running: 2 });
    await listeners.end('r1');
    expect(listeners.busyWith).toEqual(['r0', 'r2']);
    await listeners.end('r0');
    await listeners.end('r3', new Error('no'));
    await listeners.end('r2');
    await all;
    expect(ended).toEqual(['r1 handled', 'r0 handled', 'r3 failed', 'r2 handled']);
    expect({ waiting: dispatcher.waiting, running: dispatcher.running }).toEqual({ waiting: 0, running: 0 });
  });

  it('delivers the reports of one message one after another, without blocking other messages', async () => {
    const dispatcher = new ReportDispatcher(3, listeners.handle);
    const rows = [report('a1', 'a'), report('a2', 'a'), report('b1', 'b'), report('a3', 'a'), report('none')];
    const all = dispatcher.deliverAll(rows, always, onEnd);
    expect(listeners.busyWith).toEqual(['a1', 'b1', 'none']);
    expect(dispatcher.waiting).toBe(2);
    await listeners.end('b1');
    expect(listeners.busyWith).toEqual(['a1', 'none']);
    await listeners.end('a1', new Error('no'));
    expect(listeners.busyWith).toEqual(['none', 'a2']);
    await listeners.end('a2');
    expect(listeners.busyWith).toEqual(['none', 'a3']);
    await listeners.end('a3');
    await listeners.end('none');
    await all;
  });

  it('keeps the order of a message whose next report waits for a slot', async () => {
    const dispatcher = new ReportDispatcher(1, listeners.handle);
    void dispatcher.deliverAll([report('a1', 'a'), report('b1', 'b')], always, onEnd);
    const rows = [report('b2', 'b'), report('a2', 'a'), report('b3', 'b'), report('b4', 'b')];
    const all = dispatcher.deliverAll(rows, always, onEnd);
    for (const id of ['a1', 'b1', 'b2', 'a2', 'b3', 'b4']) {
      expect(listeners.busyWith).toEqual([id]);
      await listeners.end(id);
    }
    await all;
  });

  it('does not block the event loop when listeners never wait', async () => {
    let handled = 0;
    const dispatcher = new ReportDispatcher(8, () => Promise.resolve(void (handled += 1)));
    const all = dispatcher.deliverAll(reports(1_000), always, onEnd);
    await turn();
    expect(handled).toBeLessThan(100);
    await all;
    expect(handled).toBe(1_000);
  });

  it('resolves at once when there is nothing to deliver', async () => {
    await new ReportDispatcher(1, listeners.handle).deliverAll([], always, onEnd);
  });
});

describe('a paused dispatcher', () => {
  it('delivers nothing until it is resumed, and gives back waiting reports', async () => {
    const dispatcher = new ReportDispatcher(1, listeners.handle);
    const all = dispatcher.deliverAll(reports(2), always, onEnd);
    let paused = false;
    void dispatcher.pause().then(() => (paused = true));
    await turn();
    expect([paused, ended]).toEqual([false, ['r1 stopped']]);
    expect(await dispatcher.deliver(report('late'), always)).toEqual({ kind: 'stopped' });
    await listeners.end('r0');
    await all;
    expect({ paused, busyWith: listeners.busyWith, waiting: dispatcher.waiting }).toEqual({
      ...{ paused: true, busyWith: [], waiting: 0 },
    });
    dispatcher.resume();
    void dispatcher.deliver(report('r1'), always);
    expect(listeners.busyWith).toEqual(['r1']);
  });
});

describe('a stopped dispatcher', () => {
  it('gives back at once all reports that wait for a slot or for their message', async () => {
    const dispatcher = new ReportDispatcher(1, listeners.handle);
    void dispatcher.deliverAll([report('a1', 'a'), report('a2', 'a'), report('b1', 'b')], always, onEnd);
    dispatcher.stop(60_000);
    expect(ended.sort()).toEqual(['a2 stopped', 'b1 stopped']);
    await listeners.end('a1');
    expect(ended).toContain('a1 handled');
    expect(await dispatcher.deliver(report('c1'), always)).toEqual({ kind: 'stopped' });
  });

  it('does not count the failure of a listener, since its database may be closed already', async () => {
    const dispatcher = new ReportDispatcher(1, listeners.handle);
    const result = dispatcher.deliver(report('a1'), always);
    dispatcher.stop(60_000);
    await listeners.end('a1', new Error('the database is closed'));
    expect(await result).toEqual({ kind: 'stopped' });
  });

  it('waits for a listener no longer than its timeout', async () => {
    const dispatcher = new ReportDispatcher(2, listeners.handle);
    const all = dispatcher.deliverAll(reports(2), always, onEnd);
    dispatcher.stop(1);
    await all;
    expect(ended).toEqual(['r0 stopped', 'r1 stopped']);
    await dispatcher.pause();
    await listeners.end('r0');
    expect(ended).toHaveLength(2);
  });

  it('delivers no report that another process has taken over before its turn', async () => {
    const dispatcher = new ReportDispatcher(1, listeners.handle);
    let isHeld = true;
    const all = dispatcher.deliverAll(reports(3), () => isHeld, onEnd);
    isHeld = false;
    await listeners.end('r0');
    await all;
    expect(listeners.busyWith).toEqual([]);
    expect(ended).toEqual(['r0 handled', 'r1 stopped', 'r2 stopped']);
  });
});

describe('a message', () => {
  it('is not blocked by one of its reports that waited when the dispatcher was paused', async () => {
    const dispatcher = new ReportDispatcher(2, listeners.handle);
    const first = [report('a1', 'a'), report('a2', 'a'), report('b1', 'b')];
    const all = dispatcher.deliverAll(first, always, onEnd);
    const paused = dispatcher.pause();
    // The turn of a2 would come while it is paused: it is given back before its listener has it.
    await listeners.end('b1');
    await listeners.end('a1');
    await dispatcher.pause();
    await Promise.all([paused, all]);
    dispatcher.resume();
    const again = dispatcher.deliverAll([report('a2', 'a'), report('a3', 'a')], always, onEnd);
    await listeners.end('a2');
    await listeners.end('a3');
    await again;
    expect(ended.slice(-2)).toEqual(['a2 handled', 'a3 handled']);
  });
});

describe('a suspect report', () => {
  const deliver = (dispatcher: ReportDispatcher, one: Dlr, isSuspect: boolean): void =>
    void dispatcher.deliver(one, always, { isSuspect }).then((result) => onEnd(one, result));

  it('is delivered after the others, and alone', async () => {
    const dispatcher = new ReportDispatcher(3, listeners.handle);
    deliver(dispatcher, report('s1'), true);
    deliver(dispatcher, report('s2'), true);
    expect(listeners.busyWith).toEqual(['s1']);
    for (const one of reports(2)) deliver(dispatcher, one, false);
    expect(listeners.busyWith).toEqual(['s1']);
    await listeners.end('s1');
    expect(listeners.busyWith).toEqual(['r0', 'r1']);
    await listeners.end('r0');
    expect(listeners.busyWith).toEqual(['r1']);
    await listeners.end('r1');
    expect(listeners.busyWith).toEqual(['s2']);
    await listeners.end('s2');
    expect(dispatcher.waiting + dispatcher.running).toBe(0);
  });

  it('comes before the later reports of its message', async () => {
    const dispatcher = new ReportDispatcher(3, listeners.handle);
    deliver(dispatcher, report('s1', 'a'), true);
    for (const id of ['a1', 'a2']) deliver(dispatcher, report(id, 'a'), false);
    expect(listeners.busyWith).toEqual(['s1']);
    await listeners.end('s1');
    expect(listeners.busyWith).toEqual(['a1']);
    await listeners.end('a1');
    expect(listeners.busyWith).toEqual(['a2']);
    await listeners.end('a2');
    expect(ended).toEqual(['s1 handled', 'a1 handled', 'a2 handled']);
  });

  it('does not reach its listener when its attempt cannot be stored', async () => {
    const dispatcher = new ReportDispatcher(1, listeners.handle);
    const begin = (): Promise<void> => Promise.reject(new Error('the store is away'));
    expect(await dispatcher.deliver(report('s1'), always, { begin, isSuspect: true })).toEqual({ kind: 'stopped' });
    expect(listeners.busyWith).toEqual([]);
  });
});
