import { cp } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { DlrInbox, OurSmsModule, OurSmsStorageError, type Dlr, type UnreadableDlrs } from 'nestjs-oursms';
import { DEMO, DlrListener, LogRecorder, rejection, TestStorage, until } from '../support/application.js';
import { Gate, InboxBench } from '../support/inbox-bench.js';

const WEBHOOK = { secret: 'a-secret-of-the-tests' };
const PUSHED = { webhook: WEBHOOK, retryDelayMs: 10, maxAttempts: 2 };
const SELDOM = { everyMs: 3_600_000 };

let inbox: InboxBench;
beforeEach(() => void (inbox = new InboxBench()));
afterEach(() => inbox.remove());

/** A push of reports for these message ids, in the format of the gateway. */
const pushOf = (...msgIds: string[]): { statuses: object[] } => ({
  statuses: msgIds.map((msgId) => ({
    ...{ msgId, status: 'delivered', src: 'MyBrand', dest: '966501234567', jobId: 'job-1' },
    ...{ msgDate: '2026-01-31T12:00:00', statusDate: '2026-01-31T12:00:07' },
  })),
});
const untilHandled = (reports: number): Promise<void> =>
  until(`${reports} reports are handled`, () => inbox.handled.length >= reports);
const untilEmpty = (): Promise<void> =>
  inbox.untilStats('all reports are handled', ({ pages, waiting, handling }) => pages + waiting + handling === 0);

describe('an inbox stores and delivers', () => {
  it.each<[string, (value: object) => unknown]>([
    ['as text', (value) => JSON.stringify(value)],
    ['as a Buffer', (value) => Buffer.from(JSON.stringify(value))],
    ['as bytes', (value) => new TextEncoder().encode(JSON.stringify(value))],
    ['as bytes of UTF-16', (value) => Buffer.from(JSON.stringify(value), 'utf16le')],
    ['as a parsed object', (value) => value],
  ])('pushed reports given %s', async (_, give) => {
    const { face } = await inbox.start({ dlr: PUSHED });
    await face.accept(give(pushOf('m1', 'm2')));
    await untilHandled(2);
    const [first] = inbox.handled;
    expect(first).toMatchObject({ msgId: 'm1', jobId: 'job-1', status: 'delivered', account: 'default' });
    expect(first?.raw).toEqual(pushOf('m1').statuses[0]);
    await untilEmpty();
  });

  it('a single report without an envelope, and a list of reports', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    await face.accept(pushOf('m1').statuses[0]);
    await face.accept(pushOf('m2', 'm3').statuses);
    await untilHandled(3);
    expect(inbox.handled.map(({ msgId }) => msgId)).toEqual(['m1', 'm2', 'm3']);
  });

  it('a pushed report with its source, and with the id of the same report when downloaded', async () => {
    await inbox.start({ dlr: { ...PUSHED, poll: SELDOM } });
    inbox.push(1, { msgDate: '2026-01-31T12:00:00', statusDate: '2026-01-31T12:00:07', dest: '966501234567' });
    await inbox.face.pollNow();
    await untilHandled(1);
    await inbox.face.accept(pushOf('m0'));
    await untilHandled(2);
    expect(inbox.handled[1]?.id).toBe(inbox.handled[0]?.id);
    expect(inbox.handled.map(({ via }) => via)).toEqual(['poll', 'push']);
  });

  it('pushed reports in an application without a scheduler, where pollNow is skipped', async () => {
    const module = await Test.createTestingModule({
      imports: [
        EventEmitterModule.forRoot(),
        OurSmsModule.forRoot({ auth: DEMO, storage: 'memory', dlr: { webhook: WEBHOOK } }),
      ],
      providers: [DlrListener],
    })
      .setLogger(new LogRecorder())
      .compile();
    const app = await module.init();
    await app.get(DlrInbox).accept(pushOf('m1'));
    await until('the report is handled', () => app.get(DlrListener).handled.length === 1);
    expect(await app.get(DlrInbox).pollNow()).toMatchObject({ result: 'skipped', why: 'dlr.poll is not set' });
    await app.close();
  });

  it('each of many concurrent pushes', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    const names = Array.from({ length: 600 }, (_, i) => `m${i}`);
    await Promise.all(names.map((name) => face.accept(pushOf(name))));
    await untilHandled(600);
    await untilEmpty();
    expect(inbox.handled.map(({ msgId }) => msgId).sort()).toEqual([...names].sort());
  });

  it('pushed reports of a paused inbox once it resumes', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    await face.pause();
    await face.accept(pushOf('m1'));
    expect(inbox.handled).toEqual([]);
    await face.resume();
    await untilHandled(1);
  });

  it('a pushed report again while its listener fails, and then keeps it as failed', async () => {
    const { face } = await inbox.start({ dlr: PUSHED }, ({ msgId }) => {
      if (msgId === 'bad') throw new Error('the database is away');
    });
    await face.accept(pushOf('good', 'bad'));
    await inbox.untilStats('the report is given up', ({ failed, pages }) => failed === 1 && pages === 0);
    expect(inbox.handled.map(({ msgId }) => msgId)).toEqual(['good']);
    inbox.onReport = () => undefined;
    await face.retryAll();
    await untilHandled(2);
  });

  it('a failed pushed report with its source after a restart', async () => {
    const fail = (): void => {
      throw new Error('the database is away');
    };
    await inbox.start({ dlr: PUSHED }, fail);
    await inbox.face.accept(pushOf('m1'));
    await inbox.untilStats('the report is given up', ({ failed }) => failed === 1);
    await inbox.stop();
    const { face } = await inbox.start({ dlr: PUSHED });
    for await (const { dlr } of face.failed()) expect(dlr.via).toBe('push');
    expect(await face.retryAll()).toBe(1);
    await untilHandled(1);
    expect(inbox.handled[0]).toMatchObject({ msgId: 'm1', via: 'push' });
  });

  it('nothing for an empty body', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    for (const body of ['', Buffer.alloc(0), undefined]) await face.accept(body);
    expect(await face.stats()).toMatchObject({ pages: 0, unreadable: 0 });
  });
});

