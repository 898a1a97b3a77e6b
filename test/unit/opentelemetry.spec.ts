import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OurSmsConfigError, OurSmsModuleOptions, type Dlr, type DlrStatus } from 'nestjs-oursms';
import { openTelemetry, type OpenTelemetryOptions } from 'nestjs-oursms/opentelemetry';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { ATTRIBUTES } from '../../lib/opentelemetry/attributes.js';
import { errorType } from '../../lib/opentelemetry/error-type.js';
import { fromTraceparent, toTraceparent } from '../../lib/opentelemetry/traceparent.js';
import { SILENT_TELEMETRY } from '../../lib/telemetry/silent-telemetry.js';
import type { SentFacts, Telemetry } from '../../lib/telemetry/telemetry.js';
import { RecordedTelemetry } from '../support/recorded-telemetry.js';

const ACCOUNT = { name: 'default', host: 'api.oursms.com', port: 443 };
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const SENT_AT = Date.parse('2026-01-31T12:00:00Z');

const reportOf = (status: DlrStatus, receivedAt = '2026-01-31T12:02:05Z'): Dlr => ({
  ...{ id: 'r1', msgId: 'm1', status, src: 'MyBrand', dest: '966501234567', receivedAt, via: 'poll' as const },
  ...{ account: 'default', isFinal: true, raw: {} },
});

describe('the telemetry', () => {
  let recorded: RecordedTelemetry;
  let telemetry: Telemetry;
  beforeEach(() => {
    recorded = RecordedTelemetry.start();
    telemetry = openTelemetry().openTelemetry(ACCOUNT);
  });
  afterEach(() => recorded.stop());

  const process = (status: DlrStatus, sent?: SentFacts, receivedAt?: string): void =>
    telemetry.startProcess(reportOf(status, receivedAt), sent).end();

  it('links a report to its send through the stored traceparent, and not as its child', () => {
    const send = telemetry.startSend('message', 1);
    const { traceparent } = JSON.parse(JSON.stringify({ traceparent: send.traceparent })) as { traceparent: string };
    send.end({ kind: 'sent', receipt: { acceptedMsgs: [], rejectedMsgs: [], skipped: 0, raw: {} } });
    process('delivered', { traceparent });
    const { links, traceId, parentId, kind } = recorded.span('process');
    const sent = recorded.span('send');
    expect(links.map(({ context: { traceId, spanId } }) => ({ traceId, spanId }))).toEqual([
      { traceId: sent.traceId, spanId: sent.spanId },
    ]);
    expect(links[0]?.context.isRemote).toBe(true);
    expect({ parentId, kind }).toEqual({ parentId: undefined, kind: SpanKind.CONSUMER });
    expect(traceId).not.toBe(sent.traceId);
  });

  it.each([undefined, '', 'garbage', `00-${'0'.repeat(32)}-${SPAN}-01`])(
    'links a report to nothing when the stored traceparent is %p',
    (traceparent) => {
      process('delivered', { traceparent });
      expect(recorded.span('process').links).toEqual([]);
    },
  );

  it('measures the duration of a delivery when the time of the send is known', async () => {
    process('delivered', { sentAt: SENT_AT });
    process('undelivered', { sentAt: SENT_AT }, '2026-01-31T12:00:01.500Z');
    const points = await recorded.points('oursms.delivery.duration');
    const buckets = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 18_000, 36_000, 108_000];
    expect(points).toEqual([
      { attributes: statusOf('delivered'), value: 1, sum: 125, buckets },
      { attributes: statusOf('undelivered'), value: 1, sum: 1.5, buckets },
    ]);
    expect((await recorded.collect()).get('oursms.delivery.duration')?.descriptor.unit).toBe('s');
  });

  it('measures no duration when a delivery is not over, has failed, or has an unknown send time', async () => {
    process('sent', { sentAt: SENT_AT });
    process('unknown', { sentAt: SENT_AT });
    process('delivered');
    telemetry.startProcess(reportOf('delivered'), { sentAt: SENT_AT }).fail(new Error('no'));
    expect(await recorded.points('oursms.delivery.duration')).toEqual([]);
  });

  it('measures no negative duration, whatever the clocks show', async () => {
    process('delivered', { sentAt: SENT_AT }, '2026-01-31T11:59:00Z');
    expect((await recorded.points('oursms.delivery.duration'))[0]?.sum).toBe(0);
  });

  it('runs listeners in the context of their report, not in the surrounding one', () => {
    const key = Symbol('application');
    const outer = trace.setSpan(context.active().setValue(key, 'outer'), trace.getTracer('application').startSpan('x'));
    const span = telemetry.startProcess(reportOf('delivered'));
    const [active, value] = context.with(outer, () =>
      span.run(() => [trace.getActiveSpan()?.spanContext().spanId, context.active().getValue(key)]),
    );
    span.end();
    expect(active).toBe(recorded.span('process').spanId);
    expect(value).toBeUndefined();
  });
});

