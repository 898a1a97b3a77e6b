import { context, SpanKind, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OurSmsAbortedError, OurSmsConnectionError, OurSmsError, OurSmsGatewayError } from 'nestjs-oursms';
import { openTelemetry } from 'nestjs-oursms/opentelemetry';
import { rejection, startBench, until, type TestBench } from '../support/application.js';
import { CampaignBench, mobiles } from '../support/campaign-bench.js';
import { RecordedTelemetry } from '../support/recorded-telemetry.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'Your code is 483920' };
const retry = { attempts: 3, delayMs: 1 };

let recorded: RecordedTelemetry;
let bench: TestBench | CampaignBench | undefined;
beforeEach(() => void (recorded = RecordedTelemetry.start()));
afterEach(async () => {
  await (bench instanceof CampaignBench ? bench.remove() : bench?.close());
  bench = undefined;
  await recorded.stop();
});

const start = async (options: Parameters<typeof startBench>[0] = {}): Promise<TestBench> => {
  const started = await startBench({ telemetry: openTelemetry(), retry, ...options });
  bench = started;
  return started;
};
const portOf = (url: string): number => Number(new URL(url).port);

describe('the span of a send', () => {
  it('has the kind producer, and follows the semantic conventions for messaging', async () => {
    const { sms, gateway } = await start();
    const receipt = await sms.send(MESSAGE);
    const { name, kind, attributes, events, failed, parentId } = recorded.span('send');
    expect({ name, kind, failed, parentId }).toEqual({
      ...{ name: 'send sms', kind: SpanKind.PRODUCER, failed: false, parentId: undefined },
    });
    expect(attributes).toEqual({
      'messaging.system': 'oursms',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'sms',
      'messaging.message.id': receipt.acceptedMsgs[0]?.msgId,
      'server.address': '127.0.0.1',
      'server.port': portOf(gateway.url),
      'oursms.account': 'default',
      'oursms.origin': 'message',
      'oursms.outcome': 'sent',
      'oursms.tries': 1,
      'oursms.job.id': receipt.jobId,
      'oursms.accepted': 1,
      'oursms.rejected': 0,
      'oursms.duplicates': 0,
    });
    expect(events).toEqual([{ name: 'oursms.try', attributes: { 'oursms.try': 1 } }]);
  });

  it('counts the messages to several recipients, and has no message id', async () => {
    const { sms } = await start();
    await sms.send({ ...MESSAGE, dests: ['0501234567', '0507654321'] });
    const { attributes } = recorded.span('send');
    expect(attributes).toMatchObject({ 'messaging.batch.message_count': 2, 'oursms.accepted': 2 });
    expect(attributes).not.toHaveProperty('messaging.message.id');
  });

  it('has an event for each try, and one for each failed try', async () => {
    const { sms, gateway } = await start();
    gateway.faults.next('rateLimit', { retryAfter: 0, times: 2 });
    await sms.send(MESSAGE);
    const { events, attributes, failed } = recorded.span('send');
    const failure = { 'error.type': 'rateLimit', 'oursms.outcome': 'notSent' };
    expect(events).toEqual([
      { name: 'oursms.try', attributes: { 'oursms.try': 1 } },
      { name: 'oursms.try.failed', attributes: { 'oursms.try': 1, ...failure } },
      { name: 'oursms.try', attributes: { 'oursms.try': 2 } },
      { name: 'oursms.try.failed', attributes: { 'oursms.try': 2, ...failure } },
      { name: 'oursms.try', attributes: { 'oursms.try': 3 } },
    ]);
    expect(attributes).toMatchObject({ 'oursms.outcome': 'sent', 'oursms.tries': 3 });
    expect(failed).toBe(false);
  });

  it('fails with the kind and the HTTP status of a gateway error', async () => {
    const { sms } = await start({ auth: { username: 'demo', password: 'wrong' } });
    const { httpStatus } = await rejection(sms.send(MESSAGE), OurSmsGatewayError);
    const { attributes, failed } = recorded.span('send');
    expect(failed).toBe(true);
    expect(attributes).toMatchObject({
      ...{ 'error.type': 'auth', 'http.response.status_code': httpStatus, 'oursms.outcome': 'notSent' },
    });
  });

  it.each([
    ['resetAfter', 'unknown', 'OurSmsConnectionError'],
    ['hang', 'unknown', 'OurSmsTimeoutError'],
    ['html', 'unknown', 'OurSmsResponseError'],
    ['serverError', 'unknown', 'server'],
  ] as const)('shows after the fault %s the outcome %s', async (fault, outcome, type) => {
    const { sms, gateway } = await start({ http: { timeoutMs: 500 } });
    gateway.faults.next(fault);
    await rejection(sms.send(MESSAGE), OurSmsError);
    const { attributes, failed } = recorded.span('send');
    expect(attributes).toMatchObject({ 'oursms.outcome': outcome, 'error.type': type, 'oursms.tries': 1 });
    expect(failed).toBe(true);
  });

  it('has the outcome notSent when the gateway could not be reached', async () => {
    const { sms, gateway } = await start();
    await gateway.refuseConnections();
    await rejection(sms.send(MESSAGE), OurSmsConnectionError);
    expect(recorded.span('send').attributes).toMatchObject({
      ...{ 'oursms.outcome': 'notSent', 'error.type': 'OurSmsConnectionError', 'oursms.tries': 3 },
    });
  });

  it('has the outcome withdrawn, and does not fail, when the caller aborts before the request', async () => {
    const { sms, gateway } = await start({ rate: { concurrency: 1 } });
    gateway.faults.next('latency', { ms: 200 });
    const first = sms.send(MESSAGE);
    const caller = new AbortController();
    const second = rejection(sms.send(MESSAGE, { signal: caller.signal }), OurSmsAbortedError);
    caller.abort();
    await second;
    const { attributes, failed, events } = recorded.span('send');
    expect(attributes).toMatchObject({ 'oursms.outcome': 'withdrawn', 'oursms.tries': 0 });
    expect({ failed, events }).toEqual({ failed: false, events: [] });
    await first;
  });

  it('is a child of the active span of the caller, and does not become active itself', async () => {
    const { sms } = await start();
    const span = trace.getTracer('application').startSpan('business');
    const after = await context.with(trace.setSpan(context.active(), span), async () => {
      await sms.send(MESSAGE);
      return trace.getActiveSpan();
    });
    expect(after).toBe(span);
    const { traceId, parentId } = recorded.span('send');
    expect({ traceId, parentId }).toEqual({ traceId: span.spanContext().traceId, parentId: span.spanContext().spanId });
  });

  it('is not created for a message that is refused before anything is sent', async () => {
    const { sms } = await start();
    await rejection(sms.send({ ...MESSAGE, dests: ['12'] }), OurSmsError);
    expect(recorded.spans()).toEqual([]);
  });

  it('is created without metrics as well', async () => {
    const { sms } = await start({ telemetry: openTelemetry({ metrics: false }) });
    await sms.send(MESSAGE);
    expect(recorded.spans('send')).toHaveLength(1);
    expect([...(await recorded.collect()).keys()]).toEqual([]);
  });

  it('is not created without the option telemetry', async () => {
    const { sms } = await start({ telemetry: undefined });
    await sms.send(MESSAGE);
    expect(recorded.spans()).toEqual([]);
    expect([...(await recorded.collect()).keys()]).toEqual([]);
  });
});

