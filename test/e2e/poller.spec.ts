import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { OnDlr, OurSmsConfigError, OurSmsModule, type Dlr, type DlrFailure, type UnreadableDlrs } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import {
  DEMO,
  DlrListener,
  LogRecorder,
  rejection,
  startApplication,
  startBench,
  TestStorage,
  until,
  type TestBench,
} from '../support/application.js';

const POLL = { dlr: { poll: { everyMs: 20 }, retryDelayMs: 10 } };
const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'hello', dlr: true };

let bench: TestBench;
afterEach(() => bench?.close());

const listener = (): DlrListener => bench.app.get(DlrListener);
const downloads = (): number => bench.gateway.requests.filter(({ call }) => call === 'dlrs').length;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const push = (count: number): void => {
  for (let i = 0; i < count; i++) bench.gateway.pushReport('demo', { msgId: `m${i}`, status: 'delivered' });
};

describe('the poller', () => {
  it('publishes the report of a message as the event oursms.dlr', async () => {
    bench = await startBench(POLL, {}, [DlrListener]);
    const { acceptedMsgs } = await bench.sms.send(MESSAGE);
    await until('the report was handled', () => listener().handled.length > 0);
    expect(listener().handled).toMatchObject([
      { msgId: acceptedMsgs[0]?.msgId, status: 'delivered', dest: '966501234567', account: 'default' },
    ]);
  });

  it('is one named job of the scheduler for each account', async () => {
    const gateway = await GatewaySimulator.start();
    const storage = await TestStorage.make();
    const account = { baseUrl: gateway.url, auth: DEMO, storage, ...POLL };
    const application = await startApplication(
      [OurSmsModule.forRoot(account), OurSmsModule.forRoot({ ...account, name: 'bulk' })],
      [DlrListener],
    );
    const registry = application.app.get(SchedulerRegistry);
    await until('both polls are scheduled', () => registry.getTimeouts().length === 2);
    expect(registry.getTimeouts().sort()).toEqual(['oursms.dlr', 'oursms.dlr.bulk']);
    gateway.pushReport('demo', { msgId: 'm1' });
    const { handled } = application.app.get(DlrListener);
    await until('the report was handled', () => handled.length === 1);
    await application.close();
    expect(registry.getTimeouts()).toEqual([]);
    await gateway.stop();
    await storage.remove();
  });

  it('downloads nothing while there is no listener, and logs that once', async () => {
    bench = await startBench(POLL);
    push(1);
    await pause(150);
    expect(downloads()).toBe(0);
    expect(bench.logs.matching('no listener for')).toHaveLength(1);
    const handled: Dlr[] = [];
    bench.app.get(EventEmitter2).on('oursms.dlr', (dlr: Dlr) => void handled.push(dlr));
    await until('the report was handled', () => handled.length === 1);
  });

  it('downloads the next batch at once after a full one', async () => {
    bench = await startBench({ dlr: { poll: { everyMs: 60_000, count: 50 } } }, {}, [DlrListener]);
    await until('the first poll found nothing', () => downloads() === 1);
    await bench.close();
    bench = await startBench({ dlr: { poll: { everyMs: 60_000, count: 50 } } }, { deliverAfterMs: 0 }, [DlrListener]);
    push(220);
    await until('all reports were handled', () => listener().handled.length === 220);
    expect(listener().handled.map(({ msgId }) => msgId)).toEqual(Array.from({ length: 220 }, (_, i) => `m${i}`));
    await pause(100);
    expect(downloads()).toBeLessThanOrEqual(6);
    expect(bench.gateway.requests.at(-1)?.params.count).toBe('50');
  });

  it('never overlaps itself, however slow the gateway or the listener is', async () => {
    bench = await startBench(POLL, {}, [DlrListener]);
    let running = 0;
    let most = 0;
    listener().onReport = async () => {
      most = Math.max(most, ++running);
      await pause(60);
      running -= 1;
    };
    bench.gateway.faults.chance('latency', 1, { ms: 60 });
    for (let i = 0; i < 5; i++) {
      push(1);
      await pause(40);
    }
    await until('all reports were handled', () => listener().handled.length === 5);
    expect(most).toBe(1);
    expect(downloads()).toBeLessThan(10);
  });

  it('backs off while downloads fail, and recovers automatically', async () => {
    bench = await startBench(POLL, {}, [DlrListener]);
    bench.gateway.faults.next('serverError', { times: Infinity });
    await pause(700);
    const tries = downloads();
    expect(tries).toBeGreaterThan(1);
    expect(tries).toBeLessThan(8);
    bench.gateway.faults.clear();
    push(1);
    await until('the report was handled', () => listener().handled.length === 1);
  });

  it('waits for the time in Retry-After', async () => {
    bench = await startBench(POLL, {}, [DlrListener]);
    bench.gateway.faults.next('rateLimit', { retryAfter: 1, on: 'dlrs' });
    await until('the poll was rate limited', () => bench.gateway.faults.pending === 0);
    const before = downloads();
    await pause(700);
    expect(downloads()).toBe(before);
    await until('polling continued', () => downloads() > before);
  });

  it('waits at most an hour for a Retry-After of thirty years', async () => {
    bench = await startBench(POLL, {}, [DlrListener]);
    bench.gateway.faults.next('rateLimit', { retryAfter: 999_999_999, on: 'dlrs' });
    await until('the poll was rate limited', () => bench.logs.matching('next poll in').length === 1);
    expect(bench.logs.matching('next poll in 3600000 ms')).toHaveLength(1);
    const before = downloads();
    await pause(300);
    expect(downloads()).toBe(before);
  });

  it('waits for a cron date beyond the maximum delay of a timer', async () => {
    const date = new Date(Date.now() + 60 * 24 * 3_600_000);
    const cron = `0 0 ${date.getDate()} ${date.getMonth() + 1} *`;
    bench = await startBench({ dlr: { poll: { cron } } }, {}, [DlrListener]);
    await until('the first poll', () => downloads() === 1);
    await pause(300);
    expect(downloads()).toBe(1);
  });

  it('follows a cron expression', async () => {
    bench = await startBench({ dlr: { poll: { cron: '* * * * * *' } } }, {}, [DlrListener]);
    await until('the first poll', () => downloads() === 1);
    push(1);
    await until('the report was handled', () => listener().handled.length === 1, 3_000);
  });
});

