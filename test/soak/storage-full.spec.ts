import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OurSmsStorageError } from 'nestjs-oursms';
import type { QueueEngine } from '../../lib/queue/durable-queue.js';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { DlrListener, LogRecorder, rejection, startBench, until, type TestBench } from '../support/application.js';
import {
  DONE,
  eventually,
  FAILED,
  Gate,
  jobsNamed,
  pause,
  RecordingHandler,
  untilCounts,
} from '../contract/queue/engine-under-test.js';
import { scarceDisk, type ScarceDisk } from '../support/scarce-disk.js';

/** Larger than the free space in the last block of a file. */
const LARGE = 'x'.repeat(300_000);
const RECOVERY_MS = 25_000;

describe('a full disk', () => {
  let disk: ScarceDisk;
  let path: string;
  let engine: QueueEngine;
  let logs: LogRecorder;

  beforeEach(async () => {
    disk = scarceDisk(32);
    path = join(disk.path, 'default');
    logs = new LogRecorder();
    Logger.overrideLogger(logs);
    engine = await StoredEngine.inDirectory(path);
  });
  afterEach(async () => {
    await engine.close();
    disk.remove();
    Logger.overrideLogger(['error']);
  });

  /** Fills the disk, and makes a write of the store fail. */
  const meetFullDisk = async (): Promise<OurSmsStorageError> => {
    disk.fill();
    return rejection(engine.queue('other').add([{ id: 'large', data: LARGE }]), OurSmsStorageError);
  };

  it('fails the write and every later operation with an error that names the store', async () => {
    await engine.queue('pages').add(jobsNamed('job', 3));
    const error = await meetFullDisk();
    expect(error).toMatchObject({ fault: 'full', path, retryable: true });
    expect(error.message).toContain(
      `The store ${path} is on a full disk: free some space, and writing resumes by itself`,
    );
    expect(error.message).not.toContain('xxx');
    const calls = [engine.note('name', 'text'), engine.queue('pages').counts(), engine.checkRoom(1)];
    for (const call of calls) expect(await rejection(call, OurSmsStorageError)).toMatchObject({ fault: 'full', path });
    expect(logs.matching('Writing is retried until it succeeds')).toHaveLength(1);
  });

  it('is recovered from automatically when there is space: all accepted jobs are stored, and no rejected one', async () => {
    const queue = engine.queue<unknown>('pages');
    let added = 0;
    for (let round = 0; round < 3; round++) {
      await queue.add(jobsNamed(`${round}/`, 50));
      added += 50;
      await meetFullDisk();
      await rejection(queue.add([{ id: `refused${round}`, data: LARGE }]), OurSmsStorageError);
      await pause(round * 400);
      disk.makeRoom();
      await eventually('the store accepts a page', () =>
        queue.add([{ id: `page${round}`, data: LARGE }]).then(
          () => true,
          () => false,
        ),
      );
      added += 1;
      expect(await queue.counts()).toMatchObject({ waiting: added, active: 0, failed: 0 });
    }
    expect(logs.matching('The store is writable again')).toHaveLength(3);
    await engine.close();
    engine = await StoredEngine.inDirectory(path);
    expect(await engine.queue('pages').counts()).toMatchObject({ waiting: added, active: 0, failed: 0 });
    const handler = new RecordingHandler();
    engine.queue('pages').consume(handler.handle, { concurrency: 8 });
    await untilCounts(engine.queue('pages'), { waiting: 0, active: 0 });
    expect(new Set(handler.ids).size).toBe(added);
    expect(handler.ids).not.toContain('refused0');
  });

  it('suspends consumers until there is space: each job is handled once, and its outcome is stored later', async () => {
    const queue = engine.queue<number>('pages');
    const gate = new Gate();
    const handler = new RecordingHandler<number>(async ({ data }) => {
      await gate.opened;
      return data % 10 === 0 ? FAILED : DONE;
    });
    queue.consume(handler.handle, { concurrency: 8 });
    const idle = new RecordingHandler();
    engine.queue('idle').consume(idle.handle, { concurrency: 1 });
    await queue.add(jobsNamed('job', 100));
    await eventually('eight jobs are in flight', () => handler.jobs.length === 8);
    await meetFullDisk();
    gate.open();
    await pause(600);
    expect(handler.jobs).toHaveLength(8);
    disk.makeRoom();
    await eventually('all jobs are handled', () => handler.jobs.length === 100);
    await untilCounts(queue, { waiting: 0, active: 0, failed: 10 });
    expect(handler.jobs.filter(({ attempt, interrupted }) => attempt > 1 || interrupted)).toEqual([]);
    await engine.queue('idle').add([{ id: 'one', data: 1 }]);
    await eventually('the other queue resumes as well', () => idle.jobs.length === 1);
  });

  it('does not prevent a consumer from stopping; its job is redelivered as interrupted', async () => {
    const queue = engine.queue<number>('pages');
    const gate = new Gate();
    const handler = new RecordingHandler<number>(() => gate.opened.then(() => DONE));
    const consumer = queue.consume(handler.handle, { concurrency: 1 });
    await queue.add(jobsNamed('job', 2));
    await eventually('one job is in flight', () => handler.jobs.length === 1);
    await meetFullDisk();
    gate.open();
    await consumer.stop();
    disk.makeRoom();
    const next = new RecordingHandler<number>();
    queue.consume(next.handle, { concurrency: 1 });
    await eventually('both jobs are handled', () => next.jobs.length === 2);
    expect(next.jobs).toMatchObject([
      { id: 'job0', attempt: 2, interrupted: true },
      { id: 'job1', attempt: 1, interrupted: false },
    ]);
  });

  it('does not prevent the engine from closing, and the engine stays closed when there is space', async () => {
    await engine.queue('pages').add(jobsNamed('job', 2));
    engine.queue('pages').consume(() => new Promise(() => undefined), { concurrency: 1 });
    await meetFullDisk();
    await engine.close();
    disk.makeRoom();
    await pause(600);
    expect(await rejection(engine.note('name', 'text'), OurSmsStorageError)).toMatchObject({ fault: 'closed', path });
    engine = await StoredEngine.inDirectory(path);
    expect(await engine.queue('pages').counts()).toMatchObject({ failed: 0 });
    await untilCounts(engine.queue('pages'), { waiting: 2 });
  });

  it('makes creating a store fail, and the store can be created when there is space', async () => {
    disk.fill();
    const place = join(disk.path, 'new');
    for (let i = 0; i < 3; i++) {
      const error = await rejection(StoredEngine.inDirectory(place), OurSmsStorageError);
      expect(error).toMatchObject({ fault: 'full', path: place });
    }
    disk.makeRoom();
    const made = await StoredEngine.inDirectory(place);
    await made.queue('pages').add(jobsNamed('job', 3));
    expect(await made.queue('pages').counts()).toMatchObject({ waiting: 3 });
    await made.close();
  });

  it('is detected by checkWritable() before a write has failed', async () => {
    await engine.checkWritable();
    disk.fill();
    expect(await rejection(engine.checkWritable(), OurSmsStorageError)).toMatchObject({ fault: 'full', path });
    disk.makeRoom();
    await eventually('the store can be written again', () =>
      engine.checkWritable().then(
        () => true,
        () => false,
      ),
    );
  });

  it('is predicted by checkRoom(), which fails when more bytes are needed than are free', async () => {
    await engine.checkRoom(100);
    const error = await rejection(engine.checkRoom(2 ** 60), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'full', path });
    expect(error.message).toMatch(/\d+ bytes are free/);
    await engine.note('it', 'can be written all the same');
  });
});

