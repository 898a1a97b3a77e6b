import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { OurSmsGatewayError, OurSmsModule, OurSmsResponseError, type UnreadableDlrs } from 'nestjs-oursms';
import type { Socket } from 'node:net';
import { DEMO, rejection, startApplication, until, type TestApplication } from '../support/application.js';
import { InboxBench } from '../support/inbox-bench.js';
import { startRawGateway, type RawGateway } from '../support/raw-gateway.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'hello' };
const MAX_BYTES = 65_536;
const ROWS = [
  { msgId: 'm1', status: 'delivered', src: 'متجر' },
  { msgId: 'm2', status: 'sent', src: 'متجر' },
];
const RECEIPT = JSON.stringify({ jobId: 'j1', accepted: 1, note: 'تم' });

/** A body on the wire, and its headers. */
interface Encoded {
  body: Buffer;
  encoding?: string;
  type?: string;
}

const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const marked = (...bytes: number[]): Buffer => Buffer.from(bytes);

/** Encodes the letters of these tests in single bytes, for windows-1256 and ISO 8859-6. */
const single = (text: string, bytes: Record<string, number>): Buffer =>
  Buffer.from([...text].map((letter) => bytes[letter] ?? letter.charCodeAt(0)));
const CP1256 = { م: 0xe3, ت: 0xca, ج: 0xcc, ر: 0xd1 };
const LATIN6 = { م: 0xe5, ت: 0xca, ج: 0xcc, ر: 0xd1 };

const ENCODINGS: [string, (text: string) => Encoded][] = [
  ['gzip', (text) => ({ body: gzipSync(text), encoding: 'gzip' })],
  ['x-gzip, in capitals', (text) => ({ body: gzipSync(text), encoding: 'X-GZIP' })],
  ['gzip without a Content-Encoding header', (text) => ({ body: gzipSync(text) })],
  ['br', (text) => ({ body: brotliCompressSync(text), encoding: 'br' })],
  ['deflate', (text) => ({ body: deflateSync(text), encoding: 'deflate' })],
  ['deflate without its header', (text) => ({ body: deflateRawSync(text), encoding: 'deflate' })],
  ['gzip, then br', (text) => ({ body: brotliCompressSync(gzipSync(text)), encoding: 'gzip, br' })],
  ['gzip applied twice, declared once', (text) => ({ body: gzipSync(gzipSync(text)), encoding: 'gzip' })],
  ['plain text declared as gzip', (text) => ({ body: Buffer.from(text), encoding: 'gzip' })],
  ['plain text declared as br', (text) => ({ body: Buffer.from(text), encoding: 'br' })],
  ['plain text with UTF-8 as its Content-Encoding', (text) => ({ body: Buffer.from(text), encoding: 'UTF-8' })],
  [
    'UTF-16LE with a byte order mark',
    (text) => ({ body: Buffer.concat([marked(0xff, 0xfe), Buffer.from(text, 'utf16le')]) }),
  ],
  ['UTF-16BE with a byte order mark', (text) => ({ body: Buffer.concat([marked(0xfe, 0xff), utf16be(text)]) })],
  ['UTF-16LE without a byte order mark', (text) => ({ body: Buffer.from(text, 'utf16le'), type: 'application/json' })],
  ['UTF-16BE declared as UTF-16', (text) => ({ body: utf16be(text), type: 'application/json; charset=UTF-16' })],
  [
    'UTF-8 with a byte order mark, declared as Latin-1',
    (text) => ({ body: Buffer.from(`\ufeff${text}`), type: 'text/json; charset=iso-8859-1' }),
  ],
  ['UTF-16 in gzip', (text) => ({ body: gzipSync(Buffer.from(text, 'utf16le')), encoding: 'gzip' })],
  ['UTF-8 declared as an unknown charset', (text) => ({ body: Buffer.from(text), type: 'text/json;charset=klingon' })],
  ['windows-1256', (text) => ({ body: single(text, CP1256), type: 'application/json; charset="windows-1256"' })],
  ['ISO 8859-6', (text) => ({ body: single(text, LATIN6), type: 'application/json; charset=ISO-8859-6' })],
];

let gateway: RawGateway;
let application: TestApplication | undefined;
afterEach(async () => {
  await application?.close();
  application = undefined;
  await gateway?.close();
});

