import { describe, expect, it } from '@jest/globals';
import { Call } from '../../lib/gateway/call.js';
import { judgeAnswer } from '../../lib/gateway/judge-answer.js';
import { readDlrs, type DlrReading } from '../../lib/gateway/read-dlrs.js';
import { readReceipt } from '../../lib/gateway/read-receipt.js';

const MANY = 1_000_000;
const DEEP = 100_000;
const ACCOUNT = { auth: { username: 'demo', password: 'pass word!' }, name: 'default', baseUrl: 'http://127.0.0.1' };
const LIMITS = { timeoutMs: 1, connectTimeoutMs: 1, maxConnections: 1, maxResponseBytes: 8 * MANY, userAgent: 'x' };
const CALL = new Call(
  'send',
  { ...ACCOUNT, ...LIMITS },
  { src: 'Me', dests: ['966501234567'], body: 'Your code is 4321' },
);

const fields = (count: number, name = 'k'): string =>
  Array.from({ length: count }, (_, index) => `"${name}${index}":1`).join(',');

/** Answers of some megabytes, or of great depth, that a gateway could give. */
const ANSWERS: Record<string, string> = {
  'lists in lists': '['.repeat(DEEP) + ']'.repeat(DEEP),
  'envelopes in envelopes': `${'{"data":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
  'envelopes in envelopes, cut': '{"data":'.repeat(DEEP),
  'a deep row': `[{"msgId":"m1","x":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}]`,
  'errors in errors': `${'{"error":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
  'many fields': `{${fields(200_000)}}`,
  'a row with many fields': `[{"msgId":"m1",${fields(200_000)}}]`,
  'many rows with odd fields': `[${`{${fields(40, 'm_s_g_')}},`.repeat(2_000)}{}]`,
  'the same field again and again': `{${'"msgId":"x",'.repeat(MANY / 12)}"a":1}`,
  'a long name': `[{"${'_'.repeat(4 * MANY)}":1}]`,
  'a long text': `[{"msgId":"${'x'.repeat(4 * MANY)}"}]`,
  'a long blank': `[{"msgId":"${' '.repeat(4 * MANY)}","status":"${' '.repeat(MANY)}x"}]`,
  'numbers that are none': `{"accepted":"${'1'.repeat(MANY)}x","total":"${' '.repeat(MANY)}x","cost":"1${' '.repeat(MANY)}x"}`,
  'a code of white space': `{"errorCode":"${' '.repeat(MANY)}x"}`,
  'a code of zeros': `{"errorCode":"${'0'.repeat(MANY)}x"}`,
  'a long description': `{"errorCode":1,"message":"${'pass wor '.repeat(MANY / 4)}"}`,
  'many reasons': `{"accepted":0,"rejectedMsgs":[${'{"message":"Your code is 1234, p%61ss"},'.repeat(50_000)}{}]}`,
  'quotes and backslashes': `[{"id":1234567890123456,"a":"${'\\"'.repeat(MANY)}`,
  'open angles': '<'.repeat(4 * MANY),
  'many commas': `[${','.repeat(4 * MANY)}`,
  'many fields, cut': `{${'"a":1,'.repeat(MANY / 2)}`,
  'rows of large numbers, cut': `[${'{"a":12345678901234567890},'.repeat(20_000)}{`,
};

const page = (text: string): Promise<DlrReading> =>
  readDlrs({ account: 'default', receivedAt: '2026-01-31T12:00:00.000Z', httpStatus: 200, text }, 8 * MANY);

// Far above what they take, and far below what an expression with a second loop in it would.
describe('a hostile answer is read, or refused, in the time of any other', () => {
  it.each(Object.entries(ANSWERS))('%s', async (_what, text) => {
    const began = performance.now();
    await page(text);
    try {
      const value = judgeAnswer({ httpStatus: 200, text, shown: { raw: '', rawEncoding: 'utf8' } }, CALL);
      readReceipt(value as Record<string, unknown>, 0, CALL);
    } catch (error) {
      expect(error).toHaveProperty('outcome', 'unknown');
    }
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('and leaves the process time for other things', async () => {
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const { dlrs } = await page(`[${'1,'.repeat(100_000)}1]`);
    clearInterval(timer);
    expect(dlrs).toHaveLength(100_001);
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThan(1_000);
  });
});

describe('a row of a report', () => {
  it.each([
    ['{"__proto__":{"msgId":"m1","status":"delivered"},"status":"sent"}', { status: 'sent', msgId: undefined }],
    ['{"constructor":"x","toString":"y","MSGID":"m1","status":"toString"}', { status: 'unknown', msgId: 'm1' }],
  ])('has the fields that it was given, and no others: %s', async (row, expected) => {
    const { dlrs } = await page(`[${row}]`);
    expect(dlrs).toMatchObject([expected]);
    expect(JSON.stringify(dlrs[0]?.raw)).toBe(row);
    expect({}).not.toHaveProperty('msgId');
  });
});
