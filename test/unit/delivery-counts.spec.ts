import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Dlr } from 'nestjs-oursms';
import { DeliveryCounts } from '../../sample-app/reports/delivery-counts.js';

const START = Date.parse('2026-01-31T12:00:00.000Z');

let counts: DeliveryCounts;
beforeEach(() => {
  counts = new DeliveryCounts();
});

/** A report of the campaign `sale` that came so many seconds after the first one. */
const report = (seconds: number, more: Partial<Dlr> = {}): Dlr => ({
  ...{ id: 'x', status: 'delivered', isFinal: true, via: 'poll', account: 'default', raw: {}, campaign: 'sale' },
  ...{ receivedAt: new Date(START + seconds * 1_000).toISOString(), ...more },
});

describe('the final reports of a campaign over time', () => {
  it('are counted per second, delivered and undelivered', () => {
    counts.add(report(0));
    counts.add(report(0.9, { status: 'failed' }));
    counts.add(report(2, { status: 'expired' }));
    expect(counts.of('sale')).toEqual({
      ...{ from: '2026-01-31T12:00:00.000Z', stepMs: 1_000 },
      columns: [
        { delivered: 1, undelivered: 1 },
        { delivered: 0, undelivered: 0 },
        { delivered: 0, undelivered: 1 },
      ],
    });
  });

  it('are left out when they belong to another campaign or none, or are not final', () => {
    counts.add(report(0, { campaign: 'other' }));
    counts.add(report(0, { campaign: undefined }));
    counts.add(report(0, { status: 'sent', isFinal: false }));
    expect(counts.of('sale')).toBeUndefined();
  });

  it('take at most 60 columns, however long they continue, and none is lost', () => {
    for (let seconds = 0; seconds < 10_000; seconds++) counts.add(report(seconds));
    counts.add(report(86_400 * 365));
    const { stepMs, columns } = counts.of('sale') ?? { stepMs: 0, columns: [] };
    expect(columns.length).toBeLessThanOrEqual(60);
    expect(stepMs * 60).toBeGreaterThan(86_400_000 * 365);
    expect(columns.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(10_001);
  });

  it('are counted in the first column when the clock was set back', () => {
    counts.add(report(0));
    counts.add(report(-100));
    expect(counts.of('sale')?.columns).toEqual([{ delivered: 2, undelivered: 0 }]);
  });

  it('stay unchanged in an earlier result, and restart after they are forgotten', () => {
    counts.add(report(0));
    const shown = counts.of('sale');
    counts.add(report(0));
    expect(shown?.columns).toEqual([{ delivered: 1, undelivered: 0 }]);
    counts.forget('sale');
    counts.add(report(50));
    expect(counts.of('sale')).toMatchObject({ from: '2026-01-31T12:00:50.000Z', columns: [{ delivered: 1 }] });
  });

  it('are kept for the latest hundred campaigns', () => {
    for (let i = 0; i < 101; i++) counts.add(report(0, { campaign: `sale ${i}` }));
    expect(counts.of('sale 0')).toBeUndefined();
    expect(counts.of('sale 1')).toBeDefined();
  });
});