describe('a pushed report without a listener', () => {
  it('waits for a listener that is added later', async () => {
    await inbox.startWithoutListener({ dlr: PUSHED });
    await inbox.face.accept(pushOf('m1'));
    expect(await inbox.face.stats()).toMatchObject({ pages: 1, failed: 0 });
    expect(inbox.application.logs.matching('pushed reports are kept until there is one')).toHaveLength(1);
    inbox.listenWith('oursms.dlr', (dlr) => void inbox.handled.push(dlr as Dlr));
    await untilHandled(1);
    await untilEmpty();
  });

  it('waits for a listener after the next start', async () => {
    await inbox.startWithoutListener({ dlr: PUSHED });
    await inbox.face.accept(pushOf('m1', 'm2'));
    await inbox.stop();
    await inbox.start({ dlr: PUSHED });
    await untilHandled(2);
  });
});

it('a pushed report in memory without a listener is lost at shutdown, which is logged without delay', async () => {
  await inbox.startWithoutListener({ dlr: PUSHED, storage: 'memory' });
  await inbox.face.accept(pushOf('m1'));
  const start = performance.now();
  await inbox.stop();
  expect(performance.now() - start).toBeLessThan(5_000);
  expect(inbox.application.logs.matching('1 downloads or pushes of delivery reports are lost')).toHaveLength(1);
});

describe('a push that cannot be read', () => {
  it('is stored and announced, and does not count as a gap', async () => {
    const [unreadable, gaps]: [UnreadableDlrs[], unknown[]] = [[], []];
    const listen = { 'oursms.dlr.unreadable': unreadable, 'oursms.dlr.gap': gaps };
    const { face } = await inbox.start({ dlr: PUSHED }, undefined, listen);
    const cut = JSON.stringify(pushOf('m1', 'm2')).slice(0, -30);
    for (const body of ['<html>', cut]) await face.accept(body);
    await inbox.untilStats('both pushes are kept', (stats) => stats.unreadable === 2);
    expect(unreadable.map(({ raw, salvaged }) => [raw, salvaged])).toEqual([
      ['<html>', 0],
      [cut, 1],
    ]);
    expect(inbox.handled.map(({ msgId }) => msgId)).toEqual(['m1']);
    expect(gaps).toEqual([]);
    expect(await face.stats()).toMatchObject({ gaps: 0 });
    expect(inbox.application.logs.matching('A push of delivery reports (account default) cannot be read')).toHaveLength(
      2,
    );
  });

  it('is stored once, however often it is repeated', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    for (let i = 0; i < 3; i++) {
      await face.accept('<html>');
      await inbox.untilStats('the push is kept', (stats) => stats.unreadable === 1 && stats.pages === 0);
    }
  });

  it('is delivered with status unknown when it is an object nested 50,000 levels deep', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    const depth = 50_000;
    await face.accept(JSON.parse('['.repeat(depth) + ']'.repeat(depth)));
    await untilHandled(1);
    expect(inbox.handled[0]).toMatchObject({ status: 'unknown' });
  });
});

it('a push that is repeated while its report is in flight is delivered once', async () => {
  const gate = new Gate();
  const { face } = await inbox.start({ dlr: PUSHED }, () => gate.pass());
  for (let i = 0; i < 3; i++) await face.accept(pushOf('m1'));
  expect(await face.stats()).toMatchObject({ pages: 1 });
  gate.open();
  await untilEmpty();
  expect(inbox.handled).toHaveLength(1);
});

