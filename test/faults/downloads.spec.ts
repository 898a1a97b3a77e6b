import { describe, expect, it } from '@jest/globals';
import { until } from '../support/application.js';
import { FAULTS, gaps, inbox, play, REPORTS, start, unreadable } from './download-faults.js';

describe('a download that meets a fault', () => {
  it.each(Object.entries(FAULTS))(
    '%s: every report is handled, or the loss of reports is announced',
    async (name, expected) => {
      await start();
      await inbox.face.pause();
      inbox.push(REPORTS);
      play(name, 1);
      await inbox.face.resume();
      await until('the fault was played', () => inbox.gateway.faults.pending === 0);
      const lost = expected.lost === 'nothing' ? 0 : REPORTS;
      await until('the gateway has deleted the reports', () => inbox.gateway.totals.handedOut >= REPORTS);
      inbox.push(1);
      await until('polling resumes automatically', () => inbox.handled.some(({ msgId }) => msgId === `m${REPORTS}`));
      await inbox.untilStats(
        'all reports are handled',
        ({ pages, waiting, handling }) => pages + waiting + handling === 0,
      );
      await until('the loss is announced', () => gaps.length + unreadable.length >= expected.told.length);

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
