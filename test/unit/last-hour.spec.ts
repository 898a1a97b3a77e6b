import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MessageState, Messages, TrackedMessage, TrackedRecipient } from 'nestjs-oursms';
import { LastHour } from '../../sample-app/reports/last-hour.js';

const MINUTE = 60_000;
/** In the middle of five minutes. */
const NOW = Date.parse('2026-01-31T12:02:00.000Z');
const iso = (ms: number): string => new Date(ms).toISOString();

describe('the last hour of the sample application', () => {
  let now: number;
  let kept: Map<string, TrackedMessage>;
  let reads: string[];
  let hour: LastHour;

  beforeEach(() => {
    now = NOW;
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    kept = new Map();
    reads = [];
    const messages = {
      get: (reference: string) => {
        reads.push(reference);
        return Promise.resolve(kept.get(reference));
      },
    };
    hour = new LastHour(messages as Partial<Messages> as Messages);
  });
  afterEach(() => void jest.restoreAllMocks());

  /** A recipient of a message that was sent so long ago; where it was delivered, that took so long. */
  function recipient(state: MessageState, agoMs: number, more: { tookMs?: number; statusDate?: string } = {}) {
    const { tookMs = 1_000, statusDate } = more;
    const [dest, sentAt] = ['9665******67', iso(now - agoMs)];
    const reports: TrackedRecipient['reports'] =
      state === 'delivered' ? [{ status: state, statusDate, receivedAt: iso(now - agoMs + tookMs) }] : [];
    const isFinal = !['sent', 'missing', 'pending', 'unknown'].includes(state);
    return { dest, state, isFinal, sentAt, partsExpected: 1, partsSeen: 1, reports };
  }

  /** Keeps a message and tells the hour of its send. */
  function sent(reference: string, ...recipients: TrackedRecipient[]): void {
    kept.set(reference, { reference, isFinal: recipients.every(({ isFinal }) => isFinal), recipients });
    hour.noteSend(reference);
  }

  it('starts as twelve empty five-minute columns, the last of which is not over', async () => {
    const empty = { sent: 0, delivered: 0, undelivered: 0, noReportYet: 0 };
    expect(await hour.view()).toEqual({
      ...{ from: '2026-01-31T11:05:00.000Z', stepMs: 5 * MINUTE, ...empty, medianMs: undefined, p95Ms: undefined },
      columns: Array.from({ length: 12 }, () => empty),
    });
  });

  it('has each message in the column of its send, by its state', async () => {
    sent('now', recipient('delivered', 0), recipient('failed', 0), recipient('sent', 0), recipient('missing', 0));
    sent('before', recipient('expired', 3 * MINUTE), recipient('deleted', 3 * MINUTE));
    sent('first', recipient('undelivered', 57 * MINUTE));
    const { columns, sent: all, delivered, undelivered, noReportYet } = await hour.view();
    expect(columns[11]).toEqual({ sent: 4, delivered: 1, undelivered: 1, noReportYet: 2 });
    expect(columns[10]).toEqual({ sent: 2, delivered: 0, undelivered: 2, noReportYet: 0 });
    expect(columns[0]).toEqual({ sent: 1, delivered: 0, undelivered: 1, noReportYet: 0 });
    expect({ all, delivered, undelivered, noReportYet }).toEqual({
      all: 7,
      delivered: 1,
      undelivered: 4,
      noReportYet: 2,
    });
  });

  it('excludes messages that were not sent, may not have been sent, or asked for no report', async () => {
    const states = ['rejected', 'notSent', 'pending', 'unknown'] as const;
    sent('other', ...states.map((state) => recipient(state, 0)), { ...recipient('sent', 0), isFinal: true });
    expect((await hour.view()).sent).toBe(0);
  });

  it('gives the median and the 95th percentile of the delivery time', async () => {
    for (let i = 1; i <= 100; i++) sent(`m${i}`, recipient('delivered', 20 * MINUTE, { tookMs: i * 100 }));
    expect(await hour.view()).toMatchObject({ medianMs: 5_000, p95Ms: 9_500 });
  });

  it('uses the time of the gateway if it has a time zone and is plausible, otherwise the time of the report', async () => {
    const at = NOW - MINUTE;
    const tookOf = async (statusDate: string): Promise<number | undefined> => {
      sent('one', recipient('delivered', MINUTE, { tookMs: 15_000, statusDate }));
      return (await hour.view()).medianMs;
    };
    expect(await tookOf(iso(at + 2_000))).toBe(2_000);
    expect(await tookOf(iso(at + 3_000).replace('.000Z', '+00:00'))).toBe(3_000);
    expect(await tookOf(iso(at + 2_000).slice(0, 19))).toBe(15_000);
    expect(await tookOf(iso(at - 1_000))).toBe(15_000);
    expect(await tookOf(iso(at + 16_000))).toBe(15_000);
    expect(await tookOf('soon')).toBe(15_000);
  });

  it('rereads a message until its reports are there, and then no more', async () => {
    sent('one', recipient('sent', 0));
    await hour.view();
    await hour.view();
    expect(reads).toEqual(['one']);
    now += 1_000;
    kept.set('one', { reference: 'one', isFinal: true, recipients: [recipient('delivered', 1_000)] });
    expect((await hour.view()).delivered).toBe(1);
    now += 1_000;
    await hour.view();
    expect(reads).toEqual(['one', 'one']);
  });

  it('rereads a message at once when a report for it arrives, even if it was sent before a restart', async () => {
    sent('one', recipient('undelivered', 0));
    expect((await hour.view()).undelivered).toBe(1);
    kept.set('one', { reference: 'one', isFinal: true, recipients: [recipient('delivered', 0)] });
    hour.noteReport({ reference: 'one', sentAt: iso(now) });
    expect(await hour.view()).toMatchObject({ sent: 1, delivered: 1 });
    kept.set('earlier', { reference: 'earlier', isFinal: true, recipients: [recipient('delivered', 30 * MINUTE)] });
    hour.noteReport({ reference: 'earlier', sentAt: iso(now - 30 * MINUTE) });
    hour.noteReport({ reference: undefined, sentAt: undefined });
    expect((await hour.view()).delivered).toBe(2);
  });

  it('forgets older messages, and all but the latest thousand references', async () => {
    sent('old', recipient('sent', 0));
    now += 60 * MINUTE;
    for (let i = 0; i < 1_001; i++) sent(`m${i}`, recipient('sent', 0));
    const { sent: all } = await hour.view();
    expect(all).toBe(1_000);
    expect(reads).not.toContain('old');
    expect(reads).not.toContain('m0');
    now += 60 * MINUTE;
    reads = [];
    expect((await hour.view()).sent).toBe(0);
    expect(reads).toEqual([]);
  });
});
