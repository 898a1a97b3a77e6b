import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/application.js';
import { ROOT } from '../support/packaging-run.js';

const PROBE = join(ROOT, 'test/packaging/probes/store-user.mjs');
const IN_USE = /^locked: The store .* is in use/;
const PATIENCE_MS = 60_000;

/** A process that uses the built package. */
class StoreUser {
  private constructor(private readonly child: ChildProcess) {}

  static async start(): Promise<StoreUser> {
    const user = new StoreUser(fork(PROBE, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
    await once(user.child, 'message');
    return user;
  }

  async ask(what: string, ...more: string[]): Promise<string> {
    const answered = once(this.child, 'message') as Promise<[string]>;
    this.child.send([what, ...more]);
    return (await answered)[0];
  }

  /** Ends without closing anything. */
  async exit(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.send(['exit']);
    await ended;
  }
}

let folder: string;
let path: string;
let users: StoreUser[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oursms-lock-'));
  path = join(folder, 'default');
  users = [];
});
afterEach(async () => {
  await Promise.all(users.map((user) => user.exit()));
  rmSync(folder, { recursive: true });
});

async function start(): Promise<StoreUser> {
  const user = await StoreUser.start();
  users.push(user);
  return user;
}

describe('a store that another process has opened', () => {
  it.each(['detached', 'spawned', 'forked'])(
    'can be opened by a child of that process (%s) once the process has ended',
    async (how) => {
      const parent = await start();
      expect(await parent.ask('open', path)).toBe('open');
      const outcome = join(folder, 'outcome');
      await parent.ask('child', how, path, outcome);
      await parent.exit();
      await until(
        'the child has tried to open the store',
        () => existsSync(outcome) && readFileSync(outcome).length > 0,
        PATIENCE_MS,
      );
      expect(readFileSync(outcome, 'utf8')).toBe('open');
    },
  );

  it('cannot be opened until that process closes it', async () => {
    const [first, other] = [await start(), await start()];
    expect(await first.ask('open', path)).toBe('open');
    expect(await other.ask('open', path)).toMatch(IN_USE);
    await first.ask('close');
    expect(await other.ask('open', path)).toBe('open');
  });
});

describe('a store that a process has opened', () => {
  let copy: string;
  beforeEach(() => {
    // Inside node_modules, so that the copy loads the same LevelDB.
    const beside = join(ROOT, 'node_modules/.cache');
    mkdirSync(beside, { recursive: true });
    copy = mkdtempSync(join(beside, 'oursms-copy-'));
    cpSync(join(ROOT, '.build'), copy, { recursive: true });
  });
  afterEach(() => rmSync(copy, { recursive: true }));

  it.each<[string, (user: StoreUser) => Promise<string>]>([
    ['by the same path', (user) => user.ask('open', path)],
    ['by another path', (user) => user.ask('open', join(folder, 'link'))],
    ['by a second copy of the package', (user) => user.ask('open', path, copy)],
    ['by another path and a second copy', (user) => user.ask('open', join(folder, 'link'), copy)],
    ['in a worker thread', (user) => user.ask('thread', path)],
    ['in a worker thread, by another path', (user) => user.ask('thread', join(folder, 'link'))],
  ])('cannot be opened a second time, and stays locked: %s', async (_how, openAgain) => {
    symlinkSync(path, join(folder, 'link'));
    const [user, other] = [await start(), await start()];
    expect(await user.ask('open', path)).toBe('open');
    expect(await openAgain(user)).toMatch(IN_USE);
    expect(await other.ask('open', path)).toMatch(IN_USE);
    await user.ask('close');
    expect(await other.ask('open', path)).toBe('open');
  });
});
