import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { GatewaySimulator, type GatewaySimulatorOptions } from '../../lib/testing/simulator/gateway-simulator.js';
import { demo, encode, get, hello, overWire, post, type SendJson } from '../support/simulator-client.js';

const started: GatewaySimulator[] = [];
const start = async (options?: GatewaySimulatorOptions): Promise<GatewaySimulator> => {
  const gateway = await GatewaySimulator.start(options);
  started.push(gateway);
  return gateway;
};
afterEach(async () => {
  await Promise.all(started.splice(0).map((gateway) => gateway.stop()));
});

describe('the simulator: its server', () => {
  it('serves the three calls over a socket to an ordinary client', async () => {
    const gateway = await start();
    expect(gateway.url).toBe(`http://127.0.0.1:${gateway.port}/api-a`);
    const sent = await fetch(`${gateway.url}/msgs`, {
      method: 'POST',
      body: new URLSearchParams({ ...hello, dlr: '1' }),
    });
    expect(await sent.json()).toMatchObject({ accepted: 1 });
    const reports = await fetch(`${gateway.url}/inbox/dlrs?${encode({ ...demo, count: 5 })}`);
    expect(await reports.json()).toMatchObject([{ dest: '966501234567', status: 'delivered' }]);
    const credits = await fetch(`${gateway.url}/billing/credits?${encode(demo)}`);
    expect(credits.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await credits.json()).toEqual({ credits: 999 });
    expect(gateway.requests.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(gateway.totals).toMatchObject({ requests: 3, sent: 1, handedOut: 1 });
  });

  it('refuses raw UTF-8 in a form, where the bytes must be percent-encoded', async () => {
    const gateway = await start();
    const { status, body } = await overWire(
      gateway.url,
      post(`${encode({ ...demo, src: 'A', dests: '966501234567' })}&body=مرحبا`),
    );
    expect([status, body.toString()]).toEqual([400, expect.stringMatching(/body: holds a character/)]);
  });

  it('keeps connections alive and counts the open ones', async () => {
    const gateway = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 3; i++) await overWire(gateway.url, post(hello), { agent });
    expect(gateway.openSockets).toBe(1);
    agent.destroy();
    while (gateway.openSockets > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('answers many requests at once, each with its own', async () => {
    const gateway = await start();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => overWire(gateway.url, post({ ...hello, dests: `9665${10_000_000 + i}` }))),
    );
    const dests = answers.map(({ body }) => (JSON.parse(body.toString()) as SendJson).acceptedMsgs[0]?.dest);
    expect(dests).toEqual(Array.from({ length: 100 }, (_, i) => `9665${10_000_000 + i}`));
    expect(gateway.credits('demo')).toBe(900);
  });

  it('ignores a request that breaks off midway, and continues', async () => {
    const gateway = await start();
    const socket = connect(gateway.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST /api-a/msgs HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nusername=demo');
    while (gateway.openSockets === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.resetAndDestroy();
    while (gateway.openSockets > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(gateway.requests).toEqual([]);
    expect((await overWire(gateway.url, post(hello))).status).toBe(200);
  });

  it('cuts off a body past 4 MiB', async () => {
    const gateway = await start();
    const { status } = await overWire(gateway.url, post({ ...hello, body: 'x'.repeat(5 * 1024 * 1024) }));
    expect(status).toBeUndefined();
    expect(gateway.messages).toEqual([]);
  });

  it('answers with the error that a callback of the options threw', async () => {
    const statusOf = (): never => {
      throw new Error('my mistake');
    };
    const gateway = await start({ statusOf });
    const { status, body } = await overWire(gateway.url, post(hello));
    expect([status, body.toString()]).toEqual([500, expect.stringMatching('my mistake')]);
  });

  it('listens on the given port, and rejects when the port is in use', async () => {
    const first = await start();
    await expect(GatewaySimulator.start({ port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.stop();
    expect((await start({ port: first.port })).port).toBe(first.port);
  });

  it('can be stopped repeatedly with open, hanging and slow connections, and keeps its records', async () => {
    const gateway = await start();
    gateway.faults.next('hang');
    gateway.faults.next('slowBody', { everyMs: 60_000 });
    const answers = [1, 2].map(() => overWire(gateway.url, post(hello)));
    while (gateway.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    gateway.faults.next('latency', { ms: 60_000 });
    answers.push(overWire(gateway.url, post(hello)));
    while (gateway.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.all([gateway.stop(), gateway.stop()]);
    await gateway.stop();
    for (const { fault } of await Promise.all(answers)) expect(fault).toBe('ECONNRESET');
    expect(gateway.openSockets).toBe(0);
    expect(gateway.delivered).toHaveLength(3);
    expect((await overWire(gateway.url, post(hello))).fault).toBe('ECONNREFUSED');
    await expect(gateway.acceptConnections()).rejects.toThrow('stopped');
  });
});

describe('the simulator: refused connections', () => {
  it('closes its port, and opens the same port again with its state kept', async () => {
    const gateway = await start();
    const agent = new Agent({ keepAlive: true });
    await overWire(gateway.url, post(hello), { agent });
    const { url } = gateway;
    await gateway.refuseConnections();
    await gateway.refuseConnections();
    expect(gateway.openSockets).toBe(0);
    expect((await overWire(url, post(hello))).fault).toBe('ECONNREFUSED');
    await gateway.acceptConnections();
    await gateway.acceptConnections();
    expect(gateway.url).toBe(url);
    expect((await overWire(url, get('/billing/credits'))).body.toString()).toBe('{"credits":999}');
    agent.destroy();
  });

  it('opens its port again automatically after forMs', async () => {
    const gateway = await start();
    await gateway.refuseConnections({ forMs: 100 });
    expect((await overWire(gateway.url, post(hello))).fault).toBe('ECONNREFUSED');
    let answer = await overWire(gateway.url, post(hello));
    while (answer.fault !== undefined) answer = await overWire(gateway.url, post(hello));
    expect(answer.status).toBe(200);
  });

  it('keeps its port closed when it is stopped before forMs has passed', async () => {
    const gateway = await start();
    await gateway.refuseConnections({ forMs: 50 });
    await gateway.stop();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await overWire(gateway.url, post(hello))).fault).toBe('ECONNREFUSED');
  });
});
