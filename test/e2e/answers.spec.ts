import { afterEach, describe, expect, it } from '@jest/globals';
import { OurSmsGatewayError, OurSmsResponseError } from 'nestjs-oursms';
import type { ReportEnvelope } from 'nestjs-oursms/testing';
import { rejection, startBench, type TestBench } from '../support/application.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'hello' };

let bench: TestBench;
afterEach(() => bench?.close());

/** An application whose gateway gives this answer to the next call. */
async function answering(body: string): Promise<TestBench> {
  bench = await startBench();
  bench.gateway.faults.next('garbage', { body });
  return bench;
}

describe('the answer to a send', () => {
  it.each([
    [
      '{"jobId":7,"total":"2","accepted":1,"rejected":1,"duplicates":0,"cost":"0.75"}',
      { jobId: '7', total: 2, accepted: 1, rejected: 1, duplicates: 0, cost: 0.75 },
    ],
    ['{"jobId":12345678901234567890}', { jobId: '12345678901234567890' }],
    ['\uFEFF{"JobID":"a"}', { jobId: 'a' }],
    ['{"accepted":0,"statusCode":200,"statusDesc":"OK"}', { accepted: 0 }],
    ['{"jobId":"a","errorCode":0,"code":"0","message":"success"}', { jobId: 'a' }],
    ['{"jobId":"a","statusCode":6208}', { jobId: 'a' }],
    ['{}', {}],
    ['{"total":"many","accepted":null}', {}],
  ])('is parsed without invented values for missing or unreadable fields: %s', async (body, expected) => {
    const { sms } = await answering(body);
    const { raw, acceptedMsgs, rejectedMsgs, skipped, ...counters } = await sms.send(MESSAGE);
    expect(Object.fromEntries(Object.entries(counters).filter(([, value]) => value !== undefined))).toEqual(expected);
    expect({ acceptedMsgs, rejectedMsgs, skipped }).toEqual({ acceptedMsgs: [], rejectedMsgs: [], skipped: 0 });
    expect(raw).toBeDefined();
  });

  it('lists messages with the ids and recipients that their rows contain', async () => {
    const { sms } = await answering(
      '{"acceptedMsgs":[{"msgId":1,"dest":966501234567},"odd",{}],"rejectedMsgs":[{"to":"9"}]}',
    );
    expect(await sms.send(MESSAGE)).toMatchObject({
      acceptedMsgs: [{ msgId: '1', dest: '966501234567' }, { raw: 'odd' }, { raw: {} }],
      rejectedMsgs: [{ dest: '9' }],
    });
  });

  it.each(['', '   ', 'OK', '<html>', '"text"', '[]', 'null', '{"jobId":'])(
    'is an OurSmsResponseError with outcome unknown when it cannot be parsed: %j',
    async (body) => {
      const { sms } = await answering(body);
      const error = await rejection(sms.send(MESSAGE), OurSmsResponseError);
      expect(error).toMatchObject({ outcome: 'unknown', retryable: false, httpStatus: 200 });
      expect(error.rawBody()).toBe(body);
    },
  );

  it.each([
    [
      '{"errorCode":6307,"message":"source not allowed"}',
      { code: 6307, kind: 'sender', outcome: 'notSent', description: 'source not allowed' },
    ],
    [
      '{"code":"1008","error":"no balance"}',
      { code: 1008, kind: 'balance', outcome: 'notSent', description: 'no balance' },
    ],
    [
      '{"error":{"code":1001,"description":"bad login"}}',
      { code: 1001, kind: 'auth', outcome: 'notSent', description: 'bad login' },
    ],
    [
      '{"statusCode":6208,"statusDesc":"prefix"}',
      { code: 6208, kind: 'routing', outcome: 'notSent', description: 'prefix' },
    ],
    ['{"errorCode":"E-17","errorDesc":"odd"}', { code: 'E-17', kind: 'other', outcome: 'unknown', description: 'odd' }],
    ['{"error":"something"}', { code: undefined, kind: 'other', outcome: 'unknown', description: 'something' }],
    ['{"jobId":"a","errorCode":6208}', { code: 6208, kind: 'routing', outcome: 'notSent' }],
    ...['toString', 'constructor', '__proto__', 'hasOwnProperty'].map((code): [string, object] => [
      JSON.stringify({ errorCode: code, message: 'odd' }),
      { code, kind: 'other', outcome: 'unknown', retryable: false },
    ]),
  ])('is an OurSmsGatewayError when it contains an error under HTTP 200: %s', async (body, expected) => {
    const { sms } = await answering(body);
    expect(await rejection(sms.send(MESSAGE), OurSmsGatewayError)).toMatchObject({ httpStatus: 200, ...expected });
  });
});

it('an answer with an error code of a megabyte of white space is parsed within two seconds', async () => {
  const { sms } = await answering(JSON.stringify({ errorCode: `${' '.repeat(1_000_000)}x` }));
  const began = performance.now();
  await rejection(sms.send(MESSAGE), OurSmsGatewayError);
  expect(performance.now() - began).toBeLessThan(2_000);
});

/** Ways in which a gateway may say that it has no reports. */
const NO_REPORTS = [
  ...['', ' \r\n ', '\ufeff', '[]', '{}', 'null', '""', '" "', '{"dlrs":[]}', '{"statuses":null}', '{"Statuses":""}'],
  ...['{"data":{}}', '{"data":{"statuses":null}}', '{"result":{"dlrs":[]},"count":0}', '{"total":"0"}'],
  ...[
    '{"statusCode":200,"statusDesc":"OK","dlrs":null}',
    '{"success":true,"message":"nothing new"}',
    '{"errorCode":0}',
  ],
];

