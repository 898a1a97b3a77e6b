import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { OurSmsConfigError, OurSmsModule, type OurSmsModuleOptions } from 'nestjs-oursms';
import { inspect } from 'node:util';
import { LogRecorder, rejection, startBench } from '../support/application.js';

const auth = { username: 'someone', password: 'pa55-word' };
const NIGHT = { from: '21:00', to: '09:00', action: 'hold' };
const compile = (options: unknown) =>
  Test.createTestingModule({ imports: [OurSmsModule.forRoot(options as OurSmsModuleOptions)] })
    .setLogger(new LogRecorder())
    .compile();

async function faultsOf(options: unknown): Promise<Record<string, string>> {
  const error = await rejection(compile(options), OurSmsConfigError);
  return Object.fromEntries(error.faults.map(({ field, reason }) => [field, reason]));
}

describe('the options', () => {
  it.each([
    { auth },
    { auth: { token: 't' } },
    { auth: { username: 'u', token: 't' } },
    { auth: { apiKey: 'k-1._~+/=' } },
    { auth: { apiKey: 'k', token: undefined }, baseUrl: 'https://api.oursms.com/' },
    { auth: { apiKey: 'k' }, baseUrl: 'https://gateway.example/api-a' },
    { auth, baseUrl: 'https://gateway.example' },
    { auth, baseUrl: 'http://127.0.0.1:1/x' },
    { auth, baseUrl: 'http://localhost:1' },
    { auth, baseUrl: 'http://[::1]:1' },
    { auth, baseUrl: 'http://gateway.example', allowInsecureHttp: true },
    { auth, http: { timeoutMs: 1, connectTimeoutMs: 1, maxConnections: 1, maxResponseBytes: 1024, userAgent: 'x' } },
    { auth, numbers: { country: 'any' }, divertTo: '+971501234567' },
    { auth, quietHours: { from: '21:00', to: '09:00', action: 'hold' } },
    { auth, quietHours: undefined },
    { auth, dlr: { webhook: undefined } },
    { auth: { username: ' u ', password: ' p w ü🙂 ' } },
    { auth, defaults: { src: 'Me', priority: 0, dlr: false }, http: undefined, dlr: undefined, divertTo: undefined },
  ])('take %j', async (options) => {
    const module = await compile(options);
    await module.close();
  });

  it.each<[string, unknown, RegExp]>([
    ['auth', {}, /must be set: give/],
    ['auth', { auth: null }, /must be set: give/],
    ['auth', { auth: { username: 'u' } }, /is incomplete or mixed \(it has username\)/],
    ['auth', { auth: { password: 'p' } }, /is incomplete or mixed/],
    ['auth', { auth: { username: 'u', password: 'p', token: 't' } }, /is incomplete or mixed/],
    ['auth', { auth: { username: '', password: 'p' } }, /\.username must be a string that is not empty/],
    [
      'auth',
      { auth: { username: '', password: '' } },
      /\.username must be a string that .*, \.password must be a string/,
    ],
    ['http.timeoutMs', { auth, http: { timeoutMs: '15000' } }, /must be a whole number .*, not a string$/],
    ['auth', { auth: { username: 'u', password: 1 } }, /\.password must be a string that is not empty/],
    ['auth', { auth: { ...auth, key: 'x' } }, /not known \(key\): give .* or { apiKey }$/],
    ['auth', { auth: { ...auth, apiKey: 'x' } }, /is incomplete or mixed \(it has username, password, apiKey\)/],
    ['auth', { auth: { username: 'u', apiKey: 'x' } }, /is incomplete or mixed \(it has username, apiKey\)/],
    ['auth', { auth: { token: 't', apiKey: 'x' } }, /is incomplete or mixed \(it has token, apiKey\)/],
    ['auth', { auth: { apiKey: '' } }, /^\.apiKey must be a string that is not empty$/],
    ['auth', { auth: { apiKey: 5 } }, /^\.apiKey must be a string that is not empty$/],
    ['auth', { auth: { apiKey: null } }, /^\.apiKey must be a string that is not empty$/],
    ['auth', { auth: { apiKey: 'hush\n' } }, /^\.apiKey ends in a line break, as a file does: remove it$/],
    ['auth', { auth: { apiKey: 'hu\0sh' } }, /^\.apiKey contains a control character/],
    ['auth', { auth: { apiKey: ' hush' } }, /^\.apiKey contains a space or a character that is not ASCII$/],
    ['auth', { auth: { apiKey: 'hüsh' } }, /^\.apiKey contains a space or a character that is not ASCII$/],
    ['auth', { auth: { apiKey: 'Bearer hush' } }, /^\.apiKey must be the key alone, without Bearer$/],
    [
      'baseUrl',
      { auth: { apiKey: 'k' }, baseUrl: 'https://api.oursms.com/api-a/' },
      /is the address of the API that auth does not belong to: leave it out, or give https:\/\/api\.oursms\.com$/,
    ],
    ['baseUrl', { auth, baseUrl: 'https://api.oursms.com' }, /leave it out, or give https:.*\/api-a$/],
    ['baseUrl', { auth: { apiKey: 'k' }, baseUrl: 'http://api.oursms.com' }, /must be https/],
    ...['hush\n', 'hush\r\n', 'hush\r', 'hush\u2028'].flatMap((secret): [string, unknown, RegExp][] => [
      [
        'auth',
        { auth: { username: 'u', password: secret } },
        /^\.password ends in a line break, as a file does: remove it$/,
      ],
      ['auth', { auth: { token: secret } }, /^\.token ends in a line break/],
      ['auth', { auth: { username: secret, password: 'p' } }, /^\.username ends in a line break/],
    ]),
    ['auth', { auth: { token: '\nhush' } }, /^\.token starts with a line break/],
    ['auth', { auth: { token: '\ufeffhush' } }, /^\.token starts with a byte order mark/],
    ['auth', { auth: { token: 'hu\0sh' } }, /^\.token contains a control character/],
    ['auth', { auth: { token: 'hush\ud83d' } }, /^\.token contains half of a character/],
    ['auth', { auth: { username: '\udc00', password: 'p' } }, /^\.username contains half of a character/],
    ['baseUrl', { auth, baseUrl: 'api.oursms.com' }, /must be an absolute URL/],
    ['baseUrl', { auth, baseUrl: 'ftp://x' }, /must be an https URL/],
    ['baseUrl', { auth, baseUrl: 'http://api.oursms.com/api-a' }, /must be https/],
    ['baseUrl', { auth, baseUrl: 'http://127.0.0.1.example.com' }, /must be https/],
    ['baseUrl', { auth, baseUrl: 'https://u:p@x' }, /must not contain credentials/],
    ['baseUrl', { auth, baseUrl: 'https://x/?a=1' }, /must not have a query/],
    ['allowInsecureHttp', { auth, allowInsecureHttp: 'yes' }, /true or false/],
    ['http.timeoutMs', { auth, http: { timeoutMs: 0 } }, /whole number from 1 to/],
    ['http.timeoutMs', { auth, http: { timeoutMs: 1.5 } }, /whole number/],
    ['http.maxConnections', { auth, http: { maxConnections: 1001 } }, /from 1 to 1000/],
    ['http.maxResponseBytes', { auth, http: { maxResponseBytes: 10 } }, /from 1024/],
    ['http.retries', { auth, http: { retries: 3 } }, /is not known/],
    ['http', { auth, http: 5 }, /must be an object/],
    ['http.userAgent', { auth, http: { userAgent: 'two\nlines' } }, /printable ASCII/],
    ['numbers.country', { auth, numbers: { country: 'AE' } }, /SA or any/],
    ['dlr.poll', { auth, dlr: { poll: {} } }, /give either everyMs or cron/],
    ['dlr.poll', { auth, dlr: { poll: { everyMs: 100, cron: '* * * * *' } } }, /give either everyMs or cron/],
    ['dlr.poll.everyMs', { auth, dlr: { poll: { everyMs: 9 } } }, /from 10/],
    ['dlr.poll.count', { auth, dlr: { poll: { everyMs: 100, count: 0 } } }, /from 1 to 500/],
    ['dlr.poll.count', { auth, dlr: { poll: { everyMs: 100, count: 501 } } }, /from 1 to 500/],
    ['dlr.webhook', { auth, dlr: { webhook: 'a-secret-of-the-tests' } }, /must be an object/],
    ['dlr.webhook.path', { auth, dlr: { webhook: { secret: 'a-secret-of-the-tests', path: 'x' } } }, /is not known/],
    ['dlr.webhook.secret', { auth, dlr: { webhook: {} } }, /^must be 16 to 100 characters of A-Z a-z 0-9 - \. _ ~$/],
    ['dlr.webhook.secret', { auth, dlr: { webhook: { secret: 1234567890123456 } } }, /^must be 16 to 100 characters/],
    ['dlr.webhook.secret', { auth, dlr: { webhook: { secret: 'x'.repeat(15) } } }, /\(it has 15\)$/],
    ['dlr.webhook.secret', { auth, dlr: { webhook: { secret: 'x'.repeat(101) } } }, /\(it has 101\)$/],
    ['dlr.webhook.secret', { auth, dlr: { webhook: { secret: 'a/secret/of/the/tests' } } }, /^must be 16 to 100/],
    ['dlr.webhook.secret', { auth, dlr: { webhook: { secret: 'a-secret-of-the-tests\n' } } }, /^ends in a line break/],
    ['dlr.maxAttempts', { auth, dlr: { maxAttempts: 0 } }, /from 1/],
    ['retry.attempts', { auth, retry: { attempts: 0 } }, /from 1 to 20/],
    ['retry.delayMs', { auth, retry: { delayMs: 0 } }, /from 1 to 60000/],
    ['retry.deadlineMs', { auth, retry: { deadlineMs: 'soon' } }, /whole number/],
    ['retry.unknownOutcome', { auth, retry: { unknownOutcome: 'always' } }, /must be never or guarded/],
    ['rate.requestsPerSecond', { auth, rate: { requestsPerSecond: 0 } }, /from 1 to 100000/],
    ['rate.concurrency', { auth, rate: { concurrency: 1.5 } }, /whole number/],
    ['rate.burst', { auth, rate: { requestsPerSecond: 10, burst: 11 } }, /not be more than rate\.requestsPerSecond/],
    ['rate.burst', { auth, rate: { burst: 5 } }, /not be more than rate\.requestsPerSecond/],
    ['dlr.retryDelayMs', { auth, dlr: { retryDelayMs: 0 } }, /from 1 to 900000/],
    ['dlr.concurrency', { auth, dlr: { concurrency: 0 } }, /from 1 to 1000/],
    ['dlr.listenerTimeoutMs', { auth, dlr: { listenerTimeoutMs: 0.5 } }, /whole number from 1/],
    ['dlr.shutdownTimeoutMs', { auth, dlr: { shutdownTimeoutMs: -1 } }, /from 0 to 600000/],
    ['storage', { auth, storage: 'disk' }, /must be { path }, 'memory' or an engine/],
    ['storage', { auth, storage: null }, /must be { path }, 'memory' or an engine/],
    ['storage', { auth, storage: ['.oursms'] }, /must be { path }, 'memory' or an engine/],
    ['storage', { auth, storage: { path: ' ' } }, /\.path must be the path of a directory/],
    ['storage', { auth, storage: { path: 5 } }, /\.path must be the path of a directory/],
    ['storage', { auth, storage: { directory: 'x' } }, /not known \(directory\)/],
    ['divertTo', { auth, divertTo: '123' }, /is not a phone number/],
    ['divertTo', { auth, divertTo: '+971501234567' }, /is not a phone number/],
    ['divertTo', { auth, divertTo: 5 }, /must be a phone number/],
    ['defaults.priority', { auth, defaults: { priority: 5 } }, /from 0 to 4/],
    ['defaults.body', { auth, defaults: { body: 'x' } }, /belongs to each message/],
    ['defaults.dests', { auth, defaults: { dests: ['0501234567'] } }, /belongs to each message/],
    ['defaults.colour', { auth, defaults: { colour: 'red' } }, /is not known/],
    ['quietHours', { auth, quietHours: 'at night' }, /must be an object/],
    ['quietHours.from', { auth, quietHours: { ...NIGHT, from: '9pm' } }, /time of day from 00:00 to 23:59, as HH:MM/],
    ['quietHours.from', { auth, quietHours: { to: '09:00', action: 'warn' } }, /time of day/],
    ['quietHours.to', { auth, quietHours: { ...NIGHT, to: '24:00' } }, /time of day/],
    ['quietHours.to', { auth, quietHours: { ...NIGHT, to: '21:00' } }, /must differ from quietHours\.from/],
    ['quietHours.action', { auth, quietHours: { ...NIGHT, action: 'drop' } }, /must be warn, refuse or hold/],
    ['quietHours.action', { auth, quietHours: { from: '21:00', to: '09:00' } }, /must be warn, refuse or hold/],
    ['quietHours.zone', { auth, quietHours: { ...NIGHT, zone: 'UTC' } }, /is not known/],
    ['timeout', { auth, timeout: 5 }, /is not known/],
  ])('refuse a faulty %s: %j', async (field, options, reason) => {
    expect(await faultsOf(options)).toEqual({ [field]: expect.stringMatching(reason) });
  });

  it.each(['two\nlines', 'a\u001b[31mb', '\u202eabc', '\ud800', 'a\u2028b'])(
    'refuse an account name with control characters: %j',
    async (name) => {
      const compiling = Test.createTestingModule({ imports: [OurSmsModule.forRoot({ auth, name })] })
        .setLogger(new LogRecorder())
        .compile();
      const error = await rejection(compiling, OurSmsConfigError);
      expect(error.faults).toEqual([{ field: 'name', reason: 'must not contain control characters' }]);
      expect(error.message).not.toContain(name);
      expect(error.message).toMatch(/^OurSmsModule \(account .*\\u[0-9a-f]{4}.*\) cannot start: name: /);
    },
  );

  it('escape line breaks in the name of an unknown field', async () => {
    const error = await rejection(compile({ auth, 'a\nFATAL b': 1 }), OurSmsConfigError);
    expect(error.message).toContain('a\\u000aFATAL b: is not known');
  });

  it('name every faulty field in one error, and show no value', async () => {
    const error = await rejection(
      compile({
        auth: { username: 'someone', password: '', token: 'sec-ret' },
        baseUrl: 'http://user:pa55@nowhere.example',
        divertTo: 'not-a-number',
        dlr: { webhook: { secret: 'too-short' } },
        http: { timeoutMs: -77_777 },
        defaults: { src: '', prevDups: -88_888 },
        surprise: 'pa55-word',
      }),
      OurSmsConfigError,
    );
    expect(error.faults.map(({ field }) => field).sort()).toEqual(
      [
        'auth',
        'baseUrl',
        'defaults.prevDups',
        'defaults.src',
        'divertTo',
        'dlr.webhook.secret',
        'http.timeoutMs',
        'surprise',
      ].sort(),
    );
    const shown = inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error) + error.stack;
    for (const value of ['someone', 'sec-ret', 'pa55', 'nowhere', 'not-a-number', 'too-short', '77_777', '88888']) {
      expect(shown).not.toContain(value);
    }
  });

  it('refuse an invalid cron expression', async () => {
    await expect(startBench({ dlr: { poll: { cron: 'every now and then' } } })).rejects.toThrow(
      /dlr\.poll\.cron: is not a cron expression/,
    );
  });
});
