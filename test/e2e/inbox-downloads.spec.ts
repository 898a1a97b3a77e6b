import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DlrGap, UnreadableDlrs } from 'nestjs-oursms';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { TestStorage, until } from '../support/application.js';
import { InboxBench } from '../support/inbox-bench.js';

const OFTEN = { poll: { everyMs: 20, count: 50 }, retryDelayMs: 10 };
const FAST = { dlr: OFTEN, http: { timeoutMs: 300 } };

let inbox: InboxBench;
let gaps: DlrGap[];
let unreadable: UnreadableDlrs[];
beforeEach(() => {
  inbox = new InboxBench();
  gaps = [];
  unreadable = [];
});
afterEach(() => inbox.remove());

const start = (options = FAST): Promise<InboxBench> =>
  inbox.start(options, undefined, { 'oursms.dlr.gap': gaps, 'oursms.dlr.unreadable': unreadable });

/** Changes the store of the stopped application. */
async function inStore(change: (engine: StoredEngine) => Promise<void>): Promise<void> {
  inbox.storage ??= await TestStorage.make();
  const engine = await StoredEngine.inDirectory(join(inbox.storage.path, 'default'));
  await change(engine);
  await engine.close();
}

describe('a gap is announced, with the maximum number of missing reports, when', () => {
  it.each(['resetAfter', 'hang', 'serverError'] as const)('the outcome of a download is unknown: %s', async (kind) => {
    await start();
    const before = Date.now();
    inbox.gateway.faults.next(kind, { on: 'dlrs' });
    await until('the gap was announced', () => gaps.length === 1);
    expect(gaps[0]).toMatchObject({ account: 'default', atMost: 50, why: expect.stringContaining('downloadDlrs') });
    expect(new Date(gaps[0]?.at ?? '').getTime()).toBeGreaterThanOrEqual(before);
    expect(unreadable).toEqual([]);
    await inbox.untilStats('the gap is counted', (stats) => stats.gaps === 1);
    inbox.push(1);
    await until('polling continues', () => inbox.handled.length === 1);
  });

  it('the process ended in the middle of a download', async () => {
    const at = '2026-01-31T12:00:00.000Z';
    await inStore((engine) => engine.note('default/download/abc', JSON.stringify({ at, asked: 500 })));
    await start();
    await until('the gap was announced', () => gaps.length === 1);
    expect(gaps).toEqual([
      { id: 'abc', account: 'default', at, atMost: 500, why: 'the process ended during the download' },
    ]);
    expect(await inbox.face.stats()).toMatchObject({ gaps: 1 });
    await inbox.stop();
    await start();
    await until('polling continues', () => inbox.downloads() > 1);
    expect(gaps).toHaveLength(1);
    expect(await inbox.face.stats()).toMatchObject({ gaps: 1 });
  });
});

describe('no gap is announced when', () => {
  it.each(['rateLimit', 'errorIn200'] as const)('the gateway refused the download: %s', async (kind) => {
    await start();
    inbox.gateway.faults.next(kind, { on: 'dlrs', ...(kind === 'rateLimit' ? { retryAfter: 0 } : {}) });
    await until('the poll was refused', () => inbox.gateway.faults.pending === 0);
    inbox.push(1);
    await until('polling continues', () => inbox.handled.length === 1);
    expect(gaps).toEqual([]);
  });

  it('the gateway could not be reached', async () => {
    await start();
    await until('the first poll', () => inbox.downloads() > 0);
    await inbox.gateway.refuseConnections();
    await inbox.untilStats('a poll failed', ({ lastPoll }) => lastPoll?.result === 'failed');
    await inbox.gateway.acceptConnections();
    inbox.push(1);
    await until('polling continues', () => inbox.handled.length === 1);
    expect(gaps).toEqual([]);
  });

  it('the application stopped during a download that still reached the store', async () => {
    await start();
    inbox.push(3);
    inbox.gateway.faults.next('latency', { ms: 100, on: 'dlrs' });
    await until('the download is running', () => inbox.gateway.totals.handedOut === 3);
    await inbox.stop();
    await start();
    await until('the reports were handled', () => inbox.handled.length === 3);
    expect(gaps).toEqual([]);
  });
});

