import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from '../support/packaging-run.js';

/** Bytes of heap that an application with this number of accounts uses. */
async function heapOf(accounts: number): Promise<number> {
  const file = join(ROOT, 'test/bench/accounts/start-accounts.mjs');
  const child = fork(file, [String(accounts)], { cwd: ROOT, execArgv: ['--expose-gc'] });
  const [{ heapUsed }] = (await once(child, 'message')) as [{ heapUsed: number }];
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
  return heapUsed;
}

describe('an application with many named accounts', () => {
  it('uses less than 100 kB of heap per account, and hardly more with 600 accounts', async () => {
    const [one, some, many] = [await heapOf(1), await heapOf(150), await heapOf(600)];
    const [first, next] = [(some - one) / 149, (many - some) / 450];
    expect(first).toBeLessThan(100_000);
    expect(next).toBeLessThan(1.5 * first);
  });
});
