import { describe, expect, it } from '@jest/globals';
import { SimulatorClock } from '../../lib/testing/simulator/simulator-clock.js';
import { SimulatorEngine } from '../../lib/testing/simulator/simulator-engine.js';
import type { SimulatorEngineOptions } from '../../lib/testing/simulator/simulator.options.js';
import { ask, get, hello, post, type SendJson } from '../support/simulator-client.js';

const MINUTE = 60_000;

function simulator(options: Partial<SimulatorEngineOptions> = {}) {
  const clock = SimulatorClock.stoppedAt(new Date('2026-01-31T12:00:00Z'));
  const engine = new SimulatorEngine({ clock, ...options });
  const send = (parameters: Record<string, string | number> = {}) =>
    ask<SendJson>(engine, post({ ...hello, ...parameters })).json;
  return { clock, engine, send, states: () => engine.messages.map(({ state }) => state) };
}

describe('the simulator: delay', () => {
  it('delays a message by that many minutes, then sends it', () => {
    const { clock, engine, send, states } = simulator();
    send({ delay: 2 });
    clock.advance(2 * MINUTE - 1);
    expect([states(), engine.delivered]).toEqual([['held'], []]);
    clock.advance(1);
    expect(states()).toEqual(['sent']);
    expect(engine.delivered[0]).toMatchObject({ endedAt: Date.parse('2026-01-31T12:02:00Z'), status: 'delivered' });
  });

  it('delivers messages to phones in the order of sending, not of acceptance', () => {
    const { clock, engine, send } = simulator();
    for (const delay of [3, 1, 0, 2, 1]) send({ delay, body: `after ${delay}`, dlr: 1 });
    clock.advance(10 * MINUTE);
    const bodies = ['after 0', 'after 1', 'after 1', 'after 2', 'after 3'];
    expect(engine.delivered.map(({ body }) => body)).toEqual(bodies);
    expect(engine.phone('966501234567').map(({ body }) => body)).toEqual(bodies);
    expect(engine.waitingReports('demo').map(({ statusDate }) => statusDate?.slice(14, 16))).toEqual([
      ...['00', '01', '01', '02', '03'],
    ]);
  });
});

describe('the simulator: validity', () => {
  it('sends a message that is due at the very end of its validity', () => {
    const { clock, send, states } = simulator();
    send({ delay: 2, validity: 2 });
    clock.advance(5 * MINUTE);
    expect(states()).toEqual(['sent']);
  });

  it('expires a message that is delayed longer than its validity', () => {
    const { clock, engine, send, states } = simulator();
    send({ delay: 3, validity: 2, dlr: 1 });
    clock.advance(2 * MINUTE - 1);
    expect(states()).toEqual(['held']);
    clock.advance(1);
    expect(states()).toEqual(['expired']);
    clock.advance(10 * MINUTE);
    expect(engine.delivered).toEqual([]);
    expect(ask(engine, get('/inbox/dlrs')).json).toMatchObject([
      { status: 'expired', statusDate: '2026-01-31T12:02:00' },
    ]);
  });

  it('expires a message that the route delays past its validity', () => {
    const { clock, send, states } = simulator({ routeDelayMs: MINUTE + 1 });
    send({ validity: 1 });
    send({ validity: 2 });
    send({ validity: 0 });
    clock.advance(2 * MINUTE);
    expect(states()).toEqual(['expired', 'sent', 'sent']);
  });
});

describe('the simulator: maxParts', () => {
  it('cancels a longer message instead of cutting it, without a charge', () => {
    const { engine, send } = simulator();
    const body = 'x'.repeat(161);
    expect(send({ body, maxParts: 1, dlr: 1 })).toMatchObject({ accepted: 1, rejected: 0, cost: 0 });
    expect(engine.messages).toMatchObject([{ state: 'cancelled', status: 'deleted', parts: 2 }]);
    expect(engine.delivered).toEqual([]);
    expect(engine.credits('demo')).toBe(1000);
    expect(engine.waitingReports('demo')).toMatchObject([{ status: 'deleted' }]);
  });

  it('sends a message of exactly maxParts parts, and any message with 0', () => {
    const { send, states } = simulator();
    send({ body: 'x'.repeat(161), maxParts: 2 });
    send({ body: 'x'.repeat(1000), maxParts: 0 });
    expect(states()).toEqual(['sent', 'sent']);
  });
});

