import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { Dlr, DlrFailure } from 'nestjs-oursms';
import { until } from '../support/application.js';
import { Gate, InboxBench } from '../support/inbox-bench.js';

const OFTEN = { poll: { everyMs: 20 }, retryDelayMs: 10 };

let inbox: InboxBench;
beforeEach(() => void (inbox = new InboxBench()));
afterEach(() => inbox.remove());

const emitter = (): EventEmitter2 => inbox.application.app.get(EventEmitter2);
const nothingLeft = ({ pages, waiting, handling }: Record<'pages' | 'waiting' | 'handling', number>): boolean =>
  pages + waiting + handling === 0;

const refuse = (): never => {
  throw new TypeError('it cannot be read');
};
/** Values that a listener may throw; reading some of them throws too. */
const ODD_VALUES: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  'a text': () => 'no',
  'a symbol': () => Symbol('no'),
  'a function': () => () => 'no',
  'an object without a prototype': () => Object.create(null) as unknown,
  'an error whose message throws when it is read': () => Object.defineProperty(new Error(), 'message', { get: refuse }),
  'an error whose name throws when it is read': () => Object.defineProperty(new Error(), 'name', { get: refuse }),
  'an error whose stack throws when it is read': () => Object.defineProperty(new Error(), 'stack', { get: refuse }),
  'an error that is no text': () => Object.assign(new Error('no'), { message: 7, toString: refuse }),
  'a proxy that lets nothing be read': () =>
    new Proxy(new Error('no'), { get: refuse, has: refuse, getPrototypeOf: refuse, ownKeys: refuse }),
};

describe('a listener that throws an odd value', () => {
  it.each(Object.entries(ODD_VALUES))(
    '%s: counts as failed, and the report is given up after maxAttempts',
    async (_, value) => {
      const failures: DlrFailure[] = [];
      await inbox.start(
        { dlr: { ...OFTEN, maxAttempts: 2 } },
        ({ msgId }) => {
          if (msgId === 'm1') throw value();
        },
        { 'oursms.dlr.failed': failures },
      );
      inbox.listenWith('oursms.dlr.failed', () => {
        throw value();
      });
      inbox.push(3);
      await until('the report was given up', () => failures.length === 1);
      await inbox.untilStats('nothing is left', nothingLeft);
      expect(failures).toMatchObject([{ attempts: 2, dlr: { msgId: 'm1' } }]);
      expect(inbox.handled.map(({ msgId }) => msgId)).toEqual(['m0', 'm2']);
      await inbox.stop();
    },
  );
});

describe('a listener that changes the report it receives', () => {
  it('affects neither the order of reports nor the report of the next attempt', async () => {
    const seen: Dlr[] = [];
    await inbox.start({ dlr: { ...OFTEN, concurrency: 1 } }, (dlr) => {
      seen.push(structuredClone(dlr));
      const isFirst = seen.length === 1;
      Object.assign(dlr.raw as object, { itself: dlr.raw });
      Object.assign(dlr, { id: 'other', msgId: 'other', raw: dlr, status: 'expired' });
      if (isFirst) throw new Error('not yet');
    });
    inbox.push(1);
    inbox.gateway.pushReport('demo', { msgId: 'm0', status: 'sent' });
    await until('both are handled', () => inbox.handled.length === 2);
    await inbox.untilStats('nothing is left', nothingLeft);
    expect(seen.map(({ msgId, status }) => [msgId, status])).toEqual([
      ['m0', 'delivered'],
      ['m0', 'sent'],
      ['m0', 'delivered'],
    ]);
    expect(seen[2]).toEqual(seen[0]);
  });
});

