import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  DlrInbox,
  getDlrInboxToken,
  InjectDlrInbox,
  OurSmsConfigError,
  OurSmsModule,
  type FailedDlr,
} from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import {
  DEMO,
  DlrListener,
  rejection,
  startApplication,
  startBench,
  TestStorage,
  until,
} from '../support/application.js';
import { Gate, InboxBench } from '../support/inbox-bench.js';

const SELDOM = { poll: { everyMs: 3_600_000 }, retryDelayMs: 10 };
const OFTEN = { poll: { everyMs: 20 }, retryDelayMs: 10, maxAttempts: 2 };

let inbox: InboxBench;
beforeEach(() => void (inbox = new InboxBench()));
afterEach(() => inbox.remove());

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

describe('the stats of the inbox', () => {
  it('show an empty inbox and the result of the last poll', async () => {
    const { face } = await inbox.start({ dlr: SELDOM });
    await until('the first poll', () => inbox.downloads() === 1);
    await inbox.untilStats('the poll is recorded', ({ lastPoll }) => lastPoll !== undefined);
    expect(await face.stats()).toEqual({
      ...{ account: 'default', waiting: 0, handling: 0, failed: 0, pages: 0, unreadable: 0, gaps: 0, paused: false },
      oldestMs: undefined,
      lastPoll: { at: expect.stringMatching(/^\d{4}-.*Z$/), result: 'downloaded', reports: 0 },
    });
  });

  it('count waiting and in-flight reports, and give the age of the oldest', async () => {
    const gate = new Gate();
    await inbox.start({ dlr: { ...SELDOM, concurrency: 2 } }, () => gate.pass());
    inbox.push(10);
    await inbox.face.pollNow();
    await inbox.untilStats('two are with the listener', ({ handling, waiting }) => handling === 2 && waiting === 8);
    expect(await inbox.face.stats()).toMatchObject({ pages: 1, failed: 0, oldestMs: expect.any(Number) });
    gate.open();
    await inbox.untilStats('all are handled', ({ pages, waiting, handling }) => pages + waiting + handling === 0);
    expect(inbox.handled).toHaveLength(10);
  });
});

describe('the counts of the inbox', () => {
  it('are all zero only when every report is handled, including redelivered reports', async () => {
    const failing = new Set<string>();
    await inbox.start({ dlr: { poll: { everyMs: 20 }, retryDelayMs: 10 } }, ({ id }) => {
      if (failing.has(id)) return;
      failing.add(id);
      throw new Error('not yet');
    });
    for (let round = 1; round <= 20; round++) {
      inbox.push(1);
      await until('the report was delivered to the listener', () => failing.size === round);
      const isBusy = async (): Promise<boolean> => {
        const { pages, waiting, handling } = await inbox.face.stats();
        return pages + waiting + handling > 0;
      };
      while (await isBusy()) await new Promise(setImmediate);
      expect(inbox.handled).toHaveLength(round);
    }
  });
});

describe('pollNow', () => {
  it('polls at once and returns the number of reports', async () => {
    await inbox.start({ dlr: SELDOM });
    await until('the first poll', () => inbox.downloads() === 1);
    inbox.push(3);
    expect(await inbox.face.pollNow()).toMatchObject({ result: 'downloaded', reports: 3 });
    await until('the reports are handled', () => inbox.handled.length === 3);
  });

  it('waits for the running poll, and concurrent calls share the next poll', async () => {
    await inbox.start({ dlr: SELDOM });
    await until('the first poll', () => inbox.downloads() === 1);
    inbox.gateway.faults.next('latency', { ms: 100, on: 'dlrs' });
    const first = inbox.face.pollNow();
    await until('the poll is running', () => inbox.downloads() === 2);
    inbox.push(2);
    const [one, other] = await Promise.all([inbox.face.pollNow(), inbox.face.pollNow()]);
    expect(await first).toMatchObject({ reports: 0 });
    expect(one).toMatchObject({ reports: 2 });
    expect(other).toBe(one);
    expect(inbox.downloads()).toBe(3);
  });

  it('returns the reason of a failed poll without a secret, and does not throw', async () => {
    await inbox.start({ dlr: SELDOM, auth: { username: 'demo', password: 'not-this-one' } });
    const poll = await inbox.face.pollNow();
    expect(poll).toMatchObject({ result: 'failed', why: expect.stringContaining('HTTP 401') });
    expect(JSON.stringify(poll)).not.toContain('not-this-one');
    expect(await inbox.face.stats()).toMatchObject({ lastPoll: poll, gaps: 0 });
  });

  it('sends no request while there is no listener', async () => {
    await inbox.startWithoutListener({ dlr: SELDOM });
    inbox.push(1);
    expect(await inbox.face.pollNow()).toMatchObject({
      result: 'skipped',
      why: expect.stringContaining('@OnDlr()'),
    });
    expect(inbox.downloads()).toBe(0);
  });
});