describe('the spans of a campaign', () => {
  it('are root spans, one per request, even when the campaign was started inside a span', async () => {
    const campaigns = new CampaignBench();
    bench = campaigns;
    await campaigns.start({ telemetry: openTelemetry() });
    const span = trace.getTracer('application').startSpan('business');
    const message = { src: 'MyBrand', body: 'Half price today' };
    const campaign = await context.with(trace.setSpan(context.active(), span), () =>
      campaigns.face.start({ id: 'sale', message, recipients: mobiles(1_234) }),
    );
    await campaign.done;
    const spans = recorded.spans('send');
    expect(spans.map(({ attributes }) => attributes['messaging.batch.message_count']).sort()).toEqual([234, 500, 500]);
    for (const { kind, parentId, traceId, attributes } of spans) {
      expect({ kind, parentId }).toEqual({ kind: SpanKind.PRODUCER, parentId: undefined });
      expect(traceId).not.toBe(span.spanContext().traceId);
      expect(attributes).toMatchObject({ 'oursms.origin': 'campaign', 'oursms.outcome': 'sent', 'oursms.tries': 1 });
      expect(attributes['oursms.job.id']).toEqual(expect.any(String));
    }
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(3);
  });

  it('show which requests failed, and why', async () => {
    const campaigns = new CampaignBench();
    bench = campaigns;
    await campaigns.start({ telemetry: openTelemetry(), retry: { attempts: 1 } });
    campaigns.gateway.faults.next('resetAfter', { on: 'send' });
    const message = { src: 'MyBrand', body: 'Half price today' };
    const campaign = await campaigns.face.start({ id: 'sale', message, recipients: mobiles(10) });
    await campaign.done;
    await until('the span has ended', () => recorded.spans('send').length === 1);
    expect(recorded.span('send').attributes).toMatchObject({
      ...{ 'oursms.origin': 'campaign', 'oursms.outcome': 'unknown', 'error.type': 'OurSmsConnectionError' },
    });
  });
});
