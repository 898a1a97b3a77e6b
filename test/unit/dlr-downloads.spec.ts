import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { OurSmsGatewayError } from 'nestjs-oursms';
import { openGateway } from '../../lib/gateway/open-gateway.js';
import type { Transport } from '../../lib/gateway/transport.js';
import { DlrDownloads } from '../../lib/inbox/dlr-downloads.js';
import { DlrGaps } from '../../lib/inbox/dlr-gaps.js';
import { DlrPublisher } from '../../lib/inbox/dlr-publisher.js';
import type { KeptPage } from '../../lib/inbox/kept-jobs.js';
import type { DurableQueue } from '../../lib/queue/durable-queue.js';
import { StoredEngine } from '../../lib/queue/stored-engine.js';

const LIMITS = { timeoutMs: 1_000, connectTimeoutMs: 1_000, maxConnections: 1, maxResponseBytes: 4_000_000 };
const ACCOUNT = {
  ...LIMITS,
  name: 'default',
  baseUrl: 'http://127.0.0.1',
  auth: { username: 'demo', password: 'demo' },
};
const REPORT = '{"msgId":"m1","status":"delivered"}';

let engine: StoredEngine;
beforeEach(() => {
  engine = StoredEngine.inMemory();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await engine.close();
});

/** Downloads an answer; what happened to it, in its order. */
async function download(
  text: string,
): Promise<{ steps: string[]; result: unknown; pages: DurableQueue<KeptPage>; gaps: number }> {
  const steps: string[] = [];
  const response = { status: 200, headers: {}, body: Buffer.from(text) };
  const transport: Transport = { exchange: () => Promise.resolve(response), close: () => Promise.resolve() };
  const gateway = await openGateway({ ...ACCOUNT, userAgent: 'test' }, () => Promise.resolve(transport));
  const pages = engine.queue<KeptPage>('default/pages');
  const publisher = new DlrPublisher(new EventEmitter2(), 1_000);
  const gaps = new DlrGaps(engine, publisher, 'default', 1_000);
  const noted = Object.assign(Object.create(pages) as DurableQueue<KeptPage>, {
    add: async (...args: Parameters<(typeof pages)['add']>) => {
      await pages.add(...args);
      steps.push('durable');
    },
  });
  const parse = JSON.parse;
  jest.spyOn(JSON, 'parse').mockImplementation((json, ...more) => {
    if (json === text) steps.push('read');
    return parse(json, ...more) as unknown;
  });
  const { signal: stopping } = new AbortController();
  const downloads = new DlrDownloads({
    ...{ ...LIMITS, engine, gateway, pages: noted, gaps, publisher, stopping },
    count: 500,
  });
  const result = await downloads.next(() => true).catch((error: unknown) => error);
  return { steps, result, pages, gaps: await gaps.count() };
}

describe('a download', () => {
  it('is durable before anything reads it', async () => {
    const { steps, result } = await download(`[${Array.from({ length: 500 }, () => REPORT).join(',')}]`);
    expect(steps[0]).toBe('durable');
    expect(steps).toContain('read');
    expect(result).toBe(500);
  });

  it('is looked at first when it is so short that it may hold no report, and is then not kept', async () => {
    const { steps, result, pages, gaps } = await download('{"statuses":null}');
    expect([steps.includes('durable'), result, await pages.pending(), gaps]).toEqual([false, 0, 0, 0]);
  });

  it('that reports an error in place of reports is that error, and nothing is kept', async () => {
    const { result, pages, gaps } = await download('{"errorCode":1001,"message":"bad login"}');
    expect(result).toBeInstanceOf(OurSmsGatewayError);
    expect(result).toMatchObject({ kind: 'auth', outcome: 'notSent' });
    expect([await pages.pending(), gaps]).toEqual([0, 0]);
  });

  it('that reports an error at length is that error, and is kept: it was durable before it was read', async () => {
    const { steps, result, pages } = await download(JSON.stringify({ errorCode: 1001, trace: 'x'.repeat(5_000) }));
    expect(steps[0]).toBe('durable');
    expect(result).toMatchObject({ kind: 'auth' });
    expect(await pages.pending()).toBe(1);
  });

  it.each([
    `{"errorCode":77,"message":"in part","dlrs":[${REPORT}]}`,
    `{"msgId":"m1","status":"failed","errorCode":27}`,
    `{"error":"one of two servers is away","data":{"statuses":[${REPORT}]}}`,
  ])('that holds reports beside an error is kept, with its reports: %s', async (text) => {
    const { result, pages } = await download(text);
    expect([result, await pages.pending()]).toEqual([1, 1]);
  });
});