describe('pause', () => {
  it('waits for running listeners; then nothing is downloaded or delivered until resume', async () => {
    const gate = new Gate();
    await inbox.start({ dlr: { ...OFTEN, concurrency: 1 } }, () => gate.pass());
    inbox.push(3);
    await inbox.untilStats('one is with the listener', ({ handling }) => handling === 1);
    let paused = false;
    const pausing = inbox.face.pause().then(() => (paused = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(paused).toBe(false);
    gate.open();
    await pausing;
    expect(inbox.handled).toHaveLength(1);
    inbox.push(2);
    const before = inbox.downloads();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(inbox.downloads()).toBe(before);
    expect(inbox.handled).toHaveLength(1);
    expect(await inbox.face.stats()).toMatchObject({ paused: true, pages: 1, waiting: 0 });
    expect(await inbox.face.pollNow()).toMatchObject({ result: 'skipped', why: 'the inbox is paused' });
    await inbox.face.resume();
    await until('all are handled', () => inbox.handled.length === 5);
    expect((await inbox.face.stats()).paused).toBe(false);
  });

  it('does not wait for a download that is blocked because the inbox is full', async () => {
    const gate = new Gate();
    await inbox.start({ dlr: { ...OFTEN, poll: { everyMs: 20, count: 1 }, concurrency: 1 } }, () => gate.pass());
    inbox.push(30);
    await inbox.untilStats('no further page is downloaded', ({ pages }) => pages === 8);
    gate.open();
    await inbox.face.pause();
    await inbox.face.resume();
    await until('all are handled', () => inbox.handled.length === 30);
  });

  it('does not prevent the application from stopping', async () => {
    await inbox.start({ dlr: OFTEN });
    await inbox.face.pause();
    inbox.push(1);
    await inbox.stop();
    await inbox.start({ dlr: OFTEN });
    await until('the report was handled after the next start', () => inbox.handled.length === 1);
  });
});

describe('a report that was given up', () => {
  const giveUp = async (count: number): Promise<FailedDlr[]> => {
    await inbox.start({ dlr: OFTEN }, () => {
      throw new Error('database is away, says 966501234567');
    });
    inbox.push(count);
    await inbox.untilStats('all were given up', ({ failed }) => failed === count);
    return all(inbox.face.failed());
  };

  it('is kept with the error of its listener, with phone numbers masked', async () => {
    const [failed] = await giveUp(1);
    expect(failed).toMatchObject({ attempts: 2, dlr: { msgId: 'm0', status: 'delivered' } });
    expect(failed?.id).toBe(failed?.dlr.id);
    expect(failed?.reason).toMatch(/^Error: database is away/);
    expect(failed?.reason).not.toContain('966501234567');
    expect(new Date(failed?.failedAt ?? '').getTime()).toBeGreaterThan(Date.now() - 60_000);
  });

  it('is redelivered by retry, with as many attempts as a new report', async () => {
    const [first, second] = await giveUp(2);
    let offers = 0;
    inbox.onReport = () => {
      offers += 1;
      if (offers === 1) throw new Error('once more');
    };
    expect(await inbox.face.retry(first?.id ?? '')).toBe(true);
    await until('the report was handled', () => inbox.handled.length === 1);
    expect(offers).toBe(2);
    expect(inbox.handled[0]?.id).toBe(first?.id);
    expect((await all(inbox.face.failed())).map(({ id }) => id)).toEqual([second?.id]);
    expect(await inbox.face.retry(first?.id ?? '')).toBe(false);
  });

  it('is redelivered with all others by retryAll', async () => {
    await giveUp(450);
    inbox.onReport = () => undefined;
    expect(await inbox.face.retryAll()).toBe(450);
    await until('all were handled', () => inbox.handled.length === 450);
    await inbox.untilStats('nothing is left', ({ failed, waiting, handling }) => failed + waiting + handling === 0);
    expect(await inbox.face.retryAll()).toBe(0);
  });

  it('is deleted by remove', async () => {
    const [failed] = await giveUp(1);
    expect(await inbox.face.remove('no such report')).toBe(false);
    expect(await inbox.face.remove(failed?.id ?? '')).toBe(true);
    expect(await inbox.face.remove(failed?.id ?? '')).toBe(false);
    expect(await inbox.face.stats()).toMatchObject({ failed: 0 });
  });

  it('is still there after a restart', async () => {
    const before = await giveUp(3);
    await inbox.stop();
    await inbox.start({ dlr: OFTEN });
    expect(await all(inbox.face.failed())).toEqual(before);
    expect(await inbox.face.retryAll()).toBe(3);
    await until('all were handled', () => inbox.handled.length === 3);
  });

  it('is given up at the first failure when maxAttempts is 1, and can still be retried', async () => {
    await inbox.start({ dlr: { ...OFTEN, maxAttempts: 1 } }, () => Promise.reject(new Error('no')));
    inbox.push(1);
    await inbox.untilStats('the report was given up', ({ failed }) => failed === 1);
    expect(await all(inbox.face.failed())).toMatchObject([{ attempts: 1, reason: 'Error: no' }]);
    inbox.onReport = () => undefined;
    expect(await inbox.face.retryAll()).toBe(1);
    await until('the report was handled', () => inbox.handled.length === 1);
  });
});

describe('several accounts', () => {
  it('have an inbox each', async () => {
    @Injectable()
    class Desk {
      constructor(
        readonly main: DlrInbox,
        @InjectDlrInbox('bulk') readonly bulk: DlrInbox,
      ) {}
    }
    const gateway = await GatewaySimulator.start({
      accounts: [
        { username: 'demo', password: 'demo' },
        { username: 'bulk', password: 'bulk' },
      ],
    });
    const storage = await TestStorage.make();
    const shared = { baseUrl: gateway.url, storage, dlr: SELDOM };
    const application = await startApplication(
      [
        OurSmsModule.forRoot({ ...shared, auth: DEMO }),
        OurSmsModule.forRoot({ ...shared, auth: { username: 'bulk', password: 'bulk' }, name: 'bulk' }),
      ],
      [Desk, DlrListener],
    );
    const { app } = application;
    const { main, bulk } = app.get(Desk);
    expect(app.get<DlrInbox>(getDlrInboxToken('bulk'))).toBe(bulk);
    // After this the first polls of both accounts are done.
    await Promise.all([main.pollNow(), bulk.pollNow()]);
    gateway.pushReport('bulk', { msgId: 'b1', status: 'delivered' });
    expect(await bulk.pollNow()).toMatchObject({ reports: 1 });
    await until('the report is handled', () => app.get(DlrListener).handled.length === 1);
    expect(app.get(DlrListener).handled[0]).toMatchObject({ msgId: 'b1', account: 'bulk' });
    expect([await main.stats(), await bulk.stats()]).toMatchObject([{ account: 'default' }, { account: 'bulk' }]);
    await application.close();
    await gateway.stop();
    await storage.remove();
  });
});

describe('a store', () => {
  it('is created again when the process ended while creating it', async () => {
    inbox.storage = await TestStorage.make();
    await inbox.start({ dlr: SELDOM });
    await inbox.stop();
    const store = join(inbox.storage.path, 'default');
    // The files of LevelDB after it has written its first MANIFEST but not CURRENT.
    for (const file of await readdir(store)) if (!/^LO/.test(file)) await rm(join(store, file));
    await writeFile(join(store, 'MANIFEST-000001'), '');
    await inbox.start({ dlr: SELDOM });
    expect(await inbox.face.stats()).toMatchObject({ pages: 0, waiting: 0 });
  });
});

describe('an unsuitable setup of the inbox is reported:', () => {
  it('an account without a poller', async () => {
    const bench = await startBench();
    const error = await rejection(bench.app.get(DlrInbox).stats(), OurSmsConfigError);
    expect(error.message).toBe('DlrInbox (account default): it needs dlr.poll or dlr.webhook in the options.');
    expect(() => bench.app.get(DlrInbox).failed()).toThrow(OurSmsConfigError);
    await bench.close();
  });

  it('storage in memory instead of a directory', async () => {
    const bench = await startBench({ storage: 'memory', dlr: SELDOM }, {}, [DlrListener]);
    expect(bench.logs.matching("storage is 'memory'")).toHaveLength(1);
    await bench.close();
  });
});
