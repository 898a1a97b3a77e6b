import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OurSmsModule, OurSmsStorageError } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
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

describe('a store directory that is in use', () => {
  it('is refused with one clear error after a wait', async () => {
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
    // Reports that a command-line program stores in a directory of its own would stay there after it ends.
    expect(error.message).not.toContain('of its own');
    await other.end();
  });

  it('is opened when the process that uses it ends during the wait', async () => {
    const other = await StoreHolder.start(path);
    const opening = StoredEngine.inDirectory(path);
    await pause(300);
    await other.end();
    const engine = await opening;
    await engine.note('name', 'text');
    await engine.close();
  });

  it('can be opened at once when the process that used it was killed', async () => {
    const other = await StoreHolder.start(path);
    await other.kill();
    const start = performance.now();
    const engine = await StoredEngine.inDirectory(path);
    expect(performance.now() - start).toBeLessThan(4_000);
    await engine.close();
  });

  it('is waited for as long as a shutdown may take, which is logged once', async () => {
    const other = await StoreHolder.start(path);
    const gateway = await GatewaySimulator.start();
    gateway.pushReport('demo', { msgId: 'm0' });
    const dlr = { poll: { everyMs: 20 }, shutdownTimeoutMs: 20_000 };
    const account = OurSmsModule.forRoot({ baseUrl: gateway.url, auth: DEMO, storage: { path: storage.path }, dlr });
    const starting = startApplication([account], [DlrListener]);
    // Longer than the default wait.
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

  it('does not delay the shutdown of an application that waits for it', async () => {
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

  it('is refused within seconds when the same process has opened it, also by another path', async () => {
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

  it('is opened only once when one process opens it three times at the same moment', async () => {
    const opening = [1, 2, 3].map(() => StoredEngine.inDirectory(path, 'storage.path', { ms: 200 }));
    const outcomes = await Promise.allSettled(opening);
    const opened = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(opened).toHaveLength(1);
    expect((await StoreHolder.start(path)).outcome).toBe('LEVEL_LOCKED');
    await opened[0]?.value.close();
  });

  it('stays locked for other processes while the same process waits to open it a second time', async () => {
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

  it('can be opened by another process once it was closed', async () => {
    const engine = await StoredEngine.inDirectory(path);
    await engine.close();
    const other = await StoreHolder.start(path);
    expect(other.outcome).toBe('open');
    await other.end();
  });
});