describe('a listener that fails', () => {
  it('receives the report again until it succeeds, and other reports are not delayed', async () => {
    bench = await startBench(POLL, {}, [DlrListener]);
    let failures = 3;
    listener().onReport = ({ msgId }) => {
      if (msgId === 'm0' && failures-- > 0) throw new Error('database is away');
    };
    push(3);
    await until('all reports were handled', () => listener().handled.length === 3);
    expect(listener().handled.map(({ msgId }) => msgId)).toEqual(['m1', 'm2', 'm0']);
    expect(bench.logs.matching('attempt 3 of 10')).toHaveLength(1);
  });

  it('causes the event oursms.dlr.failed after maxAttempts', async () => {
    bench = await startBench({ dlr: { ...POLL.dlr, maxAttempts: 3 } }, {}, [DlrListener]);
    const failed: DlrFailure[] = [];
    bench.app.get(EventEmitter2).on('oursms.dlr.failed', (failure: DlrFailure) => void failed.push(failure));
    listener().onReport = () => Promise.reject(new Error('never'));
    push(1);
    await until('the report was given up', () => failed.length === 1);
    expect(failed[0]).toMatchObject({ attempts: 3, dlr: { msgId: 'm0' } });
    expect(listener().handled).toEqual([]);
  });

  it('fails silently with a bare @OnEvent, which is logged once when the application starts', async () => {
    @Injectable()
    class Careless {
      calls = 0;
      @OnEvent('oursms.dlr')
      handle(): void {
        this.calls += 1;
        throw new Error('lost');
      }
    }
    bench = await startBench(POLL, {}, [Careless]);
    push(1);
    await until('the listener was called', () => bench.app.get(Careless).calls > 0);
    await pause(100);
    expect(bench.app.get(Careless).calls).toBe(1);
    const logged = bench.logs.matching('Careless.handle listens');
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('Use @OnDlr() instead');
  });

  it('is warned about at bootstrap only if @OnEvent hides the errors of its method', async () => {
    class Base {
      @OnEvent('oursms.dlr')
      inherited(): void {}
    }
    @Injectable()
    class Listeners extends Base {
      @OnEvent('oursms.*')
      byPattern(): void {}
      @OnEvent(['oursms', 'dlr'])
      byParts(): void {}
      @OnEvent('oursms.dlr')
      @OnEvent('oursms.dlr.failed')
      ofTwo(): void {}
      @OnEvent('oursms.dlr', { suppressErrors: true })
      onPurpose(): void {}
      @OnEvent('oursms.dlr', { suppressErrors: false })
      heard(): void {}
      @OnDlr()
      handled(): void {}
      @OnEvent('oursms.dlr.gap')
      ofAnother(): void {}
      @OnEvent('**')
      logger(): void {}
      @OnEvent('order.placed')
      order(): void {}
    }
    bench = await startBench(POLL, {}, [Listeners]);
    await until('the warning was logged', () => bench.logs.matching('hides its errors').length > 0);
    const logged = bench.logs.matching('hides its errors').map((line) => line.split(' ')[0]);
    expect(logged.sort()).toEqual(
      ['byParts', 'byPattern', 'inherited', 'ofTwo'].map((method) => `Listeners.${method}`),
    );
  });

  it('is warned about once, however many accounts poll', async () => {
    @Injectable()
    class Careless {
      @OnEvent('oursms.dlr')
      handle(): void {}
    }
    const gateway = await GatewaySimulator.start();
    const storage = await TestStorage.make();
    const account = { baseUrl: gateway.url, auth: DEMO, storage, ...POLL };
    const application = await startApplication(
      [OurSmsModule.forRoot(account), OurSmsModule.forRoot({ ...account, name: 'bulk' })],
      [Careless],
    );
    await until('the warning was logged', () => application.logs.matching('Careless.handle').length > 0);
    await pause(50);
    expect(application.logs.matching('Careless.handle')).toHaveLength(1);
    await application.close();
    await gateway.stop();
    await storage.remove();
  });
});

