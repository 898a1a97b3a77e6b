import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Campaigns, OURSMS_DLR_FAILED, type Dlr, type DlrFailure } from 'nestjs-oursms';
import { openTelemetry } from 'nestjs-oursms/opentelemetry';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { until } from '../support/application.js';
import { mobiles } from '../support/campaign-bench.js';
import { InboxBench } from '../support/inbox-bench.js';
import { RecordedTelemetry, type RecordedSpan } from '../support/recorded-telemetry.js';

const MESSAGE = { src: 'MyBrand', body: 'Your order is on its way', dlr: true };

let recorded: RecordedTelemetry;
let bench: InboxBench;
beforeEach(() => {
  recorded = RecordedTelemetry.start();
  bench = new InboxBench();
});
afterEach(async () => {
  await bench.remove();
  await recorded.stop();
});

const start = (onReport?: (dlr: Dlr) => unknown, maxAttempts = 10, listen = {}): Promise<InboxBench> => {
  const dlr = { poll: { everyMs: 20 }, retryDelayMs: 1, maxAttempts };
  return bench.start({ telemetry: openTelemetry(), tracking: {}, dlr }, onReport, listen);
};
const untilProcessed = (count: number): Promise<void> =>
  until(`${count} deliveries have ended`, () => recorded.spans('process').length >= count);
const linkOf = ({ links }: RecordedSpan): unknown => links.map(({ context }) => [context.traceId, context.spanId]);

describe('the span of a report whose message is found', () => {
  it('has a link to the span of its send, and is in a trace of its own', async () => {
    await start();
    await bench.application.sms.send({ ...MESSAGE, dests: ['966501234567'] }, { reference: 'order-1' });
    await untilProcessed(1);
    const [send, process] = [recorded.span('send'), recorded.span('process')];
    expect(linkOf(process)).toEqual([[send.traceId, send.spanId]]);
    expect(process.parentId).toBeUndefined();
    expect(process.traceId).not.toBe(send.traceId);
    expect(bench.handled[0]).not.toHaveProperty('traceparent');
    const [duration] = await recorded.points('oursms.delivery.duration');
    expect(duration).toMatchObject({ value: 1 });
    expect(duration?.sum).toBeLessThan(30);
  });

  it('has the link in each delivery, and events and lists do not contain its trace id', async () => {
    const failed: DlrFailure[] = [];
    await start(() => Promise.reject(new Error('out of order')), 2, { [OURSMS_DLR_FAILED]: failed });
    await bench.application.sms.send({ ...MESSAGE, dests: ['966501234567'] });
    await untilProcessed(2);
    const send = recorded.span('send');
    for (const process of recorded.spans('process')) expect(linkOf(process)).toEqual([[send.traceId, send.spanId]]);
    await until('the report is given up', () => failed.length === 1);
    expect(JSON.stringify(failed)).not.toContain(send.traceId);
    await bench.untilStats('the failed report is kept', ({ failed: kept }) => kept === 1);
    for await (const one of bench.face.failed()) expect(JSON.stringify(one)).not.toContain(send.traceId);
  });

  it('has a link to the request of its campaign', async () => {
    bench.gateway = await GatewaySimulator.start({ deliverAfterMs: 300 });
    await start();
    const campaigns = bench.application.app.get(Campaigns);
    await (
      await campaigns.start({ id: 'spring', message: MESSAGE, recipients: mobiles(3) })
    ).done;
    await untilProcessed(3);
    const send = recorded.span('send');
    const linked = recorded.spans('process').map(linkOf);
    expect(
      linked.filter((link) => JSON.stringify(link) === JSON.stringify([[send.traceId, send.spanId]])),
    ).toHaveLength(3);
  });
});