describe('an answer that broke off', () => {
  it.each([
    ['half of the answer', { kind: 'halfClosed' as const, bytes: 250 }],
    ['the part before the timeout', { kind: 'slowBody' as const, bytes: 25, everyMs: 20 }],
  ])('has its complete reports published, and the rest announced: %s', async (_what, { kind, ...parameters }) => {
    await start();
    inbox.gateway.faults.next(kind, { ...parameters, on: 'dlrs' });
    inbox.push(20);
    await until('the unreadable answer was announced', () => unreadable.length === 1);
    const { salvaged, raw } = unreadable[0] as UnreadableDlrs;
    expect(salvaged).toBeGreaterThan(0);
    expect(salvaged).toBeLessThan(20);
    await until('the complete reports were published', () => inbox.handled.length === salvaged);
    expect(inbox.handled.map(({ msgId }) => msgId)).toEqual(Array.from({ length: salvaged }, (_, i) => `m${i}`));
    expect(raw).toContain(`"m${salvaged - 1}"`);
    expect(gaps).toMatchObject([{ id: unreadable[0]?.id, atMost: 50 - salvaged }]);
    await inbox.untilStats('the answer is kept', (stats) => stats.unreadable === 1 && stats.pages === 0);
  });

  it('is announced as a gap with the start time of the download', async () => {
    await start();
    inbox.gateway.faults.next('slowBody', { bytes: 25, everyMs: 20, on: 'dlrs' });
    inbox.push(20);
    await until('the unreadable answer was announced', () => unreadable.length === 1);
    const tookMs = Date.parse(unreadable[0]?.receivedAt ?? '') - Date.parse(gaps[0]?.at ?? '');
    expect(tookMs).toBeGreaterThan(250);
  });

  it('has no report published twice when it is read again', async () => {
    await start();
    inbox.gateway.faults.next('halfClosed', { bytes: 250, on: 'dlrs' });
    inbox.push(20);
    await inbox.untilStats('the answer is kept', (stats) => stats.unreadable === 1);
    const handled = inbox.handled.length;
    expect(await inbox.face.rereadUnreadable()).toBe(1);
    await until('the answer was announced again', () => unreadable.length === 2);
    await inbox.untilStats('the answer is kept again', (stats) => stats.unreadable === 1 && stats.pages === 0);
    expect(unreadable[1]).toEqual(unreadable[0]);
    expect(inbox.handled).toHaveLength(handled);
    expect(gaps).toHaveLength(1);
  });

  it('leaves no gap when its list is complete', async () => {
    const page = { account: 'default', receivedAt: '2026-01-31T12:00:00.000Z', httpStatus: 200, asked: 50 };
    const data = { ...page, text: '[{"msgId":"m1"},{"msgId":"m2"}]', broken: 'no complete answer came' };
    await inStore((engine) => engine.queue<object>('default/pages').add([{ id: 'cut', data }]));
    await start();
    await until('both reports were handled', () => inbox.handled.length === 2);
    await inbox.untilStats('the page is handled', (stats) => stats.pages === 0);
    expect(await inbox.face.stats()).toMatchObject({ gaps: 0, unreadable: 0 });
  });
});

describe('an answer without reports', () => {
  it.each(['{"statuses":null}', 'null', '{}', '""', ' \n '])(
    'emits no event, stores nothing and delays no poll: %j',
    async (body) => {
      await start();
      inbox.gateway.faults.next('garbage', { body, on: 'dlrs', times: 5 });
      await until('all answers were sent', () => inbox.gateway.faults.pending === 0, 1_500);
      await inbox.untilStats('the poll succeeded', ({ lastPoll }) => lastPoll?.result === 'downloaded');
      inbox.push(1);
      await until('polling continues', () => inbox.handled.length === 1);
      expect([...unreadable, ...gaps]).toEqual([]);
      expect(await inbox.face.stats()).toMatchObject({ unreadable: 0, gaps: 0 });
      expect(inbox.application.logs.matching('failed')).toEqual([]);
    },
  );
});