describe('a page that cannot be read', () => {
  it('is emitted unchanged as oursms.dlr.unreadable', async () => {
    bench = await startBench(POLL, {}, [DlrListener]);
    const unreadable: UnreadableDlrs[] = [];
    bench.app.get(EventEmitter2).on('oursms.dlr.unreadable', (page: UnreadableDlrs) => void unreadable.push(page));
    bench.gateway.faults.next('garbage', { body: '{"odd":1}', on: 'dlrs' });
    await until('the unreadable answer was emitted', () => unreadable.length === 1);
    expect(unreadable[0]).toMatchObject({
      account: 'default',
      raw: '{"odd":1}',
      why: expect.stringContaining('no list'),
    });
    expect(bench.logs.matching(/cannot be read.*is gone/)).toHaveLength(0);
  });
});

describe('an answer that broke off', () => {
  it.each([
    ['half of the answer', { kind: 'halfClosed' as const, bytes: 30 }],
    ['the part before the timeout', { kind: 'slowBody' as const, bytes: 10, everyMs: 40 }],
  ])('is emitted as oursms.dlr.unreadable with the received part: %s', async (_what, { kind, ...parameters }) => {
    bench = await startBench({ ...POLL, http: { timeoutMs: 300 } }, {}, [DlrListener]);
    const unreadable: UnreadableDlrs[] = [];
    bench.app.get(EventEmitter2).on('oursms.dlr.unreadable', (page: UnreadableDlrs) => void unreadable.push(page));
    bench.gateway.faults.next(kind, { ...parameters, on: 'dlrs' });
    push(5);
    await until('the unreadable answer was emitted', () => unreadable.length === 1);
    expect(unreadable[0]).toMatchObject({ account: 'default', raw: expect.stringMatching(/^\[\{"msgId":"m0"/) });
  });
});

describe('shutdown', () => {
  it('waits until the running download is stored, and leaves no timer and no socket', async () => {
    const storage = await TestStorage.make();
    bench = await startBench({ ...POLL, storage }, {}, [DlrListener]);
    push(3);
    bench.gateway.faults.next('latency', { ms: 200, on: 'dlrs' });
    await until('the download is running', () => bench.gateway.faults.pending === 0 && downloads() > 0);
    const registry = bench.app.get(SchedulerRegistry);
    await bench.app.close();
    expect(bench.gateway.handedOut).toHaveLength(3);
    expect(registry.getTimeouts()).toEqual([]);
    await until('the sockets were closed', () => bench.gateway.openSockets === 0, 2_000);
    const requests = bench.gateway.requests.length;
    await pause(100);
    expect(bench.gateway.requests).toHaveLength(requests);

    await bench.close();
    bench = await startBench({ ...POLL, storage }, {}, [DlrListener]);
    await until('the reports were handled after the next start', () => listener().handled.length === 3);
    await bench.close();
    await storage.remove();
  });

  it('is warned about once when no signal handler is registered', async () => {
    process.removeAllListeners('SIGTERM').removeAllListeners('SIGINT');
    bench = await startBench(POLL, {}, [DlrListener]);
    await until('some polls', () => downloads() > 4);
    expect(bench.logs.matching('call app.enableShutdownHooks()')).toHaveLength(1);
  });

  it('is not warned about when enableShutdownHooks was called', async () => {
    const gateway = await GatewaySimulator.start();
    const module = await Test.createTestingModule({
      imports: [
        ScheduleModule.forRoot(),
        EventEmitterModule.forRoot(),
        OurSmsModule.forRoot({ baseUrl: gateway.url, auth: DEMO, storage: 'memory', ...POLL }),
      ],
      providers: [DlrListener],
    })
      .setLogger(new LogRecorder())
      .compile();
    module.enableShutdownHooks();
    expect(process.listenerCount('SIGTERM')).toBeGreaterThan(0);
    await module.init();
    await until('some polls', () => gateway.requests.length > 4);
    await module.close();
    await gateway.stop();
  });
});

describe('a poller that cannot work is reported in one sentence:', () => {
  const account = OurSmsModule.forRoot({ auth: DEMO, storage: 'memory', ...POLL });

  it.each([
    ['ScheduleModule', [EventEmitterModule.forRoot()]],
    ['EventEmitterModule', [ScheduleModule.forRoot()]],
  ])('a missing %s', async (missing, imports) => {
    const module = await Test.createTestingModule({ imports: [...imports, account] })
      .setLogger(new LogRecorder())
      .compile();
    const error = await rejection(module.init(), OurSmsConfigError);
    expect(error.message).toContain(`dlr.poll needs ${missing}.forRoot()`);
  });
});
