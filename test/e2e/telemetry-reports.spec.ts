import { context, SpanKind, trace, type Context } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OurSmsError, OurSmsStorageError, type Dlr } from 'nestjs-oursms';
import { openTelemetry } from 'nestjs-oursms/opentelemetry';
import { rejection, startBench, until, type TestBench } from '../support/application.js';
import { InboxBench } from '../support/inbox-bench.js';
import { RecordedTelemetry } from '../support/recorded-telemetry.js';
import { pushOf, SECRET, WebhookBench } from '../support/webhook-bench.js';

const poll = { everyMs: 60_000, count: 2 };
const dlr = { poll, retryDelayMs: 1 };

let recorded: RecordedTelemetry;
let bench: InboxBench | WebhookBench | undefined;
let called: TestBench | undefined;
beforeEach(() => void (recorded = RecordedTelemetry.start()));
afterEach(async () => {
  await bench?.remove();
  await called?.close();
  bench = called = undefined;
  await recorded.stop();
});

const startInbox = async (
  options: Parameters<InboxBench['start']>[0] = {},
  onReport?: (dlr: Dlr) => unknown,
): Promise<InboxBench> => {
  const inbox = new InboxBench();
  bench = inbox;
  await inbox.start({ telemetry: openTelemetry(), dlr, ...options }, onReport);
  await until('the first poll has ended', async () => (await inbox.face.stats()).lastPoll !== undefined);
  recorded.clearSpans();
  return inbox;
};

const startWebhook = async (setting: Parameters<WebhookBench['start']>[1] = {}): Promise<WebhookBench> => {
  const webhook = new WebhookBench();
  bench = webhook;
  const options = {
    telemetry: openTelemetry(),
    dlr: { webhook: { secret: SECRET }, retryDelayMs: 1 },
    ...setting.options,
  };
  return webhook.start('express', { ...setting, options });
};

/** Runs as if in a request of the application. */
const inSpan = async <T>(run: () => Promise<T>): Promise<{ result: T; spanId: string; traceId: string }> => {
  const span = trace.getTracer('application').startSpan('business');
  const active: Context = trace.setSpan(context.active(), span);
  const result = await context.with(active, run);
  const { spanId, traceId } = span.spanContext();
  return { result, spanId, traceId };
};

describe('the span of a download', () => {
  it('has the kind client and the number of its reports', async () => {
    const inbox = await startInbox();
    inbox.push(1);
    await inbox.face.pollNow();
    const { name, kind, attributes, failed } = recorded.span('receive');
    expect({ name, kind, failed }).toEqual({ name: 'receive dlrs', kind: SpanKind.CLIENT, failed: false });
    expect(attributes).toEqual({
      'messaging.system': 'oursms',
      'messaging.operation.name': 'receive',
      'messaging.operation.type': 'receive',
      'messaging.destination.name': 'dlrs',
      'messaging.batch.message_count': 1,
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(inbox.gateway.url).port),
      'oursms.account': 'default',
      'oursms.report.source': 'poll',
    });
  });

  it('is created for each download of a poll, including those after full batches', async () => {
    const inbox = await startInbox();
    inbox.push(5);
    await inbox.face.pollNow();
    await until('all are handled', () => inbox.handled.length === 5);
    await until('all spans have ended', () => recorded.spans('receive').length >= 3);
    const counts = recorded.spans('receive').map(({ attributes }) => attributes['messaging.batch.message_count']);
    expect(counts).toEqual([2, 2, 1]);
  });

  it('is a root span in a poll, even when pollNow was called inside another span', async () => {
    const inbox = await startInbox();
    await inSpan(() => inbox.face.pollNow());
    expect(recorded.span('receive')).toMatchObject({
      parentId: undefined,
      attributes: { 'oursms.account': 'default' },
    });
  });

  it('has a report count of 0 after a poll without reports', async () => {
    const inbox = await startInbox();
    await inbox.face.pollNow();
    expect(recorded.span('receive').attributes['messaging.batch.message_count']).toBe(0);
  });

  it('fails with the error of the download', async () => {
    const inbox = await startInbox();
    inbox.gateway.faults.next('serverError');
    await inbox.face.pollNow();
    const { failed, attributes } = recorded.span('receive');
    expect(failed).toBe(true);
    expect(attributes['error.type']).toBe('server');
  });

  it('is a child of the active span of the caller of downloadDlrs', async () => {
    called = await startBench({ telemetry: openTelemetry() });
    const { sms, gateway } = called;
    gateway.pushReport('demo', { msgId: 'm1', status: 'delivered' });
    const { spanId } = await inSpan(() => sms.downloadDlrs());
    const { parentId, attributes } = recorded.span('receive');
    expect(parentId).toBe(spanId);
    expect(attributes).toMatchObject({ 'oursms.report.source': 'call', 'messaging.batch.message_count': 1 });
    recorded.clearSpans();
    gateway.faults.next('resetAfter');
    await rejection(sms.downloadDlrs(), OurSmsError);
    expect(recorded.span('receive').attributes['error.type']).toBe('OurSmsConnectionError');
  });
});

