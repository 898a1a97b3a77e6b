import { chmod, chown, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OurSmsModule, OurSmsStorageError } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { accountDirectory } from '../../lib/queue/key-part.js';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import {
  DEMO,
  DlrListener,
  LogRecorder,
  rejection,
  startApplication,
  TestStorage,
  until,
} from '../support/application.js';
import { StoreHolder } from '../support/store-holder.js';

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

describe('a directory that another process uses', () => {
  it('is waited for, then refused with one clear error', async () => {
    const other = await StoreHolder.start(path);
    expect(other.outcome).toBe('open');
    const start = performance.now();
    const error = await rejection(StoredEngine.inDirectory(path), OurSmsStorageError);
    expect(performance.now() - start).toBeGreaterThan(4_500);
    expect(error).toMatchObject({ fault: 'locked', path, retryable: true, outcome: 'notSent' });
    expect(error.message).toContain(
      `The store ${path} is in use by another process: leave out dlr.poll in a command-line`,
    );
    expect(error.message).toContain('bullMqEngine()');
    // What a command-line program takes into a directory of its own stays there when it ends.
    expect(error.message).not.toContain('its own');
    await other.end();
  });

  it('is opened when that process ends meanwhile', async () => {
    const other = await StoreHolder.start(path);
    const opening = StoredEngine.inDirectory(path);
    await pause(300);
    await other.end();
    const engine = await opening;
    await engine.note('name', 'text');
    await engine.close();
  });

  it('is free at once when that process was killed', async () => {
    const other = await StoreHolder.start(path);
    await other.kill();
    const start = performance.now();
    const engine = await StoredEngine.inDirectory(path);
    expect(performance.now() - start).toBeLessThan(4_000);
    await engine.close();
  });

  it('is waited for as long as an application may need to end, which is said once', async () => {
    const other = await StoreHolder.start(path);
    const gateway = await GatewaySimulator.start();
    gateway.pushReport('demo', { msgId: 'm0' });
    const dlr = { poll: { everyMs: 20 }, shutdownTimeoutMs: 20_000 };
    const account = OurSmsModule.forRoot({ baseUrl: gateway.url, auth: DEMO, storage: { path: storage.path }, dlr });
    const starting = startApplication([account], [DlrListener]);
    // Longer than any fixed time that was waited before.
    await pause(6_000);
    expect(gateway.requests).toEqual([]);
    await other.end();
    const application = await starting;
    const said = [...logs.lines, ...application.logs.lines].filter(({ text }) =>
      text.includes('Another process has locked the store'),
    );
    expect(said).toEqual([
      { level: 'warn', text: expect.stringContaining(`the store ${path}: waiting up to 25 s for it`) },
    ]);
    await until('its reports are handled', () => application.app.get(DlrListener).handled.length === 1);
    await application.close();
    await gateway.stop();
  });

  it('keeps an application no longer that is told to end meanwhile', async () => {
    await (await StoredEngine.inDirectory(path)).close();
    const other = await StoreHolder.start(path);
    // Without a poller the store is opened in the background, for campaigns.
    const account = OurSmsModule.forRoot({ auth: DEMO, storage: { path: storage.path } });
    const application = await startApplication([account]);
    await pause(300);
    const start = performance.now();
    await application.close();
    expect(performance.now() - start).toBeLessThan(3_000);
    await other.end();
  });

  it('is refused within seconds when it is this process that has it open, by whatever path', async () => {
    const first = await StoredEngine.inDirectory(path);
    const link = join(storage.path, 'link');
    await symlink(path, link);
    const start = performance.now();
    const opening = [path, link].map((one) => StoredEngine.inDirectory(one, 'storage.path', { ms: 60_000 }));
    for (const error of await Promise.all(opening.map((one) => rejection(one, OurSmsStorageError)))) {
      expect(error).toMatchObject({ fault: 'locked' });
      expect(error.message).toContain('this process has opened it already');
      expect(error.message).not.toContain('another process');
    }
    expect(performance.now() - start).toBeLessThan(10_000);
    const other = await StoreHolder.start(path);
    expect(other.outcome).toBe('LEVEL_LOCKED');
    await first.close();
  });

  it('is opened by one of those who ask at the same moment', async () => {
    const opening = [1, 2, 3].map(() => StoredEngine.inDirectory(path, 'storage.path', { ms: 200 }));
    const outcomes = await Promise.allSettled(opening);
    const opened = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(opened).toHaveLength(1);
    expect((await StoreHolder.start(path)).outcome).toBe('LEVEL_LOCKED');
    await opened[0]?.value.close();
  });

  it('stays locked against it when this process opens it a second time, which waits for the first to close', async () => {
    const first = await StoredEngine.inDirectory(path);
    const opening = StoredEngine.inDirectory(path);
    await pause(300);
    const other = await StoreHolder.start(path);
    expect(other.outcome).toBe('LEVEL_LOCKED');
    await first.close();
    const second = await opening;
    await second.note('name', 'text');
    await second.close();
  });

  it('is free again once it was closed', async () => {
    const engine = await StoredEngine.inDirectory(path);
    await engine.close();
    const other = await StoreHolder.start(path);
    expect(other.outcome).toBe('open');
    await other.end();
  });
});

