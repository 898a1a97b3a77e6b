import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { Logger } from '@nestjs/common';
import { OurSmsGatewayError, OurSmsStorageError } from 'nestjs-oursms';
import { openGateway } from '../../lib/gateway/open-gateway.js';
import type { Transport } from '../../lib/gateway/transport.js';
import { DlrDownloads } from '../../lib/inbox/dlr-downloads.js';
import { DlrGaps } from '../../lib/inbox/dlr-gaps.js';
import { DlrPublisher } from '../../lib/inbox/dlr-publisher.js';
import { PageReader } from '../../lib/inbox/page-reader.js';
import type { StoredPage } from '../../lib/inbox/stored-jobs.js';
import type { DurableQueue } from '../../lib/queue/durable-queue.js';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { SILENT_TELEMETRY } from '../../lib/telemetry/silent-telemetry.js';

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

/** Downloads of an engine from a gateway that answers with the texts of a list, and then with none. */
async function downloadsOf(
  texts: string[],
  pages: DurableQueue<StoredPage>,
  { mayFollow = (): boolean => false, hasRoom = true } = {},
): Promise<{ next: () => Promise<unknown>; downloads: DlrDownloads; gaps: DlrGaps; asked: () => number }> {
  let asked = 0;
  const exchange: Transport['exchange'] = () => {
    const text = texts[asked++] ?? '[]';
    return Promise.resolve({ status: 200, headers: {}, body: Buffer.from(text) });
  };
  const transport: Transport = { exchange, close: () => Promise.resolve() };
  const gateway = await openGateway({ ...ACCOUNT, userAgent: 'test' }, () => Promise.resolve(transport));
  const publisher = new DlrPublisher(new EventEmitter2(), 1_000);
  const gaps = new DlrGaps(engine, publisher, 'default', 1_000);
  const { signal: stopping } = new AbortController();
  const downloads = new DlrDownloads(
    engine,
    gateway,
    pages,
    new PageReader(LIMITS.maxResponseBytes),
    gaps,
    publisher,
    SILENT_TELEMETRY,
    stopping,
    {
      ...LIMITS,
      count: 500,
    },
  );
  const conditions = { mayStart: () => true, mayFollow, hasRoomForNext: () => Promise.resolve(hasRoom) };
  const next = (): Promise<unknown> => downloads.next(conditions).catch((error: unknown) => error);
  return { next, downloads, gaps, asked: () => asked };
}

/** A queue that calls back with each write. */
function watched(
  pages: DurableQueue<StoredPage>,
  onAdd: (...args: Parameters<DurableQueue<StoredPage>['add']>) => Promise<void>,
): DurableQueue<StoredPage> {
  return Object.assign(Object.create(pages) as DurableQueue<StoredPage>, { add: onAdd });
}

/** Downloads an answer; what happened to it, in its order. */
async function download(
  text: string,
): Promise<{ steps: string[]; result: unknown; pages: DurableQueue<StoredPage>; gaps: number }> {
  const steps: string[] = [];
  const pages = engine.queue<StoredPage>('default/pages');
  const noted = watched(pages, async (jobs, notes) => {
    await pages.add(jobs, notes);
    if (jobs.length > 0) steps.push('durable');
  });
  const parse = JSON.parse;
  jest.spyOn(JSON, 'parse').mockImplementation((json, ...more) => {
    if (json === text) steps.push('read');
    return parse(json, ...more) as unknown;
  });
  const { next, gaps } = await downloadsOf([text], noted);
  return { steps, result: await next(), pages, gaps: await gaps.count() };
}

const FULL = `[${Array.from({ length: 500 }, () => REPORT).join(',')}]`;
const noteCount = async (): Promise<number> => {
  let count = 0;
  for await (const { name } of engine.notes('default/download/')) count += name.length > 0 ? 1 : 0;
  return count;
};

