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

/** A push of reports with these ids of messages, as the gateway sends it. */
const pushOf = (...msgIds: string[]): { statuses: object[] } => ({
  statuses: msgIds.map((msgId) => ({
    ...{ msgId, status: 'delivered', src: 'MyBrand', dest: '966501234567', jobId: 'job-1' },
    ...{ msgDate: '2026-01-31T12:00:00', statusDate: '2026-01-31T12:00:07' },
  })),
});
const untilHandled = (reports: number): Promise<void> =>
  until(`${reports} reports are handled`, () => inbox.handled.length >= reports);
const untilEmpty = (): Promise<void> =>
  inbox.untilStats('all is handled', ({ pages, waiting, handling }) => pages + waiting + handling === 0);

describe('an inbox keeps what is pushed, and delivers it', () => {
  it.each<[string, (value: object) => unknown]>([
    ['as text', (value) => JSON.stringify(value)],
    ['as a Buffer', (value) => Buffer.from(JSON.stringify(value))],
    ['as bytes', (value) => new TextEncoder().encode(JSON.stringify(value))],
    ['as bytes of UTF-16', (value) => Buffer.from(JSON.stringify(value), 'utf16le')],
    ['parsed', (value) => value],
  ])('given %s', async (_, give) => {
    const { face } = await inbox.start({ dlr: PUSHED });
    await face.accept(give(pushOf('m1', 'm2')));
    await untilHandled(2);
    const [first] = inbox.handled;
    expect(first).toMatchObject({ msgId: 'm1', jobId: 'job-1', status: 'delivered', account: 'default' });
    expect(first?.raw).toEqual(pushOf('m1').statuses[0]);
    await untilEmpty();
  });

  it('a bare report, and a list of them', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    await face.accept(pushOf('m1').statuses[0]);
    await face.accept(pushOf('m2', 'm3').statuses);
    await untilHandled(3);
    expect(inbox.handled.map(({ msgId }) => msgId)).toEqual(['m1', 'm2', 'm3']);
  });

  it('with the id that the same report has when it is downloaded, and the way it came', async () => {
    await inbox.start({ dlr: { ...PUSHED, poll: SELDOM } });
    inbox.push(1, { msgDate: '2026-01-31T12:00:00', statusDate: '2026-01-31T12:00:07', dest: '966501234567' });
    await inbox.face.pollNow();
    await untilHandled(1);
    await inbox.face.accept(pushOf('m0'));
    await untilHandled(2);
    expect(inbox.handled[1]?.id).toBe(inbox.handled[0]?.id);
    expect(inbox.handled.map(({ via }) => via)).toEqual(['poll', 'push']);
  });

  it('in an application without a scheduler, where a poll does nothing', async () => {
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
    await until('it is handled', () => app.get(DlrListener).handled.length === 1);
    expect(await app.get(DlrInbox).pollNow()).toMatchObject({ result: 'skipped', why: 'dlr.poll is not set' });
    await app.close();
  });

  it('many at once, each of them', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    const names = Array.from({ length: 600 }, (_, i) => `m${i}`);
    await Promise.all(names.map((name) => face.accept(pushOf(name))));
    await untilHandled(600);
    await untilEmpty();
    expect(inbox.handled.map(({ msgId }) => msgId).sort()).toEqual([...names].sort());
  });

  it('of an inbox that is paused, once it goes on', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    await face.pause();
    await face.accept(pushOf('m1'));
    expect(inbox.handled).toEqual([]);
    await face.resume();
    await untilHandled(1);
  });

  it('again while its listener fails, and then keeps it as failed', async () => {
    const { face } = await inbox.start({ dlr: PUSHED }, ({ msgId }) => {
      if (msgId === 'bad') throw new Error('the database is away');
    });
    await face.accept(pushOf('good', 'bad'));
    await inbox.untilStats('it is given up', ({ failed, pages }) => failed === 1 && pages === 0);
    expect(inbox.handled.map(({ msgId }) => msgId)).toEqual(['good']);
    inbox.onReport = () => undefined;
    await face.retryAll();
    await untilHandled(2);
  });

  it('with the way it came, also when it failed, over a restart', async () => {
    const fail = (): void => {
      throw new Error('the database is away');
    };
    await inbox.start({ dlr: PUSHED }, fail);
    await inbox.face.accept(pushOf('m1'));
    await inbox.untilStats('it is given up', ({ failed }) => failed === 1);
    await inbox.stop();
    const { face } = await inbox.start({ dlr: PUSHED });
    for await (const { dlr } of face.failed()) expect(dlr.via).toBe('push');
    expect(await face.retryAll()).toBe(1);
    await untilHandled(1);
    expect(inbox.handled[0]).toMatchObject({ msgId: 'm1', via: 'push' });
  });

  it('nothing, for a body that is empty', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    for (const body of ['', Buffer.alloc(0), undefined]) await face.accept(body);
    expect(await face.stats()).toMatchObject({ pages: 0, unreadable: 0 });
  });
});

describe('what is pushed waits for a listener', () => {
  it('that comes later', async () => {
    await inbox.startWithoutListener({ dlr: PUSHED });
    await inbox.face.accept(pushOf('m1'));
    expect(await inbox.face.stats()).toMatchObject({ pages: 1, failed: 0 });
    expect(inbox.application.logs.matching('pushed reports are kept until there is one')).toHaveLength(1);
    inbox.listenWith('oursms.dlr', (dlr) => void inbox.handled.push(dlr as Dlr));
    await untilHandled(1);
    await untilEmpty();
  });

  it('of the next start', async () => {
    await inbox.startWithoutListener({ dlr: PUSHED });
    await inbox.face.accept(pushOf('m1', 'm2'));
    await inbox.stop();
    await inbox.start({ dlr: PUSHED });
    await untilHandled(2);
  });
});