const statusOf = (status: string): object => ({ 'oursms.account': 'default', 'oursms.report.status': status });

describe('a traceparent', () => {
  it('follows W3C Trace Context', () => {
    expect(toTraceparent({ traceId: TRACE, spanId: SPAN, traceFlags: 1 })).toBe(`00-${TRACE}-${SPAN}-01`);
    expect(fromTraceparent(`00-${TRACE}-${SPAN}-00`)).toEqual({
      ...{ traceId: TRACE, spanId: SPAN, traceFlags: 0, isRemote: true },
    });
  });

  it('of a newer version may have more parts', () => {
    expect(fromTraceparent(`01-${TRACE}-${SPAN}-01-more`)).toMatchObject({ traceId: TRACE });
    expect(fromTraceparent(`00-${TRACE}-${SPAN}-01more`)).toBeUndefined();
  });

  it('is undefined when no OpenTelemetry is registered', () => {
    expect(trace.getSpan(ROOT_CONTEXT)).toBeUndefined();
    expect(openTelemetry().openTelemetry(ACCOUNT).startSend('message', 1).traceparent).toBeUndefined();
  });
});

const NAMELESS = Object.create(Error.prototype, { constructor: { value: undefined } }) as Error;

describe('the type of an error', () => {
  it.each<[string, unknown, string]>([
    ['its class', new RangeError('to 966501234567'), 'RangeError'],
    ['its class, whatever its name says', Object.assign(new TypeError(), { name: 'to 966501234567' }), 'TypeError'],
    ['_OTHER for a value that is not an error', 'to 966501234567', '_OTHER'],
    ['_OTHER for undefined', undefined, '_OTHER'],
    ['_OTHER for an error of a class without a name', Object.create(NAMELESS), '_OTHER'],
    [
      '_OTHER for an error that cannot be inspected',
      new Proxy(new Error(), {
        getPrototypeOf: () => {
          throw new Error('a trap');
        },
      }),
      '_OTHER',
    ],
  ])('is %s', (_, thrown, type) => expect(errorType(thrown)).toBe(type));
});

describe('the OpenTelemetry guide', () => {
  it('lists every attribute and every metric', async () => {
    const guide = await readFile('lib/opentelemetry/README.md', 'utf8');
    const source = await readFile('lib/opentelemetry/account-metrics.ts', 'utf8');
    const metrics = [...source.matchAll(/'((?:messaging|oursms)\.[a-z_.]+)'/g)].map(([, name]) => name);
    expect(metrics).toHaveLength(11);
    const names = [...Object.values(ATTRIBUTES), ...metrics];
    expect(names.filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('the options of openTelemetry', () => {
  it.each<[unknown, RegExp]>([
    [{ metrics: 'yes' }, /^openTelemetry: metrics: must be true or false\.$/],
    [{ tracing: true }, /^openTelemetry: tracing: is not known: the only option is metrics\.$/],
    [null, /its options must be an object/],
    [[], /its options must be an object/],
  ])('are validated when it is called: %p', (given, message) => {
    try {
      openTelemetry(given as OpenTelemetryOptions);
    } catch (error) {
      expect(error).toBeInstanceOf(OurSmsConfigError);
      return expect((error as Error).message).toMatch(message);
    }
    throw new Error('nothing was thrown');
  });

  it.each(['opentelemetry', {}, { openTelemetry: true }, 5])('the option telemetry cannot be %p', (telemetry) => {
    const options = { auth: { token: 'a-token' }, telemetry } as unknown as OurSmsModuleOptions;
    expect(() => resolveOptions(options, 'default')).toThrow(
      /telemetry: must be openTelemetry\(\) of nestjs-oursms\/opentelemetry/,
    );
  });
});

describe('the telemetry of an account without the option', () => {
  it('creates no object for a send, a download or a report', () => {
    const send = SILENT_TELEMETRY.startSend('message', 1);
    expect(SILENT_TELEMETRY.startSend('campaign', 500)).toBe(send);
    expect(SILENT_TELEMETRY.startReceive('poll')).toBe(SILENT_TELEMETRY.startReceive('push'));
    expect(SILENT_TELEMETRY.startProcess(reportOf('sent'))).toBe(SILENT_TELEMETRY.startProcess(reportOf('delivered')));
    expect(send.traceparent).toBeUndefined();
    expect(inspect(SILENT_TELEMETRY.startProcess(reportOf('sent')).run(() => 'ran'))).toBe("'ran'");
  });
});
