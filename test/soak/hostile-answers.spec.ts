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

/** Gateway responses of several megabytes, or with deep nesting. */
const ANSWERS: Record<string, string> = {
  'deeply nested lists': '['.repeat(DEEP) + ']'.repeat(DEEP),
  'deeply nested envelopes': `${'{"data":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
  'deeply nested envelopes, truncated': '{"data":'.repeat(DEEP),
  'a deeply nested row': `[{"msgId":"m1","x":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}]`,
  'deeply nested errors': `${'{"error":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
  'many fields': `{${fields(200_000)}}`,
  'a row with many fields': `[{"msgId":"m1",${fields(200_000)}}]`,
  'many rows with odd fields': `[${`{${fields(40, 'm_s_g_')}},`.repeat(2_000)}{}]`,
  'the same field again and again': `{${'"msgId":"x",'.repeat(MANY / 12)}"a":1}`,
  'a long name': `[{"${'_'.repeat(4 * MANY)}":1}]`,
  'a long text': `[{"msgId":"${'x'.repeat(4 * MANY)}"}]`,
  'long runs of spaces': `[{"msgId":"${' '.repeat(4 * MANY)}","status":"${' '.repeat(MANY)}x"}]`,
  'invalid numbers': `{"accepted":"${'1'.repeat(MANY)}x","total":"${' '.repeat(MANY)}x","cost":"1${' '.repeat(MANY)}x"}`,
  'a code of white space': `{"errorCode":"${' '.repeat(MANY)}x"}`,
  'a code of zeros': `{"errorCode":"${'0'.repeat(MANY)}x"}`,
  'a long description': `{"errorCode":1,"message":"${'pass wor '.repeat(MANY / 4)}"}`,
  'many reasons': `{"accepted":0,"rejectedMsgs":[${'{"message":"Your code is 1234, p%61ss"},'.repeat(50_000)}{}]}`,
  'quotes and backslashes': `[{"id":1234567890123456,"a":"${'\\"'.repeat(MANY)}`,
  'open angles': '<'.repeat(4 * MANY),
  'many commas': `[${','.repeat(4 * MANY)}`,
  'many fields, truncated': `{${'"a":1,'.repeat(MANY / 2)}`,
  'rows of large numbers, truncated': `[${'{"a":12345678901234567890},'.repeat(20_000)}{`,
};

const page = (text: string): Promise<DlrReading> =>
  readDlrs({ account: 'default', receivedAt: '2026-01-31T12:00:00.000Z', httpStatus: 200, text }, 8 * MANY);

// The limit is far above the usual time, and far below the time of a regular expression with quadratic backtracking.
describe('an oversized or malformed gateway response', () => {
  it.each(Object.entries(ANSWERS))('is parsed or rejected within 5 seconds: %s', async (_what, text) => {
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

  it('does not block the event loop for a second', async () => {
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
  ])('has only the fields of the response: %s', async (row, expected) => {
    const { dlrs } = await page(`[${row}]`);
    expect(dlrs).toMatchObject([expected]);
    expect(JSON.stringify(dlrs[0]?.raw)).toBe(row);
    expect({}).not.toHaveProperty('msgId');
  });
});
