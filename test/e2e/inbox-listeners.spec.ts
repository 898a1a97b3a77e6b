import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { Dlr, DlrFailure } from 'nestjs-oursms';
import { until } from '../support/application.js';
import { Gate, InboxBench } from '../support/inbox-bench.js';

const OFTEN = { poll: { everyMs: 20 }, retryDelayMs: 10 };

let inbox: InboxBench;
beforeEach(() => void (inbox = new InboxBench()));
afterEach(() => inbox.remove());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const handledIds = (): (string | undefined)[] => inbox.handled.map(({ msgId }) => msgId);

describe('a listener that never settles', () => {
  it('fails after listenerTimeoutMs, and the report is redelivered', async () => {
    let calls = 0;
    await inbox.start({ dlr: { ...OFTEN, listenerTimeoutMs: 50 } }, () => {
      calls += 1;
      return calls === 1 ? new Promise(() => undefined) : undefined;
    });
    inbox.push(1);
    await until('the report was handled', () => inbox.handled.length === 1);
    expect(calls).toBe(2);
    expect(inbox.application.logs.matching('did not finish within 50 ms')).toHaveLength(1);
  });

  it('delays neither the other reports nor the next downloads', async () => {
    const never = new Gate();
    await inbox.start({ dlr: { poll: { everyMs: 20, count: 5 }, concurrency: 2 } }, ({ msgId }) =>
      msgId === 'm0' ? never.pass() : undefined,
    );
    inbox.push(30);
    await until('the others were handled', () => inbox.handled.length === 29);
    expect(await inbox.face.stats()).toMatchObject({ handling: 1, pages: 1, waiting: 0 });
    never.open();
    await until('the last report was handled', () => inbox.handled.length === 30);
  });

  it('does not prevent the application from stopping within shutdownTimeoutMs', async () => {
    const dlr = { ...OFTEN, shutdownTimeoutMs: 100 };
    await inbox.start({ dlr }, ({ msgId }) => (msgId === 'm1' ? new Promise(() => undefined) : undefined));
    inbox.push(3);
    await until('the others were handled', () => inbox.handled.length === 2);
    const began = Date.now();
    await inbox.stop();
    expect(Date.now() - began).toBeLessThan(5_000);
    await inbox.start({ dlr });
    await until('the report was handled after the next start', () => inbox.handled.length === 3);
    expect(handledIds()).toEqual(['m0', 'm2', 'm1']);
  });
});

describe('a listener that fails', () => {
  it('is retried with growing delays', async () => {
    const times: number[] = [];
    await inbox.start({ dlr: { ...OFTEN, retryDelayMs: 60, maxAttempts: 4 } }, () => {
      times.push(performance.now());
      throw new Error('not yet');
    });
    inbox.push(1);
    await inbox.untilStats('the report was given up', ({ failed }) => failed === 1);
    const waits = times.slice(1).map((time, i) => time - (times[i] as number));
    expect(waits).toHaveLength(3);
    // Each delay is at least half of 60, 120 and 240 ms; timers may be a millisecond early.
    expect(waits.every((wait, i) => wait >= 30 * 2 ** i - 2)).toBe(true);
  });

  it('is announced with the report, the attempts and the reason when the report is given up', async () => {
    const failures: DlrFailure[] = [];
    await inbox.start({ dlr: { ...OFTEN, maxAttempts: 3 } }, () => Promise.reject(new TypeError('no')), {
      'oursms.dlr.failed': failures,
    });
    inbox.push(2);
    await until('both were given up', () => failures.length === 2);
    expect(failures).toMatchObject([
      { attempts: 3, reason: 'TypeError: no' },
      { attempts: 3, reason: 'TypeError: no' },
    ]);
    expect(new Set(failures.map(({ dlr }) => dlr.msgId))).toEqual(new Set(['m0', 'm1']));
  });

  it('causes the report to be redelivered to all listeners', async () => {
    await inbox.start({ dlr: OFTEN });
    let failures = 1;
    inbox.application.app.get(EventEmitter2).on('oursms.dlr', () => {
      // A raw listener that throws synchronously.
      if (failures-- > 0) throw new Error('the second one');
    });
    inbox.push(1);
    await until('the report was handled twice', () => inbox.handled.length === 2);
    await inbox.untilStats('nothing is left', ({ pages, waiting, handling }) => pages + waiting + handling === 0);
    expect(inbox.handled[0]?.id).toBe(inbox.handled[1]?.id);
  });

  it('stops downloads while too many reports wait for it, and no report is lost', async () => {
    let fails = true;
    await inbox.start({ dlr: { ...OFTEN, retryDelayMs: 200, maxAttempts: 1_000 } }, () => {
      if (fails) throw new Error('database is away');
    });
    inbox.push(12_000);
    await until('the wait was logged', () => inbox.application.logs.matching('wait for a failing listener').length > 0);
    const { handedOut } = inbox.gateway.totals;
    expect(handedOut).toBeLessThanOrEqual(6_000);
    await pause(150);
    expect(inbox.gateway.totals.handedOut).toBe(handedOut);
    fails = false;
    await until('all were handled', () => inbox.handled.length === 12_000, 25_000);
    expect(new Set(handledIds()).size).toBe(12_000);
    expect(inbox.application.logs.matching('wait for a failing listener')).toHaveLength(1);
  });
});