describe('the span of a push', () => {
  it('has the kind consumer once the push is stored', async () => {
    const webhook = await startWebhook();
    expect((await webhook.push(pushOf('m1', 'm2'))).status).toBe(200);
    const { name, kind, attributes } = recorded.span('receive');
    expect({ name, kind }).toEqual({ name: 'receive dlrs', kind: SpanKind.CONSUMER });
    expect(attributes).toMatchObject({ 'oursms.report.source': 'push', 'oursms.account': 'default' });
    // A push is answered before it is parsed.
    expect(attributes).not.toHaveProperty('messaging.batch.message_count');
  });

  it('is not created for a push with a wrong secret', async () => {
    const webhook = await startWebhook();
    await webhook.push(pushOf('m1'), { path: '/sms/reports/another-secret-of-tests' });
    expect(recorded.spans('receive')).toEqual([]);
  });

  it('fails when the push cannot be stored', async () => {
    const webhook = await startWebhook();
    const { inbox } = webhook;
    await webhook.stop();
    await rejection(inbox.accept(pushOf('m1')), OurSmsStorageError);
    const { failed, attributes } = recorded.span('receive');
    expect(failed).toBe(true);
    expect(attributes['error.type']).toBe('OurSmsStorageError');
  });

  it('is a child of the span that is active where the push is accepted', async () => {
    const webhook = await startWebhook();
    const { spanId } = await inSpan(() => webhook.inbox.accept(pushOf('m1')));
    expect(recorded.span('receive').parentId).toBe(spanId);
  });
});

describe('the span of a report', () => {
  it('is the root span of its listeners, with the ids of its message and its request', async () => {
    let active: { traceId: string; spanId: string } | undefined;
    const inbox = await startInbox({}, async () => {
      await Promise.resolve();
      active = trace.getActiveSpan()?.spanContext();
    });
    inbox.push(1, { jobId: 'job-1', status: 'undelivered' });
    await inSpan(() => inbox.face.pollNow());
    await until('the report is handled', () => recorded.spans('process').length === 1);
    const { name, kind, attributes, failed, parentId, traceId, spanId, links } = recorded.span('process');
    expect({ name, kind, failed, parentId }).toEqual({
      ...{ name: 'process dlrs', kind: SpanKind.CONSUMER, failed: false, parentId: undefined },
    });
    expect(active).toMatchObject({ traceId, spanId });
    // The send of this report is unknown.
    expect(links).toEqual([]);
    expect(attributes).toEqual({
      'messaging.system': 'oursms',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'dlrs',
      'messaging.message.id': 'm0',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(inbox.gateway.url).port),
      'oursms.account': 'default',
      'oursms.job.id': 'job-1',
      'oursms.report.source': 'poll',
      'oursms.report.status': 'undelivered',
    });
  });

  it('is separate for each report, in a trace of its own', async () => {
    const inbox = await startInbox();
    inbox.push(2);
    await inbox.face.pollNow();
    await until('all are handled', () => recorded.spans('process').length === 2);
    expect(new Set(recorded.spans('process').map(({ traceId }) => traceId)).size).toBe(2);
  });

  it('is separate for each delivery: a failed delivery has the class of the error', async () => {
    let left = 1;
    const inbox = await startInbox({}, () => {
      if (left-- > 0) throw new RangeError('no place for 966501234567');
    });
    inbox.push(1);
    await inbox.face.pollNow();
    await until('the report is handled', () => inbox.handled.length === 1);
    await until('both spans have ended', () => recorded.spans('process').length === 2);
    const [first, second] = recorded.spans('process');
    expect(first).toMatchObject({ failed: true, attributes: { 'error.type': 'RangeError' } });
    expect(second).toMatchObject({ failed: false, attributes: { 'messaging.message.id': 'm0' } });
  });

  it('marks a pushed report as pushed', async () => {
    const webhook = await startWebhook();
    await webhook.push(pushOf('m1'));
    await until('the report is handled', () => recorded.spans('process').length === 1);
    expect(recorded.span('process').attributes).toMatchObject({
      ...{ 'oursms.report.source': 'push', 'messaging.message.id': 'm1', 'oursms.job.id': 'job-1' },
    });
  });
});