describe('a download', () => {
  it('is durable before it is read', async () => {
    const { steps, result } = await download(FULL);
    expect(steps[0]).toBe('durable');
    expect(steps).toContain('read');
    expect(result).toBe(500);
  });

  it('is read first when it is so short that it may contain no report, and is then not stored', async () => {
    const { steps, result, pages, gaps } = await download('{"statuses":null}');
    expect([steps.includes('durable'), result, await pages.pending(), gaps]).toEqual([false, 0, 0, 0]);
  });

  it('that contains an error instead of reports results in that error, and nothing is stored', async () => {
    const { result, pages, gaps } = await download('{"errorCode":1001,"message":"bad login"}');
    expect(result).toBeInstanceOf(OurSmsGatewayError);
    expect(result).toMatchObject({ kind: 'auth', outcome: 'notSent' });
    expect([await pages.pending(), gaps]).toEqual([0, 0]);
  });

  it('that contains a long error results in that error, and is stored, since it was durable before it was read', async () => {
    const { steps, result, pages } = await download(JSON.stringify({ errorCode: 1001, trace: 'x'.repeat(5_000) }));
    expect(steps[0]).toBe('durable');
    expect(result).toMatchObject({ kind: 'auth' });
    expect(await pages.pending()).toBe(1);
  });

  it.each([
    `{"errorCode":77,"message":"in part","dlrs":[${REPORT}]}`,
    `{"msgId":"m1","status":"failed","errorCode":27}`,
    `{"error":"one of two servers is away","data":{"statuses":[${REPORT}]}}`,
  ])('that contains reports beside an error is stored, with its reports: %s', async (text) => {
    const { result, pages } = await download(text);
    expect([result, await pages.pending()]).toEqual([1, 1]);
  });
});

describe('a full download', () => {
  it('is followed by the next download at once, which is noted in the write that adds its page', async () => {
    const pages = engine.queue<StoredPage>('default/pages');
    const writes: number[] = [];
    const noted = watched(pages, async (jobs, notes = []) => {
      await pages.add(jobs, notes);
      writes.push(notes.filter(({ text }) => text !== undefined).length);
    });
    const note = jest.spyOn(engine, 'note');
    const { next, asked } = await downloadsOf([FULL, FULL, `[${REPORT}]`], noted, { mayFollow: () => true });
    expect(await next()).toBe(500);
    // This gateway answers at once, so the one after it may have started as well.
    expect(asked()).toBeGreaterThan(1);
    expect([await next(), await next()]).toEqual([500, 1]);
    expect([note.mock.calls.length, writes, asked()]).toEqual([1, [1, 1, 0], 3]);
    expect(await noteCount()).toBe(0);
  });

  it.each([
    ['that is not allowed', { mayFollow: () => false }],
    ['there is no room for the next one', { mayFollow: () => true, hasRoom: false }],
  ])('is not followed by another one when %s, and leaves no note', async (_, how) => {
    const { next, asked } = await downloadsOf([FULL, FULL], engine.queue<StoredPage>('default/pages'), how);
    expect([await next(), asked(), await noteCount()]).toEqual([500, 1, 0]);
  });

  it('leaves no note of a next download that is no longer allowed when its page is durable', async () => {
    let asked = 0;
    const { next } = await downloadsOf([FULL], engine.queue<StoredPage>('default/pages'), {
      mayFollow: () => asked++ === 0,
    });
    expect([await next(), asked, await noteCount()]).toEqual([500, 2, 0]);
  });

  it('is stored once, and leaves no note of a next download, when the first write failed but stored both', async () => {
    Logger.overrideLogger(false);
    const pages = engine.queue<StoredPage>('default/pages');
    let writes = 0;
    const refusing = watched(pages, async (jobs, notes) => {
      await pages.add(jobs, notes);
      if (++writes === 1) throw new OurSmsStorageError('The disk is full.', { fault: 'full' });
    });
    const { next, asked } = await downloadsOf([FULL], refusing, { mayFollow: () => true });
    expect([await next(), asked(), writes, await noteCount()]).toEqual([500, 1, 2, 0]);
    expect(await pages.pending()).toBe(1);
    Logger.overrideLogger(true);
  });

  it('has its follow-up downloads durable before the lock of the poller is released', async () => {
    const pages = engine.queue<StoredPage>('default/pages');
    const { next, downloads, asked } = await downloadsOf([FULL, FULL, FULL, FULL], pages, { mayFollow: () => true });
    await next();
    await Promise.all([downloads.settled(), downloads.settled()]);
    expect(downloads.isAhead).toBe(false);
    expect(await pages.pending()).toBe(asked());
    expect(await noteCount()).toBe(0);
  });
});