describe('the answer to a download', () => {
  const row = {
    msgId: 'm1',
    jobId: 'j1',
    status: 'DELIVERED',
    src: 'Me',
    dest: '966501234567',
    msgDate: 'd1',
    statusDate: 'd2',
  };

  it.each<ReportEnvelope>(['array', 'dlrs', 'statuses', 'items', 'results', 'data'])(
    'is read in the envelope %s',
    async (envelope) => {
      bench = await startBench({}, { envelope });
      bench.gateway.pushReport('demo', row);
      expect(await bench.sms.downloadDlrs()).toEqual([
        {
          id: expect.stringMatching(/^[\w-]{24}$/),
          ...{ msgId: 'm1', jobId: 'j1', status: 'delivered', rawStatus: 'DELIVERED', src: 'Me', dest: '966501234567' },
          ...{ msgDate: 'd1', statusDate: 'd2', via: 'poll', isFinal: true, account: 'default', raw: row },
          receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        },
      ]);
      expect(await bench.sms.downloadDlrs()).toEqual([]);
    },
  );

  it.each([
    [undefined, '100'],
    [null, '100'],
    [1, '1'],
    [500, '500'],
  ])('contains as many reports as requested: count %s', async (count, handedOut) => {
    bench = await startBench();
    for (let i = 0; i < 600; i++) bench.gateway.pushReport('demo', { msgId: `m${i}` });
    expect(await bench.sms.downloadDlrs({ count } as never)).toHaveLength(Number(handedOut));
    expect(bench.gateway.requests[0]?.params.count).toBe(count === null ? undefined : count?.toString());
  });

  it.each([0, 501, 1.5, 'many', NaN])('is not requested when count is %j', async (count) => {
    bench = await startBench();
    await expect(bench.sms.downloadDlrs({ count } as never)).rejects.toThrow(
      /count: must be a whole number from 1 to 500/,
    );
    expect(bench.gateway.requests).toHaveLength(0);
  });

  it('keeps rows of an unknown shape as reports of status unknown', async () => {
    const { sms } = await answering('{"DLRS":[{"MSG_ID":9007199254740993,"Status":" Rejected "},"odd",null,[1]]}');
    expect(await sms.downloadDlrs()).toMatchObject([
      { msgId: '9007199254740993', status: 'unknown', rawStatus: 'Rejected' },
      { status: 'unknown', raw: 'odd' },
      { status: 'unknown', raw: null },
      { status: 'unknown', raw: [1] },
    ]);
  });

  it('gives equal reports the same id, and different reports different ids', async () => {
    bench = await startBench();
    const other = Object.fromEntries(Object.entries(row).reverse());
    for (const report of [row, other, { ...row, status: 'sent' }, { ...row, msgId: 'm2' }]) {
      bench.gateway.pushReport('demo', report);
    }
    const ids = (await bench.sms.downloadDlrs()).map(({ id }) => id);
    expect(ids[0]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(3);
  });

  it.each(NO_REPORTS)('may contain no reports: %j', async (body) => {
    const { sms } = await answering(body);
    expect(await sms.downloadDlrs()).toEqual([]);
  });

  it.each([
    ['one report in place of a list', row],
    ['one report under the name of a list', { statuses: row }],
    ['one report, one level deeper', { data: { dlrs: row } }],
    ['a list one level deeper', { statusCode: 200, data: { count: 1, statuses: [row] } }],
    ['a list in a result', { Result: { DLRS: [row] } }],
    ['a list beside an empty one', { dlrs: [], data: [row] }],
    ['two lists', { dlrs: [row], data: { items: [] } }],
    ['a list beside names that stand for something else', { data: ['page 1'], items: [row] }],
  ])('is read when it is %s', async (_what, body) => {
    const { sms } = await answering(JSON.stringify(body));
    expect(await sms.downloadDlrs()).toMatchObject([{ msgId: 'm1', status: 'delivered', raw: row }]);
  });

  it('is read when it is a single report with only a recipient and a status', async () => {
    const { sms } = await answering('{"dest":"966501234567","Status":"failed"}');
    expect(await sms.downloadDlrs()).toMatchObject([{ dest: '966501234567', status: 'failed' }]);
  });

  it.each([
    'not JSON',
    '[{"msgId":"m1"},{"msg',
    '{"reports":[]}',
    '{"reports":[{"msgId":"m1"}]}',
    '{"data":{"page":{"dlrs":[{"msgId":"m1"}]}}}',
    '{"count":2}',
    '{"success":false}',
    '{"message":"something went wrong"}',
    '{"id":"m1"}',
    'false',
    '5',
    '<p>',
  ])('is kept whole in the error when it cannot be parsed: %j', async (body) => {
    const { sms } = await answering(body);
    const error = await rejection(sms.downloadDlrs(), OurSmsResponseError);
    expect(error.rawBody()).toBe(body);
    expect(error.message).toContain('may have deleted the reports');
  });
});

describe('the answer to a credits request', () => {
  it.each([
    ['{"credits":12.5}', 12.5],
    ['{"credits":"1000"}', 1000],
    ['{"credits":0}', 0],
    ['{"balance":-3}', -3],
    ['42', 42],
  ])('is read: %s', async (body, credits) => {
    const { sms } = await answering(body);
    expect((await sms.getCredits()).credits).toBe(credits);
  });

  it.each(['{}', '{"credits":null}', '{"credits":"lots"}', '[]', '', 'x'])(
    'is an OurSmsResponseError when it contains no number: %j',
    async (body) => {
      const { sms } = await answering(body);
      await rejection(sms.getCredits(), OurSmsResponseError);
    },
  );
});