describe('several listeners', () => {
  it('have all settled before the report is redelivered', async () => {
    await inbox.start({ dlr: OFTEN });
    let [running, most, calls, failures] = [0, 0, 0, 3];
    inbox.listenWith('oursms.dlr', async () => {
      calls += 1;
      most = Math.max(most, ++running);
      await wait(150);
      running -= 1;
    });
    emitter().on('oursms.dlr', () => {
      if (failures-- > 0) throw new Error('at once');
    });
    inbox.push(1);
    await until('the report was handled', () => failures < 0);
    await inbox.untilStats('nothing is left', nothingLeft);
    expect({ most, calls }).toEqual({ most: 1, calls: 4 });
  });

  it('all receive the report, even when the first one throws synchronously', async () => {
    await inbox.startWithoutListener({ dlr: { ...OFTEN, maxAttempts: 1 } });
    const heard: string[] = [];
    emitter().on('oursms.dlr', () => {
      heard.push('first');
      throw new Error('at once');
    });
    emitter().on('oursms.dlr', () => void heard.push('second'));
    inbox.push(1);
    await inbox.untilStats('the report was given up', ({ failed }) => failed === 1);
    expect(heard).toEqual(['first', 'second']);
  });
});

describe('a listener that runs longer than its deadline', () => {
  it('does not receive the report again when it succeeds late', async () => {
    let calls = 0;
    const gate = new Gate();
    await inbox.start({ dlr: { ...OFTEN, listenerTimeoutMs: 500 } }, async () => {
      calls += 1;
      await gate.pass();
    });
    const tooLong = (): string[] => inbox.application.logs.matching('did not finish within 500 ms');
    inbox.push(1);
    await until('the deadline has passed', () => tooLong().length > 0);
    await inbox.untilStats('the next attempt waits for the first', ({ handling }) => handling === 1);
    gate.open();
    await inbox.untilStats('nothing is left', (stats) => inbox.handled.length > 0 && nothingLeft(stats));
    expect(calls).toBe(1);
    expect(tooLong()).toHaveLength(1);
  });

  it('receives the report again when it fails late, and never while it still runs', async () => {
    let [calls, running, most] = [0, 0, 0];
    await inbox.start({ dlr: { ...OFTEN, listenerTimeoutMs: 200 } }, async () => {
      calls += 1;
      most = Math.max(most, ++running);
      if (calls === 1) await wait(300);
      running -= 1;
      if (calls === 1) throw new Error('too late, and in vain');
    });
    inbox.push(1);
    await until('the report was handled', () => inbox.handled.length === 1);
    expect({ calls, most }).toEqual({ calls: 2, most: 1 });
  });
});

describe('a logger of all events', () => {
  it('by onAny does not count as a listener: nothing is downloaded', async () => {
    await inbox.startWithoutListener({ dlr: OFTEN });
    const logged: unknown[] = [];
    emitter().onAny((event) => void logged.push(event));
    inbox.push(3);
    await inbox.face.pollNow();
    expect(await inbox.face.pollNow()).toMatchObject({ result: 'skipped' });
    expect(inbox.gateway.totals.handedOut).toBe(0);

    const handled: unknown[] = [];
    emitter().on('oursms.dlr', (dlr) => void handled.push(dlr));
    await until('the reports were handled', () => handled.length === 3);
    expect(logged).toEqual(['oursms.dlr', 'oursms.dlr', 'oursms.dlr']);
  });

  it('by ** does not count as a listener, but one by oursms.* does', async () => {
    inbox.emitter = { wildcard: true };
    await inbox.startWithoutListener({ dlr: OFTEN });
    const logged: unknown[] = [];
    for (const pattern of ['**', '*.*']) emitter().on(pattern, (dlr) => void logged.push(dlr));
    inbox.push(2);
    await inbox.face.pollNow();
    expect(await inbox.face.pollNow()).toMatchObject({ result: 'skipped' });

    const handled: unknown[] = [];
    emitter().on('oursms.*', (dlr) => void handled.push(dlr));
    await until('the reports were handled', () => handled.length === 2);
    expect(logged).toHaveLength(4);
  });

  it('neither fails nor delays a report', async () => {
    await inbox.start({ dlr: OFTEN });
    const never = new Gate();
    emitter().onAny(() => {
      throw new Error('the log is full');
    });
    emitter().onAny((): unknown => never.pass());
    inbox.push(2);
    await until('the reports were handled', () => inbox.handled.length === 2);
    await inbox.untilStats('nothing is left', nothingLeft);
    expect(inbox.application.logs.matching('A listener for all events failed on oursms.dlr')).toHaveLength(2);
  });
});
