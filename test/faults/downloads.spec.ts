import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DlrGap, UnreadableDlrs } from 'nestjs-oursms';
import type { FaultKind } from 'nestjs-oursms/testing';
import { until } from '../support/application.js';
import { InboxBench } from '../support/inbox-bench.js';

const ASKED = 20;
const REPORTS = 8;
const OPTIONS = {
  dlr: { poll: { everyMs: 20, count: ASKED }, retryDelayMs: 10 },
  http: { timeoutMs: 1_000, maxResponseBytes: 65_536 },
};

interface Expected {
  parameters?: Record<string, unknown>;
  /** Whether the gateway has deleted the reports; then what is lost of them. */
  lost: 'nothing' | 'some' | 'all';
  /** What is announced. A gap without a loss is one that could not be told from one with it. */
  told: readonly ('gap' | 'unreadable')[];
  /** Whether it counts as a failed poll, after which the next one is put off. */
  fails: boolean;
}

/** Every fault there is, and `processed` of the one that can be either. */
const FAULTS: Record<FaultKind | 'serverError, processed', Expected> = {
  latency: { parameters: { ms: 50 }, lost: 'nothing', told: [], fails: false },
  envelope: { parameters: { envelope: 'items' }, lost: 'nothing', told: [], fails: false },
  // A gateway without reports may well answer with nothing at all, so that passes for "no reports".
  empty: { lost: 'all', told: [], fails: false },
  errorIn200: { lost: 'nothing', told: [], fails: true },
  rateLimit: { parameters: { retryAfter: 0 }, lost: 'nothing', told: [], fails: true },
  html: { lost: 'nothing', told: ['unreadable'], fails: true },
  resetBefore: { lost: 'nothing', told: ['gap'], fails: true },
  serverError: { lost: 'nothing', told: ['gap'], fails: true },
  unavailable: { lost: 'nothing', told: ['gap'], fails: true },
  redirect: { parameters: { location: '/elsewhere' }, lost: 'nothing', told: ['gap'], fails: true },
  'serverError, processed': { parameters: { processed: true }, lost: 'all', told: ['gap'], fails: true },
  resetAfter: { lost: 'all', told: ['gap'], fails: true },
  hang: { lost: 'all', told: ['gap'], fails: true },
  garbage: { lost: 'all', told: ['unreadable'], fails: true },
  huge: { parameters: { bytes: 1_000_000 }, lost: 'all', told: ['gap', 'unreadable'], fails: true },
  halfClosed: { lost: 'some', told: ['gap', 'unreadable'], fails: true },
  slowBody: { parameters: { bytes: 4, everyMs: 20 }, lost: 'some', told: ['gap', 'unreadable'], fails: true },
};

let inbox: InboxBench;
let gaps: DlrGap[];
let unreadable: UnreadableDlrs[];
beforeEach(() => {
  inbox = new InboxBench();
  gaps = [];
  unreadable = [];
});
afterEach(() => inbox.remove());

const start = (): Promise<InboxBench> =>
  inbox.start(OPTIONS, undefined, { 'oursms.dlr.gap': gaps, 'oursms.dlr.unreadable': unreadable });

/** Plays a fault on the next downloads. */
function play(name: string, times: number): void {
  const [kind] = name.split(',') as ['hang'];
  const { parameters } = FAULTS[name as FaultKind];
  inbox.gateway.faults.next(kind, { ...parameters, times, on: 'dlrs' });
}

describe('a download that meets a fault', () => {
  it.each(Object.entries(FAULTS))(
    '%s: every report is handled, or what is lost is announced',
    async (name, expected) => {
      await start();
      await inbox.face.pause();
      inbox.push(REPORTS);
      play(name, 1);
      await inbox.face.resume();
      await until('the fault was played', () => inbox.gateway.faults.pending === 0);
      const lost = expected.lost === 'nothing' ? 0 : REPORTS;
      await until('the gateway has deleted them', () => inbox.gateway.totals.handedOut >= REPORTS);
      inbox.push(1);
      await until('polling goes on by itself', () => inbox.handled.some(({ msgId }) => msgId === `m${REPORTS}`));
      await inbox.untilStats('all is handled', ({ pages, waiting, handling }) => pages + waiting + handling === 0);
      await until('it was announced', () => gaps.length + unreadable.length >= expected.told.length);

      const missing = REPORTS + 1 - inbox.handled.length;
      expect(new Set(inbox.handled.map(({ id }) => id)).size).toBe(inbox.handled.length);
      if (expected.lost === 'some') {
        const whole = unreadable[0]?.raw.match(/\{[^{}]*\}/g) ?? [];
        expect(inbox.handled.slice(0, -1).map(({ raw }) => JSON.stringify(raw))).toEqual(whole);
        expect(whole.length).toBeGreaterThan(0);
        expect(missing).toBeGreaterThan(0);
      } else {
        expect(missing).toBe(lost);
      }
      expect({ gaps: gaps.length, unreadable: unreadable.length }).toEqual({
        gaps: expected.told.filter((what) => what === 'gap').length,
        unreadable: expected.told.filter((what) => what === 'unreadable').length,
      });
      for (const { atMost } of gaps) expect(atMost).toBeGreaterThanOrEqual(missing);
      expect(await inbox.face.stats()).toMatchObject({ gaps: gaps.length, unreadable: unreadable.length, failed: 0 });
    },
  );
});

const FAILING = Object.entries(FAULTS).filter(([, { fails }]) => fails);

describe('a gateway with a fault that stays', () => {
  it.each(FAILING)('%s: is not asked more and more often, and heard when it is well again', async (name) => {
    await start();
    await inbox.face.pause();
    inbox.push(5 * ASKED);
    play(name, Infinity);
    const [before, began] = [inbox.downloads(), Date.now()];
    await inbox.face.resume();
    await until('some polls failed', () => inbox.downloads() - before >= 3);
    // Waits of at least 100, 200, 400, … ms lie between them.
    expect(inbox.downloads() - before).toBeLessThanOrEqual(2 + Math.log2(1 + (Date.now() - began) / 100));
    inbox.gateway.faults.clear();
    inbox.push(1);
    await until('the last report came', () => inbox.handled.some(({ msgId }) => msgId === `m${5 * ASKED}`));
  });
});