describe('an application whose disk is full', () => {
  let disk: ScarceDisk;
  let bench: TestBench;

  beforeEach(() => {
    disk = scarceDisk(64);
  });
  afterEach(async () => {
    await bench.close();
    disk.remove();
  });

  const start = async (): Promise<DlrListener> => {
    const options = {
      dlr: { poll: { everyMs: 20 } },
      storage: { path: disk.path },
      http: { maxResponseBytes: 1_000_000 },
    };
    bench = await startBench(options, {}, [DlrListener]);
    return bench.app.get(DlrListener);
  };
  const push = (from: number, to: number): void => {
    for (let i = from; i < to; i++) bench.gateway.pushReport('demo', { msgId: `m${i}`, status: 'delivered' });
  };
  const handled = ({ handled }: DlrListener): string[] => handled.map(({ msgId }) => msgId ?? '').sort();
  const named = (count: number): string[] => Array.from({ length: count }, (_, i) => `m${i}`).sort();

  it('downloads nothing until there is space, then resumes automatically', async () => {
    const listener = await start();
    push(0, 10);
    await until('the first reports are handled', () => listener.handled.length === 10);
    disk.fill();
    await until(
      'the full disk is logged',
      () => bench.logs.matching(/Polling for delivery reports failed.*full disk/).length > 0,
    );
    push(10, 20);
    const asked = bench.gateway.requests.length;
    await pause(1_000);
    expect(bench.gateway.requests).toHaveLength(asked);
    expect(bench.gateway.handedOut).toHaveLength(10);
    disk.makeRoom();
    await until('all reports are handled', () => listener.handled.length === 20, RECOVERY_MS);
    expect(handled(listener)).toEqual(named(20));
  });

  it('keeps a page in flight in memory, downloads no other page, and stores it when there is space', async () => {
    const listener = await start();
    bench.gateway.faults.next('latency', { ms: 500, on: 'dlrs' });
    push(0, 400);
    await until('the download is running', () => bench.gateway.handedOut.length === 400);
    disk.fill();
    await until(
      'the page is held in memory',
      () => bench.logs.matching('held in memory until the store accepts it').length === 1,
    );
    push(400, 500);
    await pause(1_000);
    expect(bench.gateway.handedOut).toHaveLength(400);
    expect(listener.handled).toEqual([]);
    disk.makeRoom();
    await until('all reports are handled', () => listener.handled.length === 500, RECOVERY_MS);
    expect(handled(listener)).toEqual(named(500));
  });
});