describe('the simulator: prevDups', () => {
  it('suppresses a twin within prevDups minutes without a charge, and not afterwards', () => {
    const { clock, engine, send } = simulator();
    send();
    clock.advance(5 * MINUTE);
    expect(send({ prevDups: 5 })).toMatchObject({ accepted: 0, duplicates: 1, rejected: 0, cost: 0, acceptedMsgs: [] });
    expect(engine.phone('966501234567')).toHaveLength(1);
    expect(engine.credits('demo')).toBe(999);
    clock.advance(1);
    expect(send({ prevDups: 5 })).toMatchObject({ accepted: 1, duplicates: 0 });
  });

  it('suppresses nothing with 0', () => {
    const { send } = simulator();
    send();
    expect(send({ prevDups: 0 })).toMatchObject({ accepted: 1, duplicates: 0 });
  });

  it.each<Record<string, string>>([{ src: 'Other' }, { dests: '966501234568' }, { body: 'hello!' }])(
    'sees no twin in %j',
    (other) => {
      const { send } = simulator();
      send();
      expect(send({ ...other, prevDups: 60 })).toMatchObject({ accepted: 1, duplicates: 0 });
    },
  );

  it('sees no twin in the message of another account', () => {
    const two = { username: 'two', password: 'two' };
    const { send } = simulator({ accounts: [{ username: 'demo', password: 'demo' }, two] });
    send(two);
    expect(send({ prevDups: 60 })).toMatchObject({ accepted: 1 });
  });

  it('suppresses only recipients that received the first message', () => {
    const { send } = simulator();
    send();
    expect(send({ dests: '966501234567,966501234568', prevDups: 1 })).toMatchObject({
      ...{ total: 2, accepted: 1, duplicates: 1, cost: 1 },
      acceptedMsgs: [{ dest: '966501234568' }],
    });
  });

  it('counts from the time of sending, so a delayed message is not a twin yet', () => {
    const { clock, engine, send } = simulator();
    send({ delay: 10 });
    expect(send({ prevDups: 60 })).toMatchObject({ accepted: 1 });
    clock.advance(10 * MINUTE);
    expect(engine.phone('966501234567')).toHaveLength(2);
    clock.advance(5 * MINUTE);
    expect(send({ prevDups: 5 })).toMatchObject({ accepted: 0, duplicates: 1 });
  });

  it('sees no twin in an expired or a cancelled message', () => {
    const { clock, send, states } = simulator();
    send({ delay: 2, validity: 1 });
    send({ body: 'x'.repeat(161), maxParts: 1 });
    clock.advance(MINUTE);
    expect(states()).toEqual(['expired', 'cancelled']);
    expect(send({ prevDups: 60 })).toMatchObject({ accepted: 1 });
    expect(send({ body: 'x'.repeat(161), prevDups: 60 })).toMatchObject({ accepted: 1 });
  });

  it('sees a twin in a message that was sent and did not arrive', () => {
    const { send } = simulator({ statusOf: () => 'undelivered' });
    send();
    expect(send({ prevDups: 1 })).toMatchObject({ accepted: 0, duplicates: 1 });
  });
});

describe('the simulator: clock', () => {
  it('follows real time plus the advanced time', () => {
    const clock = new SimulatorClock();
    const before = Date.now();
    clock.advance(3_600_000);
    expect(clock.now() - before - 3_600_000).toBeGreaterThanOrEqual(0);
    expect(clock.now() - before - 3_600_000).toBeLessThan(5000);
  });

  it('never goes back', () => {
    let real = 1000;
    const clock = new SimulatorClock(() => real);
    expect(clock.now()).toBe(1000);
    real = 10;
    expect(clock.now()).toBe(1000);
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => SimulatorClock.stoppedAt(NaN)).toThrow(RangeError);
  });
});

describe('the simulator: records', () => {
  it('records every request with its parameters and its result', () => {
    const { engine } = simulator();
    engine.handle(post(hello));
    engine.handle(get('/billing/credits', 'username=demo&password=wrong&x'));
    engine.handle(get('/nowhere'));
    expect(engine.requests).toMatchObject([
      { method: 'POST', path: '/api-a/msgs', call: 'send', params: hello, status: 200, processed: true },
      { call: 'credits', params: { username: 'demo', password: 'wrong' }, status: 400, reason: expect.any(String) },
      { path: '/api-a/nowhere', call: undefined, status: 404 },
    ]);
    expect(engine.requests[0]?.at).toBe(Date.parse('2026-01-31T12:00:00Z'));
  });

  it('keeps only totals with record: false, and otherwise works the same', () => {
    const seen: number[] = [];
    const { engine, send } = simulator({ record: false, onRequest: ({ status }) => seen.push(status ?? 0) });
    send({ dlr: 1 });
    send({ prevDups: 1 });
    expect(ask(engine, get('/inbox/dlrs')).json).toHaveLength(1);
    expect([engine.requests, engine.messages, engine.delivered, engine.handedOut]).toEqual([[], [], [], []]);
    expect(engine.phone('966501234567')).toEqual([]);
    expect(engine.totals).toEqual({
      ...{ requests: 3, accepted: 1, rejected: 0, duplicates: 1, sent: 1, delivered: 1 },
      ...{ expired: 0, cancelled: 0, handedOut: 1, pushes: 0 },
    });
    expect(seen).toEqual([200, 200, 200]);
  });
});
