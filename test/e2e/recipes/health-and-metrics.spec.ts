import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DlrInbox } from 'nestjs-oursms';
import { bootstrap } from '../../../sample-app/recipes/health-and-metrics.js';
import { until } from '../../support/application.js';
import { MetricsCollector } from '../../support/metrics-collector.js';
import { RecipeBench } from '../../support/recipe-bench.js';

let bench: RecipeBench;
let collector: MetricsCollector;

beforeEach(async () => {
  collector = await MetricsCollector.start();
  const export_ = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_METRIC_EXPORT_INTERVAL: '50' };
  bench = await RecipeBench.open({}, { POLL_EVERY_MS: '20', ...export_ });
});

afterEach(async () => {
  await bench.close();
  await collector.stop();
});

const send = async (): Promise<number> => (await bench.post('/messages', { number: '0501234567' })).status;
/** The exported number of sends by outcome, without zeros. */
const sends = (): Record<string, number> => {
  const some = collector.last('oursms.sends').filter(({ value }) => value > 0);
  return Object.fromEntries(
    some.map(({ value, attributes }): [string, number] => [attributes['oursms.outcome'] ?? '', value]),
  );
};

describe('the recipe of health and metrics', () => {
  it('is alive and ready while all is well', async () => {
    await bench.start(bootstrap);
    expect(await bench.get('/health/live')).toEqual({ status: 200, body: { status: 'ok' } });
    const sms = { status: 'up', reasons: [] };
    expect(await bench.get('/health/ready')).toMatchObject({ status: 200, body: { status: 'ok', details: { sms } } });
  });

  it('is degraded with few credits, but still ready', async () => {
    bench.gateway.setCredits('demo', 400);
    await bench.start(bootstrap);
    const sms = { status: 'degraded', reasons: ['creditsLow'] };
    expect(await bench.get('/health/ready')).toMatchObject({ status: 200, body: { details: { sms } } });
  });

  it('is alive but not ready while its credentials are refused', async () => {
    process.env.OURSMS_API_KEY = 'a-revoked-key';
    await bench.start(bootstrap);
    delete process.env.OURSMS_API_KEY;
    const sms = { status: 'down', reasons: ['credentialsRefused'] };
    expect(await bench.get('/health/ready')).toMatchObject({ status: 503, body: { details: { sms } } });
    expect((await bench.get('/health/live')).status).toBe(200);
  });

  it('exports sends by outcome, the inbox and the credits, and no number', async () => {
    await bench.start(bootstrap);
    expect(await send()).toBe(202);
    bench.gateway.faults.next('resetAfter', { on: 'send' });
    expect(await send()).toBe(502);
    await bench.get('/health/ready');
    await until('the sends are exported', () => Object.keys(sends()).length === 2);
    expect(sends()).toEqual({ sent: 1, unknown: 1 });
    await until('the credits are exported', () => collector.last('oursms.credits')[0]?.value === 998);
    await until('the inbox is exported', () => collector.last('oursms.inbox.waiting').length === 1);
    expect(collector.exports.join()).not.toContain('501234567');
  });

  it('exports the last metrics at shutdown', async () => {
    process.env.OTEL_METRIC_EXPORT_INTERVAL = '60000';
    await bench.start(bootstrap);
    await send();
    await until('the report is handled', async () => (await bench.app.get(DlrInbox).stats()).waiting === 0);
    expect(collector.exports).toHaveLength(0);
    await bench.stop();
    expect(sends()).toEqual({ sent: 1 });
  });

  it('runs without a collector, and exports nothing', async () => {
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = '';
    await bench.start(bootstrap);
    expect(await send()).toBe(202);
    await bench.stop();
    expect(collector.exports).toHaveLength(0);
  });
});
