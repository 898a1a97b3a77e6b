import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { allEnded, endAll, endWhatIsLeft, endWithSuite } from '../../support/what-is-left.js';
import { Instance } from './cluster/instance.js';
import { ForkedProgram } from './forked-program.js';

jest.setTimeout(60_000);

describe('the harness of the kill tests', () => {
  it('reports no fault for a message to a process that was killed on purpose', async () => {
    // Some messages meet a pipe that is closed already (EPIPE), and others a process that is known to be gone.
    for (let times = 0; times < 5; times++) {
      const instance = new Instance();
      instance.signal('SIGKILL');
      const end = Date.now() + 200;
      while (Date.now() < end) {
        for (let i = 0; i < 50; i++) instance.ask({ kind: 'stats' });
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await instance.ended).toMatchObject({ signal: 'SIGKILL' });
      expect(await instance.answer({ kind: 'stats' }, AbortSignal.timeout(100))).toBeUndefined();
    }
  });

  it('ends everything even if ending one thing fails, and reports that failure', async () => {
    const ended: number[] = [];
    const ending = endAll(
      () => ended.push(1),
      () => Promise.reject(new Error('the second cannot be ended')),
      () => ended.push(3),
    );
    await expect(ending).rejects.toThrow('the second cannot be ended');
    expect(ended).toEqual([1, 3]);
  });

  it('lets concurrent parts finish when one of them fails', async () => {
    let isOver = false;
    const slow = new Promise<void>((resolve) => setTimeout(resolve, 100)).then(() => void (isOver = true));
    await expect(allEnded([slow, Promise.reject(new Error('at once'))])).rejects.toThrow('at once');
    expect(isOver).toBe(true);
  });

  // The last one: nothing can be started after it.
  it('leaves no process behind when a test did not end its own processes', async () => {
    const left = new ForkedProgram(new URL('./polling-child.mjs', import.meta.url));
    await endWhatIsLeft();
    expect(await left.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(() => endWithSuite(() => Promise.resolve())).toThrow('the suite has ended');
    expect(() => new Instance()).toThrow('the suite has ended');
  });
});

afterAll(endWhatIsLeft);