describe('the reports of a download', () => {
  it('are in flight to their listeners up to the configured concurrency', async () => {
    let running = 0;
    let most = 0;
    await inbox.start({ dlr: { poll: { everyMs: 20, count: 20 }, concurrency: 5 } }, async () => {
      most = Math.max(most, ++running);
      await pause(2);
      running -= 1;
    });
    inbox.push(100);
    await until('all were handled', () => inbox.handled.length === 100);
    expect(most).toBe(5);
  });

  it('keep their order across pages at a concurrency of 1', async () => {
    await inbox.start({ dlr: { poll: { everyMs: 20, count: 30 }, concurrency: 1 } }, ({ msgId }) =>
      pause(Number(msgId?.slice(1)) % 3),
    );
    inbox.push(100);
    await until('all were handled', () => inbox.handled.length === 100);
    expect(handledIds()).toEqual(Array.from({ length: 100 }, (_, i) => `m${i}`));
  });

  it('are delivered one after another when they belong to one message, at any concurrency', async () => {
    const running = new Set<string | undefined>();
    await inbox.start({ dlr: { poll: { everyMs: 20, count: 40 }, concurrency: 8 } }, async ({ msgId }: Dlr) => {
      expect(running.has(msgId)).toBe(false);
      running.add(msgId);
      await pause(Math.random() * 4);
      running.delete(msgId);
    });
    const steps = ['sent', 'undelivered', 'delivered'];
    for (const status of steps) {
      for (let i = 0; i < 40; i++) inbox.gateway.pushReport('demo', { msgId: `m${i}`, status });
    }
    await until('all were handled', () => inbox.handled.length === 120);
    for (let i = 0; i < 40; i++) {
      expect(inbox.handled.filter(({ msgId }) => msgId === `m${i}`).map(({ status }) => status)).toEqual(steps);
    }
  });

  it('have the same id when they are downloaded twice', async () => {
    await inbox.start({ dlr: OFTEN });
    const row = { msgId: 'twice', status: 'delivered', statusDate: '2026-01-31T12:00:00' };
    inbox.gateway.pushReport('demo', row);
    inbox.gateway.pushReport('demo', { statusDate: row.statusDate, status: row.status, msgId: row.msgId });
    inbox.gateway.pushReport('demo', { ...row, statusDate: '2026-01-31T12:00:01' });
    await until('all reports were handled', () => inbox.handled.length === 3);
    const [first, again, other] = inbox.handled.map(({ id }) => id);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe('the shutdown of the application', () => {
  it('in the middle of a page does not cause handled reports to be redelivered after the next start', async () => {
    const dlr = { ...OFTEN, concurrency: 2 };
    await inbox.start({ dlr }, () => pause(5));
    inbox.push(100);
    await until('some were handled', () => inbox.handled.length >= 20);
    await inbox.stop();
    expect(inbox.handled.length).toBeLessThan(100);
    await inbox.start({ dlr });
    await until('all were handled', () => inbox.handled.length >= 100);
    await inbox.untilStats('nothing is left', ({ pages, waiting, handling }) => pages + waiting + handling === 0);
    expect(new Set(handledIds()).size).toBe(100);
    expect(inbox.handled).toHaveLength(100);
  });

  it('uses up no attempt of a report whose listener fails meanwhile', async () => {
    const dlr = { ...OFTEN, maxAttempts: 1 };
    const gate = new Gate();
    await inbox.start({ dlr }, async () => {
      await gate.pass();
      throw new Error('the database was closed');
    });
    inbox.push(1);
    await inbox.untilStats('the listener is running', ({ handling }) => handling === 1);
    const stopping = inbox.stop();
    // The listener must fail during the shutdown, not before it.
    while ((await inbox.face.pollNow()).why !== 'the application is stopping') await pause(1);
    gate.open();
    await stopping;
    await inbox.start({ dlr });
    await until('the report was handled after the next start', () => inbox.handled.length === 1);
    expect(await inbox.face.stats()).toMatchObject({ failed: 0 });
  });

  it('logs how many reports remain, and in which directory', async () => {
    const dlr = { ...OFTEN, shutdownTimeoutMs: 50 };
    await inbox.start({ dlr: { ...dlr, concurrency: 1 } }, () =>
      inbox.handled.length < 4 ? undefined : pause(60_000),
    );
    inbox.push(20);
    await until('some were handled', () => inbox.handled.length === 4);
    await inbox.stop();
    const told = inbox.application.logs.matching('remain in');
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`16 delivery reports (account default) remain in ${join(inbox.storage.path, 'default')}`);
    await inbox.start({ dlr });
    await until('all were handled', () => inbox.handled.length === 20);
    await inbox.untilStats('nothing is left', ({ pages, waiting, handling }) => pages + waiting + handling === 0);
    await inbox.stop();
    expect(inbox.application.logs.matching('remain in')).toEqual([]);
  });

  it('logs each remaining report once, also when a pause had given it back before', async () => {
    const gate = new Gate();
    await inbox.start({ dlr: { ...OFTEN, concurrency: 1, shutdownTimeoutMs: 50 } }, () => {
      if (inbox.handled.length < 4) return undefined;
      return inbox.handled.length === 4 ? gate.pass() : pause(60_000);
    });
    inbox.push(20);
    await until('some were handled', () => inbox.handled.length === 4);
    const pausing = inbox.face.pause();
    gate.open();
    await pausing;
    await inbox.face.resume();
    await inbox.untilStats('a report is with its listener', ({ handling }) => handling === 1);
    const handled = inbox.handled.length;
    await inbox.stop();
    const logged = inbox.application.logs.matching('remain in');
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain(`${20 - handled} delivery reports (account default) remain in`);
  });

  it('waits for reports that are stored in memory only', async () => {
    await inbox.start({ dlr: { ...OFTEN, concurrency: 1 }, storage: 'memory' }, () => pause(2));
    inbox.push(50);
    await until('some were handled', () => inbox.handled.length > 5);
    await inbox.stop();
    expect(inbox.handled).toHaveLength(50);
  });

  it('logs how many reports in memory are lost after shutdownTimeoutMs', async () => {
    await inbox.start(
      { dlr: { ...OFTEN, concurrency: 1, shutdownTimeoutMs: 50 }, storage: 'memory' },
      () => new Promise(() => undefined),
    );
    inbox.push(3);
    await inbox.untilStats('all reports are waiting or in flight', ({ waiting, handling }) => waiting + handling === 3);
    await inbox.stop();
    expect(inbox.application.logs.matching('3 delivery reports are lost: this process ends')).toHaveLength(1);
  });
});