it('what is pushed to memory and has no listener is lost at the end, which is logged at once', async () => {
  await inbox.startWithoutListener({ dlr: PUSHED, storage: 'memory' });
  await inbox.face.accept(pushOf('m1'));
  const start = performance.now();
  await inbox.stop();
  expect(performance.now() - start).toBeLessThan(5_000);
  expect(inbox.application.logs.matching('1 downloads or pushes of delivery reports are lost')).toHaveLength(1);
});

describe('a push that cannot be read', () => {
  it('is kept and announced, and is no gap', async () => {
    const [unreadable, gaps]: [UnreadableDlrs[], unknown[]] = [[], []];
    const listen = { 'oursms.dlr.unreadable': unreadable, 'oursms.dlr.gap': gaps };
    const { face } = await inbox.start({ dlr: PUSHED }, undefined, listen);
    const cut = JSON.stringify(pushOf('m1', 'm2')).slice(0, -30);
    for (const body of ['<html>', cut]) await face.accept(body);
    await inbox.untilStats('both are kept', (stats) => stats.unreadable === 2);
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

  it('is kept once, however often it is repeated', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    for (let i = 0; i < 3; i++) {
      await face.accept('<html>');
      await inbox.untilStats('it is kept', (stats) => stats.unreadable === 1 && stats.pages === 0);
    }
  });

  it('is kept when it was parsed, and is nested deeper than the stack reaches', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    const depth = 50_000;
    await face.accept(JSON.parse('['.repeat(depth) + ']'.repeat(depth)));
    await untilHandled(1);
    expect(inbox.handled[0]).toMatchObject({ status: 'unknown' });
  });
});

it('a push that is repeated while its listener has it is delivered once', async () => {
  const gate = new Gate();
  const { face } = await inbox.start({ dlr: PUSHED }, () => gate.pass());
  for (let i = 0; i < 3; i++) await face.accept(pushOf('m1'));
  expect(await face.stats()).toMatchObject({ pages: 1 });
  gate.open();
  await untilEmpty();
  expect(inbox.handled).toHaveLength(1);
});

describe('pushes that come at the same time', () => {
  const acceptAll = async (...bodies: unknown[]): Promise<void> => {
    await Promise.all(bodies.map((body) => inbox.face.accept(body)));
  };

  it('are kept as one job, in their order, and each of their reports is delivered', async () => {
    const { face } = await inbox.start({ dlr: PUSHED });
    await face.pause();
    await acceptAll(pushOf('m1'), pushOf('m2', 'm3'), pushOf('m4'));
    expect(await face.stats()).toMatchObject({ pages: 1 });
    await face.resume();
    await untilEmpty();
    expect(inbox.handled.map(({ msgId }) => msgId)).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  it('are read one by one: what cannot be read is kept and announced alone, and the others are delivered', async () => {
    const unreadable: UnreadableDlrs[] = [];
    const { face } = await inbox.start({ dlr: PUSHED }, undefined, { 'oursms.dlr.unreadable': unreadable });
    const cut = JSON.stringify(pushOf('m2', 'm3')).slice(0, -30);
    for (let i = 0; i < 2; i++) {
      await acceptAll(pushOf(`m1 ${i}`), '<html>', cut, pushOf(`m4 ${i}`));
      await inbox.untilStats('all is handled', (stats) => stats.pages + stats.waiting + stats.handling === 0);
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
    await inbox.untilStats('both are kept again', (stats) => stats.unreadable === 2);
    expect(inbox.handled).toHaveLength(handled.length);
  });

  it('are retried one by one, and kept as failed', async () => {
    const { face } = await inbox.start({ dlr: PUSHED }, ({ msgId }) => {
      if (msgId === 'bad') throw new Error('the database is away');
    });
    await acceptAll(pushOf('m1'), pushOf('bad'), pushOf('m2'));
    await inbox.untilStats('it is given up', ({ failed, pages }) => failed === 1 && pages === 0);
    expect(inbox.handled.map(({ msgId }) => msgId)).toEqual(['m1', 'm2']);
    for await (const { dlr, attempts } of face.failed()) expect([dlr.msgId, attempts]).toEqual(['bad', 2]);
  });

  it('are delivered once when they are repeated while they wait, are written, or are with their listener', async () => {
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

  it('are delivered after the next start when the application stops before', async () => {
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

  it('are read, and delivered, one by one after their process has ended: one of them may be why', async () => {
    const gate = new Gate();
    await inbox.start({ dlr: PUSHED }, () => gate.pass());
    await acceptAll(pushOf('m1'), '<html>', pushOf('m2'));
    await inbox.untilStats('the listener has them', ({ handling }) => handling === 2);
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

it('a push that comes when the application has stopped is refused', async () => {
  const { face } = await inbox.start({ dlr: PUSHED });
  await inbox.stop();
  expect(await rejection(face.accept(pushOf('m1')), OurSmsStorageError)).toMatchObject({ fault: 'closed' });
});

it('what cannot be JSON is no body: the caller gets the error of JSON.stringify', async () => {
  const { face } = await inbox.start({ dlr: PUSHED });
  await expect(face.accept({ count: 1n })).rejects.toThrow(TypeError);
});
