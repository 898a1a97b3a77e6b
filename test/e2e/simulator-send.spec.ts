import { describe, expect, it } from '@jest/globals';
import { SimulatorEngine } from '../../lib/testing/simulator/simulator-engine.js';
import { ask, demo, get, hello, post, type SendJson } from '../support/simulator-client.js';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `9665${10_000_000 + i}`);
const send = (parameters: Record<string, string | number>, engine = new SimulatorEngine()) =>
  ask<SendJson>(engine, post({ ...hello, ...parameters }));

describe('the simulator: 1. Send Message', () => {
  it('takes a message by POST, charges it and delivers it to the phone', () => {
    const engine = new SimulatorEngine();
    const { status, json } = ask(engine, post(hello));
    expect(status).toBe(200);
    expect(json).toEqual({
      ...{ jobId: expect.any(String), total: 1, accepted: 1, rejected: 0, duplicates: 0, cost: 1, rejectedMsgs: [] },
      acceptedMsgs: [{ msgId: expect.any(String), dest: '966501234567' }],
    });
    expect(engine.credits('demo')).toBe(999);
    expect(engine.phone('966501234567')).toMatchObject([{ src: 'MyBrand', body: 'hello', status: 'delivered' }]);
    expect(engine.phone('966501234568')).toEqual([]);
  });

  it('takes a message by GET', () => {
    const engine = new SimulatorEngine();
    expect(ask(engine, get('/msgs', hello)).json).toMatchObject({ accepted: 1 });
    expect(engine.phone('966501234567')).toHaveLength(1);
  });

  it('takes every parameter of the table at once, in both forms', () => {
    const all = {
      ...{ ...hello, priority: 1, delay: 0, validity: 0, maxParts: 0, dlr: 0, prevDups: 0, msgClass: 'promotional' },
    };
    const engine = new SimulatorEngine();
    expect(ask(engine, post(all)).status).toBe(200);
    expect(ask(engine, get('/msgs', all)).status).toBe(200);
    expect(engine.messages[0]).toMatchObject({ priority: 1, msgClass: 'promotional', dlr: false, parts: 1 });
  });

  it('answers with the same field names as a known answer', () => {
    const { json } = send({});
    expect(Object.keys(json as object)).toEqual([
      ...['jobId', 'total', 'accepted', 'rejected', 'duplicates', 'cost', 'acceptedMsgs', 'rejectedMsgs'],
    ]);
  });

  it.each(['src', 'dests', 'body'])('refuses a message with a missing or empty %s', (name) => {
    const rest = Object.fromEntries(Object.entries(hello).filter(([other]) => other !== name));
    const engine = new SimulatorEngine();
    for (const asked of [post(rest), post({ ...hello, [name]: '' }), get('/msgs', rest)]) {
      const { status, json } = ask(engine, asked);
      expect(status).toBe(400);
      expect(json).toEqual({ errorCode: expect.any(Number), message: expect.stringMatching(`^${name}: `) });
    }
    expect(engine.messages).toEqual([]);
  });

  it.each([
    ['priority', 0, 4],
    ['delay', 0, 2147483647],
    ['validity', 0, 2147483647],
    ['maxParts', 0, 2147483647],
    ['dlr', 0, 1],
    ['prevDups', 0, 2147483647],
  ])('takes %s from %i to %i and refuses values outside this range', (name, min, max) => {
    expect(send({ [name]: min }).status).toBe(200);
    expect(send({ [name]: max }).status).toBe(200);
    for (const value of [min - 1, max + 1, '', '1.0', ' 1', '01', '+1', '1e0', 'true', '١']) {
      expect(send({ [name]: value })).toMatchObject({
        status: 400,
        json: { message: expect.stringMatching(`^${name}: `) },
      });
    }
  });

  it('takes the two message classes and an empty one, and no other', () => {
    for (const msgClass of ['transactional', 'promotional', '']) expect(send({ msgClass }).status).toBe(200);
    for (const msgClass of ['Promotional', 'otp', ' ']) {
      expect(send({ msgClass })).toMatchObject({
        status: 400,
        json: { message: expect.stringMatching('^msgClass: ') },
      });
    }
  });

  it('takes 1 to 500 destinations and refuses 501', () => {
    const engine = new SimulatorEngine();
    expect(send({ dests: numbers(500).join() }, engine).json).toMatchObject({ total: 500, accepted: 500, cost: 500 });
    expect(engine.delivered).toHaveLength(500);
    expect(send({ dests: numbers(501).join() }, engine)).toMatchObject({
      status: 400,
      json: { message: 'dests: more than 500 destinations' },
    });
    expect(engine.delivered).toHaveLength(500);
  });

  it.each(['12345678', '966501234567', '971501234567', '123456789012345', '441632960961'])(
    'takes the number %s',
    (dest) => expect(send({ dests: dest }).status).toBe(200),
  );

  it.each([
    ...['+966501234567', '00966501234567', '0501234567', '9665012345678', '96650123456', '1234567', '1234567890123456'],
    ...[
      '',
      ',',
      '966501234567,',
      ',966501234567',
      '966501234567, 966501234568',
      '966501234567;966501234568',
      '٩٦٦٥٠١٢٣٤٥٦٧',
    ],
  ])('refuses the destinations "%s" without repeating them', (dests) => {
    const { status, json } = send({ dests });
    expect(status).toBe(400);
    expect(json.message).toMatch(/^dests: /);
    expect(json.message).not.toMatch(/\d{4}/);
  });

  it('counts a destination that is repeated in a request as a duplicate, and sends it once', () => {
    const engine = new SimulatorEngine();
    const dests = '966501234567,966501234568,966501234567,966501234567';
    expect(send({ dests }, engine).json).toMatchObject({ total: 4, accepted: 2, duplicates: 2, rejected: 0, cost: 2 });
    expect(engine.phone('966501234567')).toHaveLength(1);
  });

  it('charges every part to every recipient, at the price of the account', () => {
    const engine = new SimulatorEngine({ price: 0.1 });
    const body = 'م'.repeat(71);
    expect(send({ body, dests: numbers(3).join() }, engine).json).toMatchObject({ accepted: 3, cost: 0.6 });
    expect(engine.credits('demo')).toBe(999.4);
  });

  it('refuses the whole request when the balance does not cover it', () => {
    const engine = new SimulatorEngine();
    engine.setCredits('demo', 2);
    expect(send({ dests: numbers(3).join() }, engine)).toMatchObject({ status: 402, json: { errorCode: 1008 } });
    expect(engine.messages).toEqual([]);
    expect(engine.credits('demo')).toBe(2);
    expect(send({ dests: numbers(2).join() }, engine).status).toBe(200);
    expect(engine.credits('demo')).toBe(0);
  });

  it('refuses a sender name that the account may not use', () => {
    const engine = new SimulatorEngine({ accounts: [{ ...demo, senders: ['MyBrand'] }] });
    expect(send({}, engine).status).toBe(200);
    expect(send({ src: 'Other' }, engine)).toMatchObject({ status: 400, json: { errorCode: 6307 } });
  });

  it.each([[['97150']], [(dest: string) => dest.startsWith('97150')]])(
    'rejects recipients without a route one by one, by prefix or by function',
    (unroutable) => {
      const engine = new SimulatorEngine({ unroutable });
      const { json } = send({ dests: '966501234567,971501234567' }, engine);
      expect(json).toMatchObject({
        ...{ total: 2, accepted: 1, rejected: 1, cost: 1 },
        rejectedMsgs: [{ dest: '971501234567', errorCode: 6208, message: expect.any(String) }],
      });
      expect(send({ dests: '971501234567' }, engine)).toMatchObject({
        status: 200,
        json: { accepted: 0, rejected: 1 },
      });
      expect(engine.totals).toMatchObject({ accepted: 1, rejected: 2, sent: 1 });
    },
  );

  it('answers with counts that account for every destination', () => {
    const engine = new SimulatorEngine({ unroutable: ['971'] });
    send({}, engine);
    const dests = '966501234567,971501234567,971501234567,966501234568';
    const { json } = send({ dests, prevDups: 1 }, engine);
    expect(json).toMatchObject({ total: 4, accepted: 1, rejected: 1, duplicates: 2 });
  });

  it('never gives an identifier twice, even after a restart', () => {
    const ids = [new SimulatorEngine(), new SimulatorEngine()].flatMap((engine) =>
      [1, 2].map(() => send({}, engine).json.acceptedMsgs[0]?.msgId),
    );
    expect(new Set(ids).size).toBe(4);
  });
});