function answer(
  { body, encoding, type = 'application/json' }: Encoded,
  status = '200 OK',
  length = body.length,
): Buffer {
  const said = encoding === undefined ? '' : `content-encoding: ${encoding}\r\n`;
  const head = `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\n${said}content-length: ${length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** A gateway that answers the requests of a connection with these bytes in turn, and repeats the last. */
async function answering(...answers: Buffer[]): Promise<RawGateway> {
  let next = 0;
  gateway = await startRawGateway((socket: Socket) => {
    socket.on('data', (chunk) => {
      if (!/ HTTP\/1.1\r\n/.test(chunk.toString('latin1'))) return;
      const bytes = answers[Math.min(next++, answers.length - 1)] as Buffer;
      socket.write(bytes);
      // A body that is shorter than its Content-Length breaks off.
      if (bytes.includes('content-length: 999999')) socket.end();
    });
  });
  return gateway;
}

const HOOKS = {
  ' through axios, with an interceptor': ({ sms }: TestApplication) =>
    void sms.httpService.axiosRef.interceptors.response.use((response) => response),
  " through axios' own adapter": ({ sms }: TestApplication) =>
    void (sms.httpService.axiosRef.defaults.adapter = 'http'),
  '': () => undefined,
};

async function start(hook: (application: TestApplication) => void = () => undefined): Promise<TestApplication> {
  application = await startApplication([
    OurSmsModule.forRoot({
      ...{ baseUrl: gateway.url, auth: DEMO, retry: { attempts: 1 } },
      http: { maxResponseBytes: MAX_BYTES, timeoutMs: 5_000 },
    }),
  ]);
  hook(application);
  return application;
}

describe.each(Object.entries(HOOKS))('an answer%s', (_way, hook) => {
  it('is requested without compression (Accept-Encoding: identity)', async () => {
    await answering(answer({ body: Buffer.from(RECEIPT) }));
    const { sms } = await start(hook);
    await sms.send(MESSAGE);
    await sms.send(MESSAGE, { method: 'GET' });
    expect(gateway.received.join('').match(/^accept-encoding: .*$/gim)).toEqual([
      expect.stringMatching(/: identity$/i),
      expect.stringMatching(/: identity$/i),
    ]);
  });

  it.each(ENCODINGS)('to a send is read in %s', async (_what, encode) => {
    await answering(answer(encode(RECEIPT)));
    const { sms } = await start(hook);
    expect(await sms.send(MESSAGE)).toMatchObject({ jobId: 'j1', accepted: 1, raw: { note: 'تم' } });
  });

  it.each(ENCODINGS)('with reports is read in %s', async (_what, encode) => {
    await answering(answer(encode(JSON.stringify(ROWS))));
    const { sms } = await start(hook);
    expect((await sms.downloadDlrs()).map(({ raw }) => raw)).toEqual(ROWS);
  });

  it.each([ENCODINGS[0], ENCODINGS[3], ENCODINGS[11]] as typeof ENCODINGS)(
    'with credits, or with a refusal, is read in %s',
    async (_what, encode) => {
      await answering(
        answer(encode('{"credits":12.5}')),
        answer(encode('{"errorCode":6307,"message":"not allowed"}'), '400 Bad Request'),
      );
      const { sms } = await start(hook);
      expect(await sms.getCredits()).toMatchObject({ credits: 12.5 });
      expect(await rejection(sms.send(MESSAGE), OurSmsGatewayError)).toMatchObject({
        ...{ kind: 'sender', description: 'not allowed', outcome: 'notSent' },
      });
    },
  );

  it('is refused when it is larger than http.maxResponseBytes after decompression', async () => {
    const bomb = gzipSync(`{"jobId":"${'x'.repeat(50_000_000)}"}`);
    expect(bomb.length).toBeLessThan(MAX_BYTES);
    await answering(answer({ body: bomb, encoding: 'gzip' }));
    const { sms } = await start(hook);
    const before = process.memoryUsage().rss;
    const error = await rejection(sms.send(MESSAGE), OurSmsResponseError);
    expect(error).toMatchObject({ outcome: 'unknown', rawEncoding: 'base64' });
    expect(error.message).toContain(`it is larger than ${MAX_BYTES} bytes when decompressed`);
    expect(error.rawBody()).toBe(bomb.toString('base64'));
    expect(process.memoryUsage().rss - before).toBeLessThan(40_000_000);
  });

  it('is given in base64 in the error when it is not text', async () => {
    const bytes = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x80]);
    await answering(answer({ body: bytes }), answer({ body: bytes, encoding: 'zstd' }));
    const { sms } = await start(hook);
    for (const why of ['not in UTF-8', 'its encoding (zstd) is not supported']) {
      const error = await rejection(sms.send(MESSAGE), OurSmsResponseError);
      expect(error.message).toContain(why);
      expect([error.rawEncoding, error.rawBody()]).toEqual(['base64', bytes.toString('base64')]);
    }
  });
});

describe('the inbox', () => {
  const LONG = Array.from({ length: 300 }, (_, i) => ({
    msgId: `m${i}`,
    status: 'sent',
    src: 'متجر',
    x: 'y'.repeat(i % 7),
  }));
  const EMPTY = answer({ body: Buffer.from('[]') });
  let inbox: InboxBench;
  let unreadable: UnreadableDlrs[];
  afterEach(() => inbox?.remove());

  /** The ids of the reports that were handled, once the page is handled or kept. */
  async function take(first: Buffer, maxResponseBytes = 4_000_000): Promise<(string | undefined)[]> {
    await answering(first, EMPTY);
    inbox = new InboxBench();
    unreadable = [];
    const dlr = { poll: { everyMs: 20 }, retryDelayMs: 10 };
    const options = { baseUrl: gateway.url, dlr, http: { maxResponseBytes, timeoutMs: 2_000 } };
    await inbox.start(options, undefined, { 'oursms.dlr.unreadable': unreadable });
    await until('the reports were requested', () => gateway.received.join('').includes('inbox/dlrs'));
    await until('a report was handled or the page was unreadable', () => inbox.handled.length + unreadable.length > 0);
    await inbox.untilStats('no report is left', ({ pages, waiting, handling }) => pages + waiting + handling === 0);
    return inbox.handled.map(({ msgId }) => msgId);
  }

  async function kept(): Promise<UnreadableDlrs[]> {
    const all: UnreadableDlrs[] = [];
    for await (const one of inbox.face.unreadable()) all.push(one);
    return all;
  }

  it.each(ENCODINGS)('reads a page in %s', async (_what, encode) => {
    expect(await take(answer(encode(JSON.stringify(LONG))))).toEqual(LONG.map(({ msgId }) => msgId));
    expect([...unreadable, ...(await kept())]).toEqual([]);
  });

  it.each([ENCODINGS[0], ENCODINGS[3], ENCODINGS[4], ENCODINGS[5]] as typeof ENCODINGS)(
    'publishes the reports that it can decompress from a truncated page in %s, and keeps its bytes',
    async (_what, encode) => {
      const { body, encoding } = encode(JSON.stringify(LONG));
      const half = body.subarray(0, Math.ceil(body.length * 0.8));
      const ids = await take(answer({ body: half, encoding }, '200 OK', 999_999));
      expect(ids.length).toBeGreaterThan(10);
      expect(ids).toEqual(LONG.slice(0, ids.length).map(({ msgId }) => msgId));
      expect(await kept()).toEqual(unreadable);
      expect(unreadable).toMatchObject([{ salvaged: ids.length, why: expect.stringContaining('cut') }]);
      expect((await inbox.face.stats()).gaps).toBe(1);
    },
  );

  it('publishes the reports before the damage in a compressed page, and keeps its bytes', async () => {
    const body = gzipSync(
      JSON.stringify(Array.from({ length: 3_000 }, (_, i) => ({ msgId: `m${i}`, x: Math.sin(i) }))),
    );
    body.fill(0xff, body.length >> 1, (body.length >> 1) + 200);
    const ids = await take(answer({ body, encoding: 'gzip' }));
    expect(ids.length).toBeGreaterThan(100);
    expect(unreadable).toMatchObject([
      {
        ...{ why: 'its compression (gzip) is damaged', salvaged: ids.length },
        ...{ rawEncoding: 'base64', raw: body.toString('base64'), contentEncoding: 'gzip' },
      },
    ]);
  });

  it('keeps a page larger than http.maxResponseBytes, and reads it once the limit is raised', async () => {
    const body = gzipSync(JSON.stringify(LONG));
    const ids = await take(answer({ body, encoding: 'gzip' }), 8_192);
    expect(ids.length).toBeGreaterThan(10);
    expect(ids.length).toBeLessThan(LONG.length);
    expect(unreadable).toMatchObject([{ rawEncoding: 'base64', raw: body.toString('base64'), salvaged: ids.length }]);
    // No report is lost.
    expect((await inbox.face.stats()).gaps).toBe(0);
    await inbox.stop();
    const dlr = { poll: { everyMs: 20 } };
    await inbox.start({ baseUrl: gateway.url, dlr, http: { maxResponseBytes: 4_000_000 } });
    expect(await inbox.face.rereadUnreadable()).toBe(1);
    await until('all reports were handled', () => inbox.handled.length === LONG.length);
    await inbox.untilStats('the page is handled', ({ pages, unreadable: left }) => pages + left === 0);
    expect(new Set(inbox.handled.map(({ msgId }) => msgId)).size).toBe(LONG.length);
  });

  it('publishes the reports of a page with invalid UTF-8, and keeps its bytes', async () => {
    const body = Buffer.from(JSON.stringify(LONG).replace('متجر', '\u0001'));
    body[body.indexOf(1)] = 0xff;
    expect(await take(answer({ body }))).toHaveLength(LONG.length);
    expect(unreadable).toMatchObject([{ rawEncoding: 'base64', raw: body.toString('base64'), salvaged: LONG.length }]);
    expect(await kept()).toEqual(unreadable);
  });

  it('keeps no page without reports, whether compressed or in UTF-16', async () => {
    await answering(
      answer({ body: gzipSync('[]'), encoding: 'gzip' }),
      answer({ body: Buffer.from('{"statuses":null}', 'utf16le') }),
      EMPTY,
    );
    inbox = new InboxBench();
    const events: unknown[] = [];
    await inbox.start({ baseUrl: gateway.url, dlr: { poll: { everyMs: 20 } } }, undefined, {
      'oursms.dlr.unreadable': events,
    });
    await until('all answers were requested', () => gateway.received.join('').split('inbox/dlrs').length > 4);
    expect(await inbox.face.stats()).toMatchObject({
      unreadable: 0,
      gaps: 0,
      lastPoll: { result: 'downloaded', reports: 0 },
    });
    expect(events).toEqual([]);
  });
});
