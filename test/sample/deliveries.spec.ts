import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { LastHourView } from '../../sample-app/reports/last-hour.js';
import { until } from '../support/application.js';
import { SampleBench } from '../support/sample-bench.js';
import { passTime } from '../support/set-clock.js';

jest.setTimeout(60_000);

const MINUTE = 60_000;
/** Delivered, undelivered, no final report, rejected. */
const DESTS = ['0501234567', '0501234500', '0501234588', '0501234599'];
const hello = { src: 'MyBrand', dests: DESTS, body: 'hello', dlr: true };

describe('the deliveries of the last hour in the sample application', () => {
  let sample: SampleBench;

  beforeEach(async () => void (sample = await SampleBench.start()));
  afterEach(async () => {
    jest.restoreAllMocks();
    await sample.close();
  });

  const lastHour = async (): Promise<LastHourView> => (await sample.get<LastHourView>('/deliveries/last-hour')).json;
  const untilReported = (): Promise<void> =>
    until('the reports are counted', async () => {
      const { delivered, undelivered } = await lastHour();
      return delivered === 1 && undelivered === 1;
    });

  it('count only messages that request a report, by send time, and for one hour', async () => {
    await sample.post('/messages', hello);
    await sample.post('/messages', { ...hello, dlr: false });
    expect(await lastHour()).toMatchObject({ sent: 3 });
    await untilReported();
    const hour = await lastHour();
    expect(hour).toMatchObject({ sent: 3, delivered: 1, undelivered: 1, noReportYet: 1, stepMs: 5 * MINUTE });
    expect(hour.columns).toHaveLength(12);
    expect(hour.medianMs).toBeGreaterThan(500);
    expect(hour.p95Ms).toBe(hour.medianMs);
    let passedMs = 50 * MINUTE;
    passTime(() => passedMs);
    expect(await lastHour()).toMatchObject({ sent: 3, delivered: 1, undelivered: 1, noReportYet: 1 });
    expect((await lastHour()).columns[11]?.sent).toBe(0);
    passedMs = 66 * MINUTE;
    expect(await lastHour()).toMatchObject({ sent: 0, delivered: 0, undelivered: 0, noReportYet: 0 });
  });

  it('still include reported messages after a restart', async () => {
    await sample.post('/messages', hello);
    await untilReported();
    const before = await lastHour();
    await sample.restart();
    expect(await lastHour()).toEqual(before);
  });

  it('contain no phone number, and are described on the API page', async () => {
    await sample.post('/messages', hello);
    await untilReported();
    expect(JSON.stringify(await lastHour())).not.toMatch(/966|5012345|MyBrand|hello/);
    const { json } = await sample.get<{ paths: Record<string, object> }>('/api-json');
    expect(json.paths).toHaveProperty(['/deliveries/last-hour', 'get', 'responses', '200', 'content']);
  });
});
