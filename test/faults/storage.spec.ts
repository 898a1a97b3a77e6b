import { chmod, chown, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ClassicLevel } from 'classic-level';
import { OurSmsModule, OurSmsStorageError } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { accountDirectory } from '../../lib/queue/key-part.js';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { eventually } from '../contract/queue/engine-under-test.js';
import {
  DEMO,
  DlrListener,
  LogRecorder,
  rejection,
  startApplication,
  TestStorage,
  until,
} from '../support/application.js';

const NOBODY = 65534;

let storage: TestStorage;
let path: string;
let logs: LogRecorder;
beforeEach(async () => {
  storage = await TestStorage.make();
  path = join(storage.path, 'default');
  logs = new LogRecorder();
  Logger.overrideLogger(logs);
});
afterEach(async () => {
  Logger.overrideLogger(['error']);
  await storage.remove();
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a store directory', () => {
  it('is created for its user only, and is ignored by Git', async () => {
    const deep = join(storage.path, 'a', 'b', 'default');
    const engine = await StoredEngine.inDirectory(deep);
    await engine.close();
    expect((await stat(deep)).mode & 0o777).toBe(0o700);
    expect(await readFile(join(storage.path, 'a', 'b', '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('is refused where the file system treats it as the directory of another account', async () => {
    await mkdir(join(storage.path, 'Shop'));
    // So does a file system that does not tell upper from lower case.
    await symlink('Shop', join(storage.path, 'shop'));
    const error = await rejection(StoredEngine.inDirectory(join(storage.path, 'shop')), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'unsuited', retryable: false });
    expect(error.message).toContain('is the directory Shop on this file system, which belongs to another account');
    await (await StoredEngine.inDirectory(join(storage.path, 'Shop'))).close();
  });

  it('is separate for each account, whatever the account name is', async () => {
    const names = ['', '.', '..', '...', '%', '%2E', '%2E%2E', 'a', 'a/b', '../a', '/a', '*'];
    const directories = names.map((name) => resolve(storage.path, accountDirectory(name)));
    expect(new Set(directories).size).toBe(names.length);
    expect(directories.map((directory) => dirname(directory))).toEqual(names.map(() => storage.path));
    expect(['default', 'Shop', 'my-shop_2.0', 'متجر', 'a b'].map(accountDirectory)).toEqual(
      ['default', 'Shop', 'my-shop_2.0', 'متجر', 'a b'].map(encodeURIComponent),
    );
  });
});

describe('an application whose account directory', () => {
  const warned = async (mode: number): Promise<string[]> => {
    await mkdir(path);
    await chmod(path, mode);
    const account = OurSmsModule.forRoot({ auth: DEMO, storage, dlr: { poll: { everyMs: 60_000 } } });
    const application = await startApplication([account]);
    await application.close();
    return application.logs.matching('written by other users');
  };

  it.each([0o777, 0o775, 0o702])('is writable by others (mode %o) warns once, and opens it', async (mode) => {
    expect(await warned(mode)).toEqual([expect.stringContaining(`The store ${path} can be written by other users`)]);
  });

  it.each([0o700, 0o755])('is writable only by its user (mode %o) does not warn', async (mode) => {
    expect(await warned(mode)).toEqual([]);
  });
});

/** As a process of another user; someone who is not root is one already. */
async function asStranger<T>(act: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    return await act();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

/** A directory that may be read and not written. */
async function makeReadOnly(directory: string): Promise<void> {
  if (process.geteuid?.() === 0) await chown(directory, 0, 0);
  await chmod(directory, 0o555);
}

describe('a store directory that cannot be written', () => {
  const expectNotWritable = async (place: string): Promise<void> => {
    const error = await asStranger(() => rejection(StoredEngine.inDirectory(place), OurSmsStorageError));
    expect(error).toMatchObject({ fault: 'notWritable', path: place });
    expect(error.message).toContain(`The store ${place} cannot be created or written: make it writable for the user`);
  };

  beforeEach(async () => {
    // Loaded as the user that may read it.
    await (await StoredEngine.inDirectory(join(storage.path, 'other'))).close();
  });
  afterEach(() => chmod(storage.path, 0o700));

  it('is reported when it cannot be created', async () => {
    await makeReadOnly(storage.path);
    await expectNotWritable(path);
  });

  it('is reported when it exists and belongs to another user', async () => {
    await (await StoredEngine.inDirectory(path)).close();
    for (const file of ['LOCK', 'CURRENT']) await chmod(join(path, file), 0o444);
    await chmod(storage.path, 0o755);
    await makeReadOnly(path);
    await expectNotWritable(path);
    await chmod(path, 0o700);
  });

  it('is reported when it is a file or below a file', async () => {
    await chmod(storage.path, 0o777);
    await writeFile(path, 'a file');
    await expectNotWritable(path);
    await expectNotWritable(join(path, 'default'));
  });

  it('is usable when only its parent cannot be written', async () => {
    await mkdir(path, { mode: 0o700 });
    if (process.geteuid?.() === 0) await chown(path, NOBODY, NOBODY);
    await makeReadOnly(storage.path);
    await asStranger(async () => {
      const engine = await StoredEngine.inDirectory(path);
      await engine.note('name', 'text');
      await engine.close();
    });
  });

  it('prevents the application from starting, before anything is downloaded', async () => {
    await writeFile(path, 'a file');
    const gateway = await GatewaySimulator.start();
    gateway.pushReport('demo', { msgId: 'm0' });
    const account = OurSmsModule.forRoot({
      baseUrl: gateway.url,
      auth: DEMO,
      storage: { path: storage.path },
      dlr: { poll: { everyMs: 20 } },
    });
    const error = await rejection(startApplication([account], [DlrListener]), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'notWritable', path });
    await pause(100);
    expect(gateway.requests).toEqual([]);
    await gateway.stop();
  });
});

describe('the disk', () => {
  it('is written once before an added job starts, and once when the job is done', async () => {
    const engine = await StoredEngine.inDirectory(path);
    const queue = engine.queue<number>('queue');
    const batch = jest.spyOn(ClassicLevel.prototype, 'batch');
    const writesAtBegin: number[] = [];
    queue.consume(
      async () => {
        writesAtBegin.push(batch.mock.calls.length);
        return { kind: 'done' };
      },
      { concurrency: 1 },
    );
    await queue.counts();
    for (let i = 0; i < 3; i++) {
      await queue.add([{ id: `job${i}`, data: i }]);
      await until('the job has started', () => writesAtBegin.length === i + 1);
      await eventually('no job is pending', async () => (await queue.pending()) === 0);
    }
    expect(writesAtBegin).toEqual([1, 3, 5]);
    expect(batch).toHaveBeenCalledTimes(6);
    batch.mockRestore();
    await engine.close();
  });

  it('is written once when a job ends and another is added right after it', async () => {
    const engine = await StoredEngine.inDirectory(path);
    const queue = engine.queue<number>('queue');
    let end: () => void = () => undefined;
    queue.consume(
      async () => {
        end();
        return { kind: 'done' };
      },
      { concurrency: 8 },
    );
    await queue.counts();
    const batch = jest.spyOn(ClassicLevel.prototype, 'batch');
    for (let i = 0; i < 20; i++) {
      const ended = new Promise<void>((resolve) => (end = resolve));
      await queue.add([{ id: `job${i}`, data: i }]);
      await ended;
    }
    const written = batch.mock.calls.length;
    await until('the outcome of the last job is written', () => batch.mock.calls.length > written);
    batch.mockRestore();
    // Two for each job, if none of them went together.
    expect(written).toBeLessThan(35);
    expect(await queue.pending()).toBe(0);
    await engine.close();
  });

  it('is not written when a job is delivered whose handler marks its own start', async () => {
    const engine = await StoredEngine.inDirectory(path);
    const queue = engine.queue<number>('queue');
    await queue.add([0, 1, 2].map((data) => ({ id: `job${data}`, data })));
    const batch = jest.spyOn(ClassicLevel.prototype, 'batch');
    const writes: number[] = [];
    const handle: Parameters<typeof queue.consume>[0] = async (job) => {
      writes.push(batch.mock.calls.length);
      await job.atWork(false);
      await job.atWork(true);
      writes.push(batch.mock.calls.length);
      return { kind: 'done' };
    };
    const consumer = queue.consume(handle, { concurrency: 1, idleAtFirst: true });
    await eventually('no job is pending', async () => (await queue.pending()) === 0);
    await consumer.stop();
    // Each begins by the write that settles the one before.
    expect(writes).toEqual([0, 1, 1, 2, 2, 3]);
    batch.mockRestore();
    await engine.close();
  });

  it.each(['before', 'after'])(
    'that fails %s storing the start mark of a handler makes no job lost, duplicated or miscounted',
    async (when) => {
      const logs = new LogRecorder();
      Logger.overrideLogger(logs);
      const engine = await StoredEngine.inDirectory(path);
      const queue = engine.queue<number>('queue');
      await queue.add([0, 1, 2, 3].map((data) => ({ id: `job${data}`, data })));
      const seen: string[] = [];
      let running = 0;
      let hasFailed = false;
      const begin = Reflect.get(ClassicLevel.prototype, 'batch') as () => { write(options: object): Promise<void> };
      const batch = jest.spyOn(ClassicLevel.prototype, 'batch');
      const handle: Parameters<typeof queue.consume>[0] = async (job) => {
        expect((running += 1)).toBeLessThanOrEqual(2);
        try {
          await until('the job is active', async () => (await queue.counts()).active === Math.min(2, 4 - seen.length));
          if (!hasFailed) {
            hasFailed = true;
            batch.mockImplementationOnce(function (this: unknown) {
              const begun = Reflect.apply(begin, this, []);
              const write = begun.write.bind(begun);
              begun.write = async (options) => {
                if (when === 'after') await write(options);
                throw Object.assign(new Error('IO error'), { code: 'LEVEL_IO_ERROR' });
              };
              return begun;
            } as never);
          }
          await job.atWork(true);
          seen.push(job.id);
          return { kind: 'done' };
        } finally {
          running -= 1;
        }
      };
      const consumer = queue.consume(handle, { concurrency: 2, idleAtFirst: true });
      await eventually('no job is pending', async () => (await queue.pending().catch(() => 1)) === 0);
      await consumer.stop();
      expect([...seen].sort()).toEqual(['job0', 'job1', 'job2', 'job3']);
      expect(await queue.counts()).toMatchObject({ waiting: 0, active: 0, failed: 0 });
      expect(logs.matching('The store is writable again')).toHaveLength(1);
      batch.mockRestore();
      await engine.close();
      // What was counted fits what is there.
      const again = await StoredEngine.inDirectory(path);
      expect(await again.queue('queue').pending()).toBe(0);
      await again.close();
    },
  );
});
