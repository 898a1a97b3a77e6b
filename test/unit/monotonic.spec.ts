import { describe, expect, it } from '@jest/globals';
import { DLR_STATUSES, monotonic, type DlrStatus } from 'nestjs-oursms';

const ALL: readonly DlrStatus[] = [...DLR_STATUSES, 'unknown'];

describe('monotonic tells whether a status may follow another:', () => {
  it('a late sent does not overwrite delivered', () => {
    expect(monotonic('delivered', 'sent')).toBe(false);
    expect(monotonic('sent', 'delivered')).toBe(true);
  });

  it.each(ALL)('%s may be the first', (status) => {
    expect(monotonic(undefined, status)).toBe(true);
  });

  it.each(ALL)('nothing follows delivered, not even %s', (status) => {
    expect(monotonic('delivered', status)).toBe(false);
  });

  it.each(['undelivered', 'failed', 'deleted', 'expired'] as const)(
    '%s follows sent, gives way to delivered, and to nothing else',
    (final) => {
      expect(monotonic('sent', final)).toBe(true);
      expect(ALL.filter((next) => monotonic(final, next))).toEqual(['delivered']);
    },
  );

  it('every status follows unknown but unknown itself', () => {
    expect(ALL.filter((next) => !monotonic('unknown', next))).toEqual(['unknown']);
  });

  it('keeps the same status whatever the order in which reports come', () => {
    const reports: DlrStatus[] = ['unknown', 'sent', 'failed', 'delivered'];
    const keep = (order: readonly DlrStatus[]): DlrStatus | undefined =>
      order.reduce<DlrStatus | undefined>((known, next) => (monotonic(known, next) ? next : known), undefined);
    const orders = reports.flatMap((_, i) => [[...reports.slice(i), ...reports.slice(0, i)], [...reports].reverse()]);
    expect(new Set(orders.map(keep))).toEqual(new Set(['delivered']));
  });
});
