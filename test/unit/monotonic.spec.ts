import { describe, expect, it } from '@jest/globals';
import { DLR_STATUSES, monotonic, type DlrStatus } from 'nestjs-oursms';

const ALL: readonly DlrStatus[] = [...DLR_STATUSES, 'unknown'];

describe('monotonic decides whether a status may replace another:', () => {
  it('a late sent does not overwrite delivered', () => {
    expect(monotonic('delivered', 'sent')).toBe(false);
    expect(monotonic('sent', 'delivered')).toBe(true);
  });

  it.each(ALL)('%s may be the first status', (status) => {
    expect(monotonic(undefined, status)).toBe(true);
  });

  it.each(ALL)('no status replaces delivered, not even %s', (status) => {
    expect(monotonic('delivered', status)).toBe(false);
  });

  it.each(['undelivered', 'failed', 'deleted', 'expired'] as const)(
    '%s replaces sent, and is replaced only by delivered',
    (final) => {
      expect(monotonic('sent', final)).toBe(true);
      expect(ALL.filter((next) => monotonic(final, next))).toEqual(['delivered']);
    },
  );

  it('every status except unknown replaces unknown', () => {
    expect(ALL.filter((next) => !monotonic('unknown', next))).toEqual(['unknown']);
  });

  it('the result is the same in whatever order the reports arrive', () => {
    const reports: DlrStatus[] = ['unknown', 'sent', 'failed', 'delivered'];
    const keep = (order: readonly DlrStatus[]): DlrStatus | undefined =>
      order.reduce<DlrStatus | undefined>((known, next) => (monotonic(known, next) ? next : known), undefined);
    const orders = reports.flatMap((_, i) => [[...reports.slice(i), ...reports.slice(0, i)], [...reports].reverse()]);
    expect(new Set(orders.map(keep))).toEqual(new Set(['delivered']));
  });
});