describe('concurrent pushes', () => {
  const acceptAll = async (...bodies: unknown[]): Promise<void> => {
    await Promise.all(bodies.map((body) => inbox.face.accept(body)));
  };

  it('are stored as one job in order, and each report is delivered', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    await face.pause();
    await acceptAll(pushOf('m1'), pushOf('m2', 'm3'), pushOf('m4'));
    expect(await face.stats()).toMatchObject({ pages: 1 });
    await face.resume();
    await untilEmpty();
    expect(inbox.handled.map(({ msgId }) => msgId)).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  it('are read one by one: an unreadable push is stored and announced, and the others are delivered', async () => {
    const unreadable: UnreadableDlrs[] = [];
    const { face } = await inbox.start({ dlr: PUSHED }, undefined, { 'oursms.dlr.unreadable': unreadable });
    const cut = JSON.stringify(pushOf('m2', 'm3')).slice(0, -30);
    for (let i = 0; i < 2; i++) {
      await acceptAll(pushOf(`m1 ${i}`), '<html>', cut, pushOf(`m4 ${i}`));
      await inbox.untilStats('all reports are handled', (stats) => stats.pages + stats.waiting + stats.handling === 0);
    }
    expect(await face.stats()).toMatchObject({ unreadable: 2, failed: 0, gaps: 0 });
    expect(unreadable.map(({ raw, salvaged }) => [raw, salvaged])).toEqual([
      ['<html>', 0],
      [cut, 1],
    ]);
    const handled = inbox.handled.map(({ msgId }) => msgId);
    // A push that cannot be read and is repeated is kept once; what was recovered from it comes each time.
    expect(handled).toEqual(['m1 0', 'm2', 'm4 0', 'm1 1', 'm2', 'm4 1']);
    expect(await face.rereadUnreadable()).toBe(2);
    await inbox.untilStats('both pushes are kept again', (stats) => stats.unreadable === 2);
    expect(inbox.handled).toHaveLength(handled.length);
  });

  it('are retried report by report, and a failing report is kept as failed', async () => {
    const { face } = await inbox.start({ dlr: PUSHED }, ({ msgId }) => {
      if (msgId === 'bad') throw new Error('the database is away');
    });
    await acceptAll(pushOf('m1'), pushOf('bad'), pushOf('m2'));
    await inbox.untilStats('the report is given up', ({ failed, pages }) => failed === 1 && pages === 0);
    expect(inbox.handled.map(({ msgId }) => msgId)).toEqual(['m1', 'm2']);
    for await (const { dlr, attempts } of face.failed()) expect([dlr.msgId, attempts]).toEqual(['bad', 2]);
  });

  it('are delivered once when they are repeated while waiting, being written or in flight', async () => {
    const gate = new Gate();
    const { face } = await inbox.start({ dlr: PUSHED }, () => gate.pass());
    const repeated = [pushOf('m1'), pushOf('m2')];
    await acceptAll(...repeated, ...repeated, pushOf('m3'));
    await acceptAll(pushOf('m4'), ...repeated);
    for (const body of repeated) await face.accept(body);
    gate.open();
    await untilEmpty();
    expect(inbox.handled.map(({ msgId }) => msgId)).toEqual(['m1', 'm2', 'm3', 'm4']);
    await face.accept(repeated[0]);
    await untilHandled(5);
  });

  it('are delivered after the next start when the application stops first', async () => {
    const gate = new Gate();
    await inbox.start({ dlr: { ...PUSHED, concurrency: 1, shutdownTimeoutMs: 50 } }, ({ msgId }) =>
      msgId === 'm1' ? undefined : gate.pass(),
    );
    await acceptAll(pushOf('m1'), pushOf('m2'), pushOf('m3'));
    await untilHandled(1);
    await inbox.stop();
    await inbox.start({ dlr: PUSHED });
    await untilEmpty();
    expect(inbox.handled.map(({ msgId }) => msgId)).toEqual(['m1', 'm2', 'm3']);
    gate.open();
  });

  it('are read and delivered one by one after a crash, which one of them may have caused', async () => {
    const gate = new Gate();
    await inbox.start({ dlr: PUSHED }, () => gate.pass());
    await acceptAll(pushOf('m1'), '<html>', pushOf('m2'));
    await inbox.untilStats('both reports are in flight', ({ handling }) => handling === 2);
    const left = await TestStorage.make();
    await cp(inbox.storage.path, left.path, { recursive: true });
    gate.open();
    await inbox.stop();
    await inbox.storage.remove();
    inbox.storage = left;
    inbox.handled.splice(0);
    const { face } = await inbox.start({ dlr: PUSHED });
    await untilEmpty();
    expect(inbox.handled.map(({ msgId }) => msgId).sort()).toEqual(['m1', 'm2']);
    expect(await face.stats()).toMatchObject({ failed: 0, unreadable: 1 });
    const lines = inbox.application.logs.matching('1 reports of push push-');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toContain('are redelivered one by one');
  });
});

it('a push after the application has stopped is refused', async () => {
  const { face } = await inbox.start({ dlr: PUSHED });
  await inbox.stop();
  expect(await rejection(face.accept(pushOf('m1')), OurSmsStorageError)).toMatchObject({ fault: 'closed' });
});

it('a body that JSON cannot represent is refused with the error of JSON.stringify', async () => {
  const { face } = await inbox.start({ dlr: PUSHED });
  await expect(face.accept({ count: 1n })).rejects.toThrow(TypeError);
});