describe('a directory', () => {
  it('is made for its user alone, and kept out of version control', async () => {
    const deep = join(storage.path, 'a', 'b', 'default');
    const engine = await StoredEngine.inDirectory(deep);
    await engine.close();
    expect((await stat(deep)).mode & 0o777).toBe(0o700);
    expect(await readFile(join(storage.path, 'a', 'b', '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('is refused where the file system takes it for that of another account', async () => {
    await mkdir(join(storage.path, 'Shop'));
    // So does a file system that does not tell upper from lower case.
    await symlink('Shop', join(storage.path, 'shop'));
    const error = await rejection(StoredEngine.inDirectory(join(storage.path, 'shop')), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'unsuited', retryable: false });
    expect(error.message).toContain('is the directory Shop on this file system, which belongs to another account');
    await (await StoredEngine.inDirectory(join(storage.path, 'Shop'))).close();
  });

  it('is one of its own for each account, whatever the name is', async () => {
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

  it.each([0o777, 0o775, 0o702])('can be written by others (mode %o) is told so once, and starts', async (mode) => {
    expect(await warned(mode)).toEqual([expect.stringContaining(`The store ${path} can be written by other users`)]);
  });

  it.each([0o700, 0o755])('can be written by its user alone (mode %o) is told nothing', async (mode) => {
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

describe('a directory that cannot be written', () => {
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

  it('is told when it cannot be made', async () => {
    await makeReadOnly(storage.path);
    await expectNotWritable(path);
  });

  it('is told when it is there and belongs to someone else', async () => {
    await (await StoredEngine.inDirectory(path)).close();
    for (const file of ['LOCK', 'CURRENT']) await chmod(join(path, file), 0o444);
    await chmod(storage.path, 0o755);
    await makeReadOnly(path);
    await expectNotWritable(path);
    await chmod(path, 0o700);
  });

  it('is told when it is a file, or below one', async () => {
    await chmod(storage.path, 0o777);
    await writeFile(path, 'a file');
    await expectNotWritable(path);
    await expectNotWritable(join(path, 'default'));
  });

  it('serves when only what is around it cannot be written', async () => {
    await mkdir(path, { mode: 0o700 });
    if (process.geteuid?.() === 0) await chown(path, NOBODY, NOBODY);
    await makeReadOnly(storage.path);
    await asStranger(async () => {
      const engine = await StoredEngine.inDirectory(path);
      await engine.note('name', 'text');
      await engine.close();
    });
  });

  it('keeps the application from starting, before anything is downloaded', async () => {
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
