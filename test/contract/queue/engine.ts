import { expect, it } from '@jest/globals';
import { OurSmsStorageError } from '../../../lib/errors/oursms-storage.error.js';
import {
  allOf,
  DONE,
  engineForEach,
  eventually,
  FAILED,
  pause,
  RecordingHandler,
  untilCounts,
  type EngineKind,
} from './engine-under-test.js';
import { ODD_DATA, ODD_NAMES } from './odd-values.js';

/** Notes, locks and the lifecycle of an engine. */
export function engineContract(kind: EngineKind): void {
  const bench = engineForEach(kind);

  it('reports whether its data outlives the process', () => {
    expect(bench.engine.isDurable).toBe(kind.isDurable);
  });

  it('returns the same queue for the same name', async () => {
    await bench.queue('same').add([{ id: 'one', data: 1 }]);
    expect(await bench.queue('same').counts()).toMatchObject({ waiting: 1 });
  });

  it('isolates queues, whatever the queue names and job ids are', async () => {
    for (const name of ODD_NAMES) {
      await bench.queue(name).add(ODD_NAMES.map((id) => ({ id, data: [name, id] })));
      expect(await bench.queue(name).counts()).toMatchObject({ waiting: ODD_NAMES.length });
    }
    if (kind.isDurable) await bench.reopen();
    for (const name of ODD_NAMES) {
      const queue = bench.queue(name);
      const handler = new RecordingHandler(({ id }) => (id.startsWith('a') ? FAILED : DONE));
      const consumer = queue.consume(handler.handle, { concurrency: 1 });
      const failed = ODD_NAMES.filter((id) => id.startsWith('a'));
      await untilCounts(queue, { waiting: 0, active: 0, failed: failed.length });
      expect(handler.jobs.map(({ data }) => data)).toEqual(ODD_NAMES.map((id) => [name, id]));
      expect((await allOf(queue.failed())).map(({ id }) => id)).toEqual(failed);
      for (const id of failed) expect(await queue.remove(id)).toBe(true);
      await consumer.stop();
      expect(await queue.counts()).toEqual({ waiting: 0, active: 0, failed: 0, oldestAt: undefined });
    }
  });

  it('stores data unchanged, including long texts', async () => {
    const queue = bench.queue();
    await queue.add([...Object.entries(ODD_DATA).map(([id, data]) => ({ id, data })), { id: 'all', data: ODD_DATA }]);
    if (kind.isDurable) await bench.reopen();
    const handler = new RecordingHandler(({ data }) => ({ kind: 'failed', reason: 'سبب 📨', data }));
    bench.queue().consume(handler.handle, { concurrency: 1 });
    await untilCounts(bench.queue(), { waiting: 0, active: 0 });
    const expected = { ...ODD_DATA, all: ODD_DATA };
    expect(Object.fromEntries(handler.jobs.map(({ id, data }) => [id, data]))).toStrictEqual(expected);
    const failed = await allOf(bench.queue().failed());
    expect(Object.fromEntries(failed.map(({ id, data }) => [id, data]))).toStrictEqual(expected);
    expect(failed[0]?.reason).toBe('سبب 📨');
  });

  it('writes several notes at once, and reads several', async () => {
    const { engine } = bench;
    await engine.note('left', 'old');
    const names = ODD_NAMES.map((name) => `many/${name}`);
    await engine.change([...names.map((name, i) => ({ name, text: String(i) })), { name: 'left' }]);
    if (kind.isDurable) await bench.reopen();
    const read = await bench.engine.readMany([...names, 'left', ...names.slice(0, 1)]);
    expect(read).toEqual([...names.map((_, i) => String(i)), undefined, '0']);
    expect(await bench.engine.readMany([])).toEqual([]);
    await bench.engine.change([]);
  });

  it('applies deferrable writes of notes in the order of the calls, alone or together with other writes', async () => {
    const { engine } = bench;
    await engine.change([{ name: 'alone', text: 'kept' }], true);
    const waiting = engine.change([{ name: 'one', text: 'first' }], true);
    await engine.note('one', 'second');
    await waiting;
    if (kind.isDurable) await bench.reopen();
    expect(await bench.engine.readMany(['alone', 'one'])).toEqual(['kept', 'second']);
  });

  it('stores one text per note name, the latest', async () => {
    const { engine } = bench;
    await engine.note('account/download/2', 'two');
    await engine.note('account/download/1', 'one');
    await engine.note('account/gaps', '1');
    await engine.note('account/gaps', '2');
    await engine.note('other/download/1', '');
    expect(await allOf(engine.notes('account/'))).toEqual([
      { name: 'account/download/1', text: 'one' },
      { name: 'account/download/2', text: 'two' },
      { name: 'account/gaps', text: '2' },
    ]);
    expect(await allOf(engine.notes('account/gaps'))).toEqual([{ name: 'account/gaps', text: '2' }]);
    expect(await allOf(engine.notes('other'))).toEqual([{ name: 'other/download/1', text: '' }]);
    expect(await allOf(engine.notes('none'))).toEqual([]);
    expect(await allOf(engine.notes(''))).toHaveLength(4);
  });

  it('lists the notes after a name, whether or not a note of that name exists', async () => {
    const { engine } = bench;
    await engine.change(['list/1', 'list/2', 'list/3', 'lists/4'].map((name) => ({ name, text: name })));
    const behind = async (name: string): Promise<string[]> =>
      (await allOf(engine.notes('list/', name))).map(({ text }) => text);
    expect(await behind('list/1')).toEqual(['list/2', 'list/3']);
    expect(await behind('list/25')).toEqual(['list/3']);
    expect(await behind('list/3')).toEqual([]);
    const more = Array.from({ length: 450 }, (_, i) => `list/more/${String(i).padStart(3, '0')}`);
    await engine.change(more.map((name) => ({ name, text: name })));
    expect(await behind(more[219] as string)).toEqual(more.slice(220));
  });

  it('counts the notes with a prefix', async () => {
    const { engine } = bench;
    expect(await engine.countNotes('list/')).toBe(0);
    const names = Array.from({ length: 450 }, (_, i) => `list/${i}`);
    await engine.change([...names, 'lists', 'lis'].map((name) => ({ name, text: '' })));
    await engine.forget('list/7');
    expect(await engine.countNotes('list/')).toBe(449);
    expect(await engine.countNotes('')).toBe(451);
    expect(await engine.countNotes('none')).toBe(0);
  });

  it('reads a note by its full name', async () => {
    const { engine } = bench;
    for (const name of ODD_NAMES) expect(await engine.read(name)).toBeUndefined();
    for (const name of ODD_NAMES) await engine.note(name, `text of ${name}`);
    await engine.note('account/empty', '');
    for (const name of ODD_NAMES) expect(await engine.read(name)).toBe(`text of ${name}`);
    expect(await engine.read('account/empty')).toBe('');
    expect(await engine.read('account/')).toBeUndefined();
    await engine.forget('account/empty');
    expect(await engine.read('account/empty')).toBeUndefined();
  });

  it('releases a queue and keeps its jobs', async () => {
    const queue = bench.queue<number>();
    const first = new RecordingHandler<number>(() => ({ kind: 'again', inMs: 60_000 }));
    const consumer = queue.consume(first.handle, { concurrency: 1 });
    await queue.add([{ id: 'one', data: 1 }]);
    await eventually('the job is delivered', () => first.jobs.length > 0);
    await consumer.stop();
    await queue.release();
    const again = bench.queue<number>();
    expect(await again.counts()).toMatchObject({ waiting: 1, active: 0, failed: 0 });
    const handler = new RecordingHandler<number>();
    again.consume(handler.handle, { concurrency: 1 });
    await again.add([
      { id: 'one', data: 3 },
      { id: 'two', data: 2 },
    ]);
    await untilCounts(again, { waiting: 1, active: 0 });
    expect(handler.ids).toEqual(['two']);
  });

  it('deletes a note, and ignores one that does not exist', async () => {
    const { engine } = bench;
    await engine.note('one', '1');
    await engine.note('one/more', '2');
    await engine.forget('one');
    await engine.forget('none');
    expect(await allOf(engine.notes(''))).toEqual([{ name: 'one/more', text: '2' }]);
  });

  it('keeps an expiring note until it expires, separate from the other notes', async () => {
    const { engine } = bench;
    for (const name of ODD_NAMES) {
      await engine.noteExpiring(name, `first text of ${name}`, 60_000);
      await engine.noteExpiring(name, `text of ${name}`, 60_000);
    }
    await engine.note('short', 'a plain note');
    await engine.noteExpiring('short', 'text', 200);
    for (const name of ODD_NAMES) expect(await engine.readExpiring(name)).toBe(`text of ${name}`);
    expect(await engine.readExpiring('none')).toBeUndefined();
    expect(await allOf(engine.notes(''))).toEqual([{ name: 'short', text: 'a plain note' }]);
    await eventually('the note has expired', async () => (await engine.readExpiring('short')) === undefined);
    expect(await engine.read('short')).toBe('a plain note');
    expect(await engine.readExpiring('none')).toBeUndefined();
  });

  it('finds notes by prefix, whatever their names are', async () => {
    const { engine } = bench;
    for (const name of ODD_NAMES) await engine.note(name, `text of ${name}`);
    for (const prefix of ODD_NAMES) {
      const expected = ODD_NAMES.filter((name) => name.startsWith(prefix)).sort();
      expect((await allOf(engine.notes(prefix))).map(({ name }) => name).sort()).toEqual(expected);
    }
    expect(await allOf(engine.notes(''))).toHaveLength(ODD_NAMES.length);
  });

  it('grants an exclusive lock to one holder at a time', async () => {
    const { engine } = bench;
    const lease = await engine.exclusive('poller');
    const other = await engine.exclusive('other');
    expect([lease?.isValid(), other?.isValid()]).toEqual([true, true]);
    expect(await engine.exclusive('poller')).toBeUndefined();
    await lease?.release();
    expect(lease?.isValid()).toBe(false);
    const next = await engine.exclusive('poller');
    expect(next?.isValid()).toBe(true);
    await lease?.release();
    expect(await engine.exclusive('poller')).toBeUndefined();
    expect(next?.isValid()).toBe(true);
  });

  it('grants an exclusive lock to one of many concurrent callers', async () => {
    const leases = await Promise.all(Array.from({ length: 10 }, () => bench.engine.exclusive('poller')));
    expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
  });

  it('returns the time of the server of its store, if there is one', async () => {
    const before = Date.now();
    const time = await bench.engine.time();
    if (bench.engine.followEveryMs === Infinity) return expect(time).toBeUndefined();
    expect(time).toBeGreaterThan(before - 60_000);
    expect(await bench.engine.time()).toBeGreaterThanOrEqual(time ?? Infinity);
  });

  it('has room for a download', async () => {
    await bench.engine.checkRoom(1_000_000);
  });

  it('reports that it is writable, and stores nothing while checking', async () => {
    const { engine } = bench;
    await engine.note('name', 'text');
    await Promise.all(Array.from({ length: 20 }, () => engine.checkWritable()));
    expect(await allOf(engine.notes(''))).toEqual([{ name: 'name', text: 'text' }]);
    expect(await bench.queue().counts()).toMatchObject({ waiting: 0, active: 0, failed: 0 });
  });

  it('rejects every call after it was closed', async () => {
    const { engine } = bench;
    const queue = bench.queue<number>();
    await queue.add([{ id: 'one', data: 1 }]);
    queue.consume(() => new Promise(() => undefined), { concurrency: 1 });
    await untilCounts(queue, { active: 1 });
    const lease = await engine.exclusive('poller');
    await engine.close();
    await engine.close();
    expect(lease?.isValid()).toBe(false);
    const calls: (() => Promise<unknown>)[] = [
      () => queue.add([{ id: 'two', data: 2 }]),
      () => queue.add([]),
      () => queue.counts(),
      () => allOf(queue.failed()),
      () => queue.retry('one'),
      () => queue.retryAll(),
      () => queue.remove('one'),
      () => engine.queue('another').counts(),
      () => engine.note('name', 'text'),
      () => engine.forget('name'),
      () => allOf(engine.notes('')),
      () => engine.read('name'),
      () => engine.noteExpiring('name', 'text', 1_000),
      () => engine.readExpiring('name'),
      async () => (await engine.time()) ?? engine.read('none'),
      () => engine.exclusive('other'),
      () => engine.checkRoom(1),
      () => engine.checkWritable(),
    ];
    for (const call of calls) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect([call.toString(), error]).toEqual([call.toString(), expect.any(OurSmsStorageError)]);
      expect(error).toMatchObject({ fault: 'closed', retryable: false });
    }
  });

  it('closes while jobs are delivered, added and settled, and delivers nothing afterwards', async () => {
    const { engine } = bench;
    const queue = bench.queue<number>();
    let handled = 0;
    const handle = async (): Promise<typeof DONE> => {
      handled += 1;
      await pause(handled % 3);
      return DONE;
    };
    queue.consume(handle, { concurrency: 8 });
    const adding = Array.from({ length: 30 }, (_, i) => queue.add([{ id: `job${i}`, data: i }]));
    const outcomes = Promise.allSettled(adding);
    await pause(5);
    await engine.close();
    const before = handled;
    for (const outcome of await outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(OurSmsStorageError);
    }
    await pause(50);
    expect(handled).toBe(before);
  });

  if (!kind.isDurable) return;

  it('keeps jobs and notes that were stored before it was closed in the middle of work', async () => {
    const queue = bench.queue<number>();
    const handled = new Set<string>();
    queue.consume(
      async ({ id }) => {
        handled.add(id);
        await pause(1);
        return DONE;
      },
      { concurrency: 4 },
    );
    const added = new Set<string>();
    const adding = Array.from({ length: 60 }, async (_, i) => {
      await queue.add([{ id: `job${i}`, data: i }]);
      added.add(`job${i}`);
    });
    const outcomes = Promise.allSettled(adding);
    await bench.engine.note('account/download/1', 'text');
    await bench.reopen();
    await outcomes;
    expect(await allOf(bench.engine.notes(''))).toEqual([{ name: 'account/download/1', text: 'text' }]);
    const handler = new RecordingHandler();
    bench.queue().consume(handler.handle, { concurrency: 4 });
    await untilCounts(bench.queue(), { waiting: 0, active: 0, failed: 0 });
    const missing = [...added].filter((id) => !handled.has(id) && !handler.ids.includes(id));
    expect(missing).toEqual([]);
  });

  it('grants its exclusive locks again after it was reopened', async () => {
    await bench.engine.exclusive('poller');
    await bench.reopen();
    expect((await bench.engine.exclusive('poller'))?.isValid()).toBe(true);
  });
}
