import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SendReceipt } from 'nestjs-oursms';
import { OurSmsConnectionError } from '../../lib/errors/oursms-connection.error.js';
import type { WireMessage } from '../../lib/gateway/call.js';
import type { GatewayClient } from '../../lib/gateway/gateway-client.js';
import { deliver } from '../../lib/sending/deliver.js';
import { localMoment } from '../../lib/sending/moment.js';
import type { RetryPolicy } from '../../lib/sending/retry-policy.js';
import { Turns } from '../../lib/sending/turns.js';
import { LogRecorder } from '../support/application.js';
import { passTime } from '../support/set-clock.js';

const MINUTE = 60_000;
const MESSAGE: WireMessage = { src: 'MyBrand', dests: ['966501234567'], body: 'hello' };
const RECEIPT: SendReceipt = { acceptedMsgs: [], rejectedMsgs: [], skipped: 0, raw: {} };
const GUARDED: RetryPolicy = {
  ...{ attempts: 3, delayMs: 1, deadlineMs: 60 * MINUTE },
  ...{ unknownOutcome: 'guarded', timeoutMs: 1 },
};

const failed = (outcome: 'unknown' | 'notSent'): OurSmsConnectionError =>
  new OurSmsConnectionError('the connection broke', { outcome, retryable: outcome === 'notSent', code: 'X' });

/** Minutes must pass, without waiting for them. */
let passedMs: number;
let logs: LogRecorder;
beforeEach(() => {
  Logger.overrideLogger((logs = new LogRecorder()));
  passedMs = 0;
  passTime(() => passedMs);
});
afterEach(() => {
  Logger.overrideLogger(['error']);
  jest.restoreAllMocks();
});

interface Parts {
  policy: RetryPolicy;
  /** Answers a try. */
  send: (message: WireMessage) => Promise<SendReceipt>;
  /** Called when a try begins to wait for its turn. */
  onWait?: () => void;
  /** How long ago a try of an earlier process left. */
  inDoubtMs?: number;
}

/** Delivers the message. Minutes pass between the tries, so the gateway is a function. */
async function deliverTo({ policy, send, onWait, inDoubtMs }: Parts): Promise<SendReceipt> {
  const { urgent } = new Turns();
  const result = await deliver({ send } as unknown as GatewayClient, policy, {
    message: MESSAGE,
    turns: { next: (signal) => (onWait?.(), urgent.next(signal)) },
    doubt: inDoubtMs === undefined ? undefined : { since: localMoment(), ageMs: inDoubtMs },
  });
  if (result.kind === 'sent') return result.receipt;
  throw result.kind === 'failed' ? result.error : new Error(result.why);
}

/** What goes out: a message in each try, which takes so many minutes and fails, but for the last one. */
async function sent(
  policy: RetryPolicy,
  tries: { waits?: number; takes?: number; fails?: 'unknown' | 'notSent' }[],
  inDoubtMs?: number,
): Promise<WireMessage[]> {
  const out: WireMessage[] = [];
  await deliverTo({
    policy,
    inDoubtMs,
    onWait: () => (passedMs += (tries[out.length]?.waits ?? 0) * MINUTE),
    send: async (message) => {
      const { takes = 0, fails } = tries[out.length] ?? {};
      out.push(message);
      passedMs += takes * MINUTE;
      if (fails) throw failed(fails);
      return RECEIPT;
    },
  });
  return out;
}

describe('the guard of a repeat', () => {
  it('reaches back to the first attempt that may have been sent, however many minutes ago', async () => {
    const out = await sent(GUARDED, [{ takes: 3.5, fails: 'unknown' }, { takes: 2, fails: 'notSent' }, {}]);
    expect(out.map(({ prevDups }) => prevDups)).toEqual([undefined, 5, 7]);
  });

  it('does not reach back to an attempt that was certainly not sent', async () => {
    const out = await sent(GUARDED, [{ takes: 10, fails: 'notSent' }, { takes: 0.5, fails: 'unknown' }, {}]);
    expect(out.map(({ prevDups }) => prevDups)).toEqual([undefined, undefined, 2]);
  });

  it('reaches back from the time of the repeat, not from when the repeat was queued', async () => {
    const out = await sent(GUARDED, [{ waits: 30, fails: 'unknown' }, { waits: 20 }]);
    expect(out.map(({ prevDups }) => prevDups)).toEqual([undefined, 22]);
  });

  it('reaches back to an attempt of an earlier process', async () => {
    const out = await sent(GUARDED, [{}], 10 * MINUTE + 1);
    expect(out.map(({ prevDups }) => prevDups)).toEqual([12]);
  });
});

describe('a repeat in doubt, when the clock', () => {
  const sentWith = async (between: () => void): Promise<{ out: WireMessage[]; error: unknown }> => {
    const out: WireMessage[] = [];
    const send = async (message: WireMessage): Promise<SendReceipt> => {
      out.push(message);
      between();
      if (out.length === 1) throw failed('unknown');
      return RECEIPT;
    };
    const error = await deliverTo({ policy: GUARDED, send }).catch((thrown: unknown) => thrown);
    return { out, error };
  };

  it.each([-10 * MINUTE, 10 * MINUTE, -5 * 60 * MINUTE])('is set by %d ms, is not made', async (byMs) => {
    const { out, error } = await sentWith(() => passTime(() => 0, byMs));
    expect(out).toHaveLength(1);
    expect(error).toMatchObject({ outcome: 'unknown', message: 'the connection broke' });
    expect(logs.matching('The message is not sent again: the clock was set')).toHaveLength(1);
  });

  it('continues while the machine is suspended, reaches back over that time too', async () => {
    const suspend = (): void => {
      passTime(() => 30 * MINUTE);
      // It stops meanwhile.
      jest.spyOn(performance, 'now').mockRestore();
    };
    const { out } = await sentWith(suspend);
    expect(out[1]?.prevDups).toBeGreaterThanOrEqual(31);
  });
});

describe('the deadline', () => {
  it('starts when the first attempt is sent, not when it is queued', async () => {
    const policy = { ...GUARDED, deadlineMs: MINUTE };
    expect(await sent(policy, [{ waits: 5, fails: 'notSent' }, {}])).toHaveLength(2);
    await expect(sent(policy, [{ takes: 2, fails: 'notSent' }, {}])).rejects.toMatchObject({ outcome: 'notSent' });
  });
});

describe('the wait before a repeat', () => {
  it('is random, so that requests that failed together are not repeated together', async () => {
    // Long beside the time for which a busy machine may hold up this process.
    const delayMs = 1_000;
    const waits = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const times: number[] = [];
        const send = async (): Promise<SendReceipt> => {
          times.push(performance.now());
          if (times.length === 1) throw failed('notSent');
          return RECEIPT;
        };
        await deliverTo({ policy: { ...GUARDED, delayMs }, send });
        return (times[1] ?? 0) - (times[0] ?? 0);
      }),
    );
    waits.sort((one, other) => one - other);
    expect(waits[10]).toBeLessThan(delayMs / 2);
    expect(waits[49]).toBeGreaterThan(delayMs / 2);
    expect(waits[0]).toBeLessThan(delayMs / 4);
  });
});
