import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import type { OurSmsModuleOptions } from 'nestjs-oursms';
import { DEMO, until } from '../../support/application.js';
import { CampaignBench } from '../../support/campaign-bench.js';
import { endWhatIsLeft } from '../../support/what-is-left.js';
import { CampaignProcess, type CampaignOrder } from './campaign-process.js';

jest.setTimeout(120_000);

const ORDER: CampaignOrder = {
  ...{ id: 'sale', body: 'Half price today', count: 3_000, texts: 0, from: 0 },
  ...{ concurrency: 4, sendsAgain: false },
};
const PATIENCE_MS = 60_000;

describe('a campaign whose process is killed while its requests are queued', () => {
  let bench: CampaignBench;
  let processes: CampaignProcess[];
  beforeEach(async () => {
    processes = [];
    // The gateway, and a directory: applications are started in processes of their own.
    bench = await new CampaignBench().start();
    await bench.stop();
  });
  afterEach(async () => {
    for (const one of processes) one.kill();
    await Promise.all(processes.map(({ ended }) => ended));
    await bench.remove();
  });

  const start = (more: Partial<OurSmsModuleOptions>): CampaignProcess => {
    const { url: baseUrl } = bench.gateway;
    const one = new CampaignProcess();
    processes.push(one);
    const options: OurSmsModuleOptions = { baseUrl, auth: DEMO, storage: { path: bench.storage.path }, ...more };
    one.start({ options, order: ORDER, tellsAt: -1 });
    return one;
  };

  it('puts no queued recipient in doubt when the rate lets one request out at a time', async () => {
    const first = start({ rate: { requestsPerSecond: 1 } });
    await until('one request was sent', () => bench.requests().length === 1, PATIENCE_MS);
    await wait(300);
    first.kill();
    await first.ended;
    expect(bench.requests()).toHaveLength(1);
    const { report } = await start({}).told('done', AbortSignal.timeout(PATIENCE_MS));
    expect(report).toMatchObject({ sent: ORDER.count, unknown: 0, notSent: 0 });
    expect(bench.reached(ORDER.count)).toEqual([1]);
  });

  it('puts no recipient in doubt when no request could be sent', async () => {
    await bench.gateway.refuseConnections();
    const first = start({ retry: { delayMs: 60_000 } });
    await first.told('taken', AbortSignal.timeout(PATIENCE_MS));
    await wait(500);
    first.kill();
    await first.ended;
    await bench.gateway.acceptConnections();
    const { report } = await start({}).told('done', AbortSignal.timeout(PATIENCE_MS));
    expect(report).toMatchObject({ sent: ORDER.count, unknown: 0, notSent: 0 });
    expect(bench.reached(ORDER.count)).toEqual([1]);
  });

  it('puts the recipients in doubt whose requests were in flight', async () => {
    bench.gateway.faults.chance('latency', 1, { ms: 5_000, on: 'send' });
    const first = start({ rate: { requestsPerSecond: 1 } });
    await until('one request is in flight', () => bench.requests().length === 1, PATIENCE_MS);
    await wait(100);
    first.kill();
    await first.ended;
    bench.gateway.faults.clear();
    const { report } = await start({}).told('done', AbortSignal.timeout(PATIENCE_MS));
    expect(report).toMatchObject({ sent: ORDER.count - 500, unknown: 500, notSent: 0 });
  });
});

afterAll(endWhatIsLeft);
