import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { HealthCheckResult } from '@nestjs/terminus';
import type { DlrInboxStats } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { until } from '../support/application.js';
import { SampleBench, type Answer } from '../support/sample-bench.js';

jest.setTimeout(60_000);

describe('the health of the sample application', () => {
  let gateway: GatewaySimulator;
  let sample: SampleBench;

  beforeEach(async () => {
    gateway = await GatewaySimulator.start({ accounts: [{ username: 'demo', password: 'demo', credits: 501 }] });
    sample = await start('demo');
  });

  afterEach(async () => {
    await sample.close();
    await gateway.stop();
  });

  const start = (password: string): Promise<SampleBench> =>
    SampleBench.start({ OURSMS_USERNAME: 'demo', OURSMS_PASSWORD: password, OURSMS_BASE_URL: gateway.url });

  const health = (): Promise<Answer<HealthCheckResult>> => sample.get('/health');

  it('is up', async () => {
    await sample.post('/inbox/poll');
    const { status, json } = await health();
    expect(status).toBe(200);
    expect(json.details).toMatchObject({ oursms: { status: 'up', reasons: [], reports: { waiting: 0, failed: 0 } } });
  });

  it('is degraded while the inbox is paused, and up again once it is resumed', async () => {
    await sample.post<DlrInboxStats>('/inbox/pause');
    const { status, json } = await health();
    expect({ status, overall: json.status }).toEqual({ status: 200, overall: 'degraded' });
    expect(json.details).toMatchObject({ oursms: { status: 'degraded', reasons: ['paused'] } });
    await sample.post<DlrInboxStats>('/inbox/resume');
    await until('the status is ok', async () => (await health()).json.status === 'ok');
  });

  it('is down when the gateway refuses the credentials, and does not show them', async () => {
    await sample.close();
    sample = await start('hush-hush');
    const { status, json } = await health();
    expect(status).toBe(503);
    expect(json.details).toMatchObject({ oursms: { status: 'down', reasons: ['credentialsRefused'] } });
    expect(JSON.stringify(json)).not.toMatch(/hush|demo|127\.0\.0\.1/);
  });

  it('is described on the API page', async () => {
    const { json } = await sample.get<{ paths: Record<string, object> }>('/api-json');
    expect(json.paths).toHaveProperty('/health');
  });
});
