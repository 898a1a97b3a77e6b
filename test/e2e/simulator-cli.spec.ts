import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { runGatewayCli } from '../../lib/testing/simulator/gateway-cli.js';
import { demo, get, getJson, hello, helloJson, overWire, post, postJson } from '../support/simulator-client.js';
import { startReceiver } from '../support/webhook-receiver.js';

/** The command run in this process: its lines, its exit code once it ends, and a function that stops it. */
function command(...argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const stop = new AbortController();
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line), stop: stop.signal };
  return { out, err, stop: () => stop.abort(), code: runGatewayCli(argv, io) };
}

async function running(...argv: string[]) {
  const gateway = command('--port', '0', ...argv);
  while (gateway.out.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const url = /http:\/\/127\.0\.0\.1:\d+\/api-a/.exec(gateway.out[0] ?? '')?.[0] ?? '';
  return { ...gateway, url };
}

describe('the command nestjs-oursms-gateway', () => {
  it('prints its address and the options for the module, serves, and stops', async () => {
    const { url, out, err, stop, code } = await running();
    expect(out[0]).toMatch(`baseUrl: '${url}'`);
    expect(out[0]).toMatch(`auth: { username: 'demo', password: 'demo' }`);
    expect((await overWire(url, post(hello))).status).toBe(200);
    stop();
    expect(await code).toBe(0);
    expect(err).toEqual([]);
    expect((await overWire(url, post(hello))).fault).toBe('ECONNREFUSED');
  });

  it('prints three kinds of credentials, and each of them works', async () => {
    const { url, out, stop, code } = await running();
    const jsonUrl = url.replace('/api-a', '');
    for (const way of [
      `baseUrl: '${jsonUrl}', auth: { apiKey: 'demo-key' }`,
      `baseUrl: '${url}', auth: { username: 'demo', token: 'demo-token' }`,
      `baseUrl: '${url}', auth: { username: 'demo', password: 'demo' }`,
    ])
      expect(out[0]).toMatch(way);
    for (const asked of [
      getJson('/billing/credits'),
      get('/billing/credits', { username: 'demo', token: 'demo-token' }),
      get('/billing/credits'),
    ])
      expect((await overWire(url, asked)).body.toString()).toBe('{"credits":1000}');
    stop();
    await code;
  });

  it('takes a token and an API key from the flags, and shows neither', async () => {
    const { url, out, stop, code } = await running('--token', 'hunter23', '--api-key', 'hunter24');
    expect((await overWire(url, getJson('/users/me', '', 'Bearer hunter24'))).status).toBe(200);
    expect((await overWire(url, get('/billing/credits', { token: 'hunter23' }))).status).toBe(200);
    expect((await overWire(url, getJson('/users/me'))).status).toBe(401);
    expect(out[0]).toMatch('apiKey: /* what --api-key says */');
    expect(out[0]).toMatch('token: /* what --token says */');
    stop();
    await code;
    expect(out.join('\n')).not.toMatch('hunter2');
  });

  it('answers without message ids with --no-ids', async () => {
    const { url, stop, code } = await running('--no-ids');
    expect((await overWire(url, postJson(helloJson))).body.toString()).not.toMatch('acceptedMsgs');
    stop();
    await code;
  });

  it('pushes reports to a webhook, and logs that without its path and the reports', async () => {
    const webhook = await startReceiver();
    const { url, out, stop, code } = await running('--deliver-after-ms', '0', '--webhook', webhook.url);
    await overWire(url, postJson({ ...helloJson, dlr: true }));
    while (webhook.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await overWire(url, get('/inbox/dlrs'))).body.toString()).toBe('[]');
    stop();
    await code;
    await webhook.close();
    expect(webhook.rows()).toMatchObject([{ status: 'delivered', dest: '966501234567' }]);
    expect(out[0]).toMatch(`Reports are pushed to ${new URL(webhook.url).origin}.`);
    expect(out.some((line) => /^\d\d:\d\d:\d\d PUSH 1 report\(s\) 200$/.test(line))).toBe(true);
    expect(out.join('\n')).not.toMatch(/a-secret|966501234567/);
  });

  it('takes its account and its balance from the flags', async () => {
    const { url, out, stop, code } = await running('--username', "o'hara", '--password', 'hunter22', '--credits', '7');
    const account = { username: "o'hara", password: 'hunter22' };
    expect((await overWire(url, get('/billing/credits', account))).body.toString()).toBe('{"credits":7}');
    expect((await overWire(url, get('/billing/credits', demo))).status).toBe(401);
    expect(out[0]).toMatch(String.raw`username: 'o\'hara'`);
    expect(out.join('\n')).not.toMatch('hunter22');
    stop();
    await code;
  });

  it('delivers the report after --deliver-after-ms', async () => {
    const { url, stop, code } = await running('--deliver-after-ms', '0');
    await overWire(url, post({ ...hello, dlr: 1 }));
    expect((await overWire(url, get('/inbox/dlrs'))).body.toString()).toMatch('delivered');
    stop();
    await code;
  });

  it('logs one line a request, without credentials, text or numbers', async () => {
    const { url, out, stop, code } = await running();
    const secret = { username: 'somebody', password: 'hunter22' };
    await overWire(url, post({ ...hello, dests: '966501234567,966501234568' }));
    await overWire(url, post({ ...hello, ...secret }));
    await overWire(url, get('/inbox/dlrs', { ...demo, count: 501 }));
    await overWire(url, get('/hunter22'));
    stop();
    await code;
    const lines = out.slice(1, -1);
    expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''))).toEqual([
      'POST /api-a/msgs 200 2 recipient(s)',
      'POST /api-a/msgs 401 1 recipient(s): username, password or token missing or wrong',
      'GET /api-a/inbox/dlrs 400: count: must be a whole number from 1 to 500',
      'GET (unknown path) 404: no such path',
    ]);
    expect(lines.join('\n')).not.toMatch(/hunter22|somebody|hello|96650/);
  });

  it.each([
    [['--port', 'http'], /--port must be a whole number from 0 to 65535/],
    [['--port', '65536'], /--port must be a whole number/],
    [['--port=-1'], /--port must be a whole number/],
    [['--port='], /--port must be a whole number/],
    [['--port'], /--port/],
    [['--credits', '1.5'], /--credits must be a whole number/],
    [['--deliver-after-ms', 'soon'], /--deliver-after-ms must be a whole number/],
    [['--username', ''], /--username must not be empty/],
    [['--password', ''], /--password must not be empty/],
    [['--token', ''], /--token must not be empty/],
    [['--api-key', ''], /--api-key must not be empty/],
    [['--api-key', 'a key'], /--api-key must be ASCII without spaces/],
    [['--webhook', 'https://127.0.0.1:1/'], /webhook must be an http address of this machine/],
    [['--webhook', 'http://sms.example.com/'], /webhook must be an http address of this machine/],
    [['--webhook', ''], /webhook must be an http address of this machine/],
    [['--help=yes'], /--help/],
    [['--verbose'], /--verbose/],
    [['start'], /start/],
  ])('answers %j with one line and exit code 2', async (argv, message) => {
    const { err, out, code } = command(...argv);
    expect(await code).toBe(2);
    expect(out).toEqual([]);
    expect(err).toEqual([expect.stringMatching(message)]);
    expect(err[0]).not.toMatch('\n');
  });

  it('answers a port in use with one line and exit code 1', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { err, code } = command('--port', `${port}`);
    expect(await code).toBe(1);
    expect(err).toEqual([`nestjs-oursms-gateway: port ${port} is in use: choose another with --port`]);
    other.close();
  });

  it('shows every option with --help', async () => {
    const { out, code } = command('--help');
    expect(await code).toBe(0);
    const flags = [
      'port',
      'username',
      'password',
      'token',
      'api-key',
      'credits',
      'deliver-after-ms',
      'webhook',
      'no-ids',
      'help',
    ];
    for (const option of flags) {
      expect(out[0]).toMatch(`--${option} `);
    }
  });
});
