import { describe, expect, it } from '@jest/globals';
import { SimulatorClock } from '../../lib/testing/simulator/simulator-clock.js';
import { SimulatorEngine } from '../../lib/testing/simulator/simulator-engine.js';
import type { SimulatorReport } from '../../lib/testing/simulator/simulator.records.js';
import { ask, demo, get, hello, post, type SendJson } from '../support/simulator-client.js';

const download = (engine: SimulatorEngine, count?: number | string) =>
  ask<SimulatorReport[]>(engine, get('/inbox/dlrs', count === undefined ? demo : { ...demo, count }));
const stopped = () => SimulatorClock.stoppedAt(new Date('2026-01-31T12:00:00Z'));

describe('the simulator: 2. Download Dlrs', () => {
  it('reports a message that asked for a report', () => {
    const engine = new SimulatorEngine({ clock: stopped() });
    const { jobId, acceptedMsgs } = ask<SendJson>(engine, post({ ...hello, dlr: 1 })).json;
    expect(download(engine)).toEqual({
      status: 200,
      json: [
        {
          ...{ msgId: acceptedMsgs[0]?.msgId, jobId, status: 'delivered', src: 'MyBrand', dest: '966501234567' },
          ...{ msgDate: '2026-01-31T12:00:00', statusDate: '2026-01-31T12:00:00' },
        },
      ],
    });
  });

  it('reports nothing for a message that asked for none', () => {
    const engine = new SimulatorEngine();
    engine.handle(post(hello));
    engine.handle(post({ ...hello, dlr: 0 }));
    expect(download(engine).json).toEqual([]);
  });

  it('deletes the reports that it delivers, oldest first, and records them', () => {
    const engine = new SimulatorEngine();
    for (let i = 1; i <= 5; i++) engine.pushReport('demo', { msgId: `${i}` });
    const ids = (count: number) => download(engine, count).json.map(({ msgId }) => msgId);
    expect(ids(2)).toEqual(['1', '2']);
    expect(engine.waitingReports('demo')).toEqual([{ msgId: '3' }, { msgId: '4' }, { msgId: '5' }]);
    expect(ids(500)).toEqual(['3', '4', '5']);
    expect(ids(500)).toEqual([]);
    expect(engine.handedOut.map(({ msgId }) => msgId)).toEqual(['1', '2', '3', '4', '5']);
    expect(engine.totals.handedOut).toBe(5);
  });

  it('delivers 100 at most when no count is given, and 500 at most with one', () => {
    const engine = new SimulatorEngine();
    for (let i = 0; i < 1300; i++) engine.pushReport('demo', { n: i });
    expect(download(engine).json).toHaveLength(100);
    expect(download(engine, 500).json).toHaveLength(500);
    expect(download(engine, 1).json).toEqual([{ n: 600 }]);
    expect(download(engine, 499).json).toHaveLength(499);
    expect(engine.waitingReports('demo')).toHaveLength(200);
  });

  it.each(['0', '501', '-1', '', '1.5', 'all', '010'])('refuses a count of "%s" and deletes nothing', (count) => {
    const engine = new SimulatorEngine();
    engine.pushReport('demo', { msgId: '1' });
    expect(download(engine, count)).toMatchObject({
      status: 400,
      json: { message: expect.stringMatching('^count: ') },
    });
    expect(engine.waitingReports('demo')).toHaveLength(1);
  });

  it('keeps the inboxes of two accounts apart', () => {
    const engine = new SimulatorEngine({ accounts: [demo, { username: 'two', password: 'two' }] });
    engine.handle(post({ ...hello, username: 'two', password: 'two', dlr: 1 }));
    expect(download(engine).json).toEqual([]);
    expect(engine.waitingReports('two')).toHaveLength(1);
  });

  it('creates no reports with reports: false', () => {
    const engine = new SimulatorEngine({ reports: false });
    engine.handle(post({ ...hello, dlr: 1 }));
    engine.pushReport('demo', { msgId: 'pushed' });
    expect(engine.delivered).toHaveLength(1);
    expect(download(engine).json).toEqual([{ msgId: 'pushed' }]);
  });

  it('puts a report into the inbox deliverAfterMs after the message was sent', () => {
    const clock = stopped();
    const engine = new SimulatorEngine({ clock, deliverAfterMs: 2000 });
    engine.handle(post({ ...hello, dlr: 1, delay: 1 }));
    clock.advance(61_999);
    expect(engine.delivered).toHaveLength(1);
    expect(download(engine).json).toEqual([]);
    clock.advance(1);
    expect(download(engine).json).toMatchObject([
      { msgDate: '2026-01-31T12:00:00', statusDate: '2026-01-31T12:01:02', status: 'delivered' },
    ]);
  });

  it('reports each recipient of a request at its own time when deliverAfterMs is a function', () => {
    const clock = stopped();
    const deliverAfterMs = (dest: string, index: number): number => (dest.endsWith('9') ? 5_000 : index * 1_000);
    const engine = new SimulatorEngine({ clock, deliverAfterMs });
    engine.handle(post({ ...hello, dlr: 1, dests: '966500000000,966500000009,966500000002' }));
    const waiting = (): (string | undefined)[] => engine.waitingReports('demo').map(({ dest }) => dest?.slice(-1));
    expect(waiting()).toEqual(['0']);
    clock.advance(2_000);
    expect(waiting()).toEqual(['0', '2']);
    clock.advance(3_000);
    expect(waiting()).toEqual(['0', '2', '9']);
  });

  it('throws when the result of deliverAfterMs is not a number', () => {
    const engine = new SimulatorEngine({ deliverAfterMs: () => NaN });
    expect(() => engine.handle(post({ ...hello, dlr: 1 }))).toThrow('the result of deliverAfterMs must be a number');
  });

  it('gives the status of statusOf, and delivers failed messages to no phone', () => {
    const statuses = ['delivered', 'undelivered', 'failed', 'sent'] as const;
    const engine = new SimulatorEngine({ statusOf: (dest, body) => statuses[Number(dest.at(-1)) + body.length - 5]! });
    engine.handle(post({ ...hello, dlr: 1, dests: '966500000000,966500000001,966500000002,966500000003' }));
    expect(engine.waitingReports('demo').map(({ status }) => status)).toEqual(statuses);
    expect(engine.delivered.map(({ dest }) => dest)).toEqual(['966500000000', '966500000003']);
    expect(engine.totals).toMatchObject({ sent: 4, delivered: 2 });
  });

  it.each(['dlrs', 'statuses', 'items', 'results', 'data'] as const)('can put the reports under %s', (envelope) => {
    const engine = new SimulatorEngine({ envelope });
    engine.pushReport('demo', { msgId: '1' });
    expect(download(engine).json).toEqual({ [envelope]: [{ msgId: '1' }] });
    expect(download(engine).json).toEqual({ [envelope]: [] });
  });
});