describe('an answer that cannot be read', () => {
  it('is stored unchanged, announced, and still there after a restart', async () => {
    await start();
    inbox.gateway.faults.next('garbage', { body: '{"odd":"966501234567"}', on: 'dlrs' });
    await until('the unreadable answer was announced', () => unreadable.length === 1);
    const [page] = unreadable as [UnreadableDlrs];
    expect(page).toMatchObject({ account: 'default', raw: '{"odd":"966501234567"}', salvaged: 0 });
    expect(page.why).toContain('no list of reports');
    await inbox.untilStats('the answer is kept', (stats) => stats.unreadable === 1);
    expect(inbox.application.logs.matching(page.id)).toHaveLength(1);
    expect(inbox.application.logs.matching('966501234567')).toEqual([]);
    await inbox.stop();
    await start();
    const kept: UnreadableDlrs[] = [];
    for await (const one of inbox.face.unreadable()) kept.push(one);
    expect(kept).toEqual([page]);
    expect(await inbox.face.remove(page.id)).toBe(true);
    expect(await inbox.face.stats()).toMatchObject({ unreadable: 0 });
    expect(gaps).toEqual([]);
  });

  it('is read by rereadUnreadable after an upgrade that supports its format', async () => {
    // A page that an earlier version could not read, and this version can.
    await inStore(async (engine) => {
      const pages = engine.queue<object>('default/pages');
      const page = { account: 'default', receivedAt: '2026-01-31T12:00:00.000Z', httpStatus: 200, asked: 50 };
      await pages.add([{ id: 'old', data: { ...page, text: '{"items":[{"msgId":"m9","status":"sent"}]}' } }]);
      const given = new Promise<void>((resolve) => {
        const consumer = pages.consume(
          () => {
            setImmediate(() => void consumer.stop().then(resolve));
            return Promise.resolve({ kind: 'failed', reason: 'it contains no list of reports' });
          },
          { concurrency: 1 },
        );
      });
      await given;
    });
    await start();
    expect(await inbox.face.stats()).toMatchObject({ unreadable: 1 });
    expect(await inbox.face.rereadUnreadable()).toBe(1);
    await until('the report was published', () => inbox.handled.length === 1);
    expect(inbox.handled[0]).toMatchObject({ msgId: 'm9', status: 'sent', receivedAt: '2026-01-31T12:00:00.000Z' });
    await inbox.untilStats('the page is handled', (stats) => stats.unreadable + stats.pages === 0);
  });
});

describe('a listener of an announcement', () => {
  it('may fail or never settle: the inbox continues', async () => {
    await inbox.start({ ...FAST, dlr: { ...OFTEN, listenerTimeoutMs: 50 } });
    inbox.listenWith('oursms.dlr.gap', () => new Promise(() => undefined));
    inbox.listenWith('oursms.dlr.unreadable', () => Promise.reject(new Error('no disk')));
    inbox.gateway.faults.next('resetAfter', { on: 'dlrs' });
    inbox.gateway.faults.next('garbage', { on: 'dlrs' });
    await inbox.untilStats(
      'the gap and the unreadable answer are kept',
      (stats) => stats.gaps === 1 && stats.unreadable === 1,
    );
    inbox.push(1);
    await until('polling continues', () => inbox.handled.length === 1);
    expect(inbox.application.logs.matching('A listener for oursms.dlr.gap failed')).toHaveLength(1);
    expect(inbox.application.logs.matching('A listener for oursms.dlr.unreadable failed')).toHaveLength(1);
  });
});
