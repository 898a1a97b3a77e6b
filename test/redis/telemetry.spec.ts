import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { DlrInbox, OURSMS_DLR, type Dlr } from 'nestjs-oursms';
import { openTelemetry } from 'nestjs-oursms/opentelemetry';
import { until } from '../support/application.js';
import { mobiles } from '../support/campaign-bench.js';
import { RecordedTelemetry, type RecordedSpan } from '../support/recorded-telemetry.js';
import { describeWithRedis, reachRedis, type RedisAtHand } from '../support/redis-at-hand.js';
import { SharedCampaigns, type CampaignInstance } from '../support/shared-campaigns.js';

const USERNAME = 'shopper-4711';
const PASSWORD = 'p4ss w/rd+&%"ü';
const SENDER = 'MyBrandName';
const BODY = 'Your login code is 483920';
const NUMBER = '966501234567';
const MESSAGE = { src: SENDER, body: BODY, dlr: true };
const HIDDEN = [
  ...[USERNAME, PASSWORD, encodeURIComponent(PASSWORD), JSON.stringify(PASSWORD).slice(1, -1)],
  ...[SENDER, 'login', '483920', '501234567', '050000000', '96650000000'],
];
const PATIENCE_MS = 20_000;

describeWithRedis('the telemetry of instances that share a Redis', () => {
  let recorded: RecordedTelemetry;
  let redis: RedisAtHand;
  let shared: SharedCampaigns;
  /** Which instance handled each report. */
  let handled: { by: CampaignInstance; dlr: Dlr }[];
  let onReport: (by: CampaignInstance, dlr: Dlr) => unknown;

  beforeEach(async () => {
    recorded = RecordedTelemetry.start();
    redis = await reachRedis();
    handled = [];
    onReport = () => undefined;
    shared = await SharedCampaigns.start(redis, {
      ...{ accounts: [{ username: USERNAME, password: PASSWORD, credits: 1_000 }], reports: false },
    });
  });

  afterEach(async () => {
    await shared.remove();
    await redis.remove();
    await recorded.stop();
  });

  async function start(): Promise<CampaignInstance> {
    const instance = await shared.join({
      ...{ auth: { username: USERNAME, password: PASSWORD }, telemetry: openTelemetry(), tracking: {} },
      dlr: { poll: { everyMs: 30 }, retryDelayMs: 1 },
    });
    const listener: (dlr: Dlr) => unknown = async (dlr) => {
      await onReport(instance, dlr);
      handled.push({ by: instance, dlr });
    };
    instance.application.app.get(EventEmitter2).on(OURSMS_DLR, listener);
    return instance;
  }

  /** One that sends and gets no reports, and one that gets them. */
  async function startBoth(): Promise<{ sender: CampaignInstance; receiver: CampaignInstance }> {
    const [sender, receiver] = [await start(), await start()];
    await sender.application.app.get(DlrInbox).pause();
    return { sender, receiver };
  }

  const send = async ({ application }: CampaignInstance): Promise<string | undefined> => {
    const { acceptedMsgs } = await application.sms.send({ ...MESSAGE, dests: [NUMBER] }, { reference: randomUUID() });
    return acceptedMsgs[0]?.msgId;
  };
  const report = (row: Record<string, unknown>): unknown =>
    shared.gateway.pushReport(USERNAME, { status: 'delivered', src: SENDER, dest: NUMBER, ...row });
  const untilProcessed = (count: number): Promise<void> =>
    until(`${count} deliveries have ended`, () => recorded.spans('process').length >= count, PATIENCE_MS);
  const linksOf = ({ links }: RecordedSpan): unknown => links.map(({ context }) => [context.traceId, context.spanId]);
  const received = (): RecordedSpan[] =>
    recorded.spans('receive').filter(({ attributes }) => Number(attributes['messaging.batch.message_count']) > 0);

  /** Nothing that was recorded has what must not be in it, and neither has a log line. */
  async function expectHidden(): Promise<void> {
    const lines = shared.instances.flatMap(({ application }) => application.logs.lines.map(({ text }) => text));
    const said = [await recorded.text(), ...lines].join('\n');
    expect(HIDDEN.filter((value) => said.includes(value))).toEqual([]);
  }

  it('has the spans of a report that another instance received, with a link to the send', async () => {
    const { sender, receiver } = await startBoth();
    report({ msgId: await send(sender) });
    await untilProcessed(1);
    const [sent, process] = [recorded.span('send'), recorded.span('process')];
    expect(handled.map(({ by }) => by)).toEqual([receiver]);
    expect(received()).toHaveLength(1);
    expect(received()[0]).toMatchObject({ parentId: undefined, failed: false });
    expect(linksOf(process)).toEqual([[sent.traceId, sent.spanId]]);
    expect(process).toMatchObject({
      ...{ parentId: undefined, failed: false },
      attributes: { 'oursms.account': 'default', 'oursms.report.status': 'delivered' },
    });
    expect(process.traceId).not.toBe(sent.traceId);
    expect((await recorded.points('oursms.delivery.duration'))[0]).toMatchObject({ value: 1 });
    await expectHidden();
  });

  it('links each delivery to the send, even after a takeover, and shows nothing of the error of a listener', async () => {
    const { sender, receiver } = await startBoth();
    onReport = (by) => {
      if (by === receiver) throw new TypeError(`${NUMBER} ${BODY} ${SENDER} ${PASSWORD}`);
    };
    report({ msgId: await send(sender) });
    await untilProcessed(1);
    await receiver.close();
    await sender.application.app.get(DlrInbox).resume();
    await until('the report is handled', () => handled.length === 1, PATIENCE_MS);
    expect(handled[0]?.by).toBe(sender);
    const sent = recorded.span('send');
    const processes = recorded.spans('process');
    for (const process of processes) expect(linksOf(process)).toEqual([[sent.traceId, sent.spanId]]);
    expect(processes[0]?.failed).toBe(true);
    expect(processes.at(-1)?.failed).toBe(false);
    const spans = JSON.stringify(recorded.spans());
    expect(HIDDEN.filter((value) => spans.includes(value))).toEqual([]);
  });

  it('links a report to the request of its campaign, whichever instance sent the request', async () => {
    const { sender, receiver } = await startBoth();
    const campaign = await sender.face.start({ id: 'spring', message: MESSAGE, recipients: mobiles(3) });
    await (
      await receiver.found('spring')
    ).done;
    await campaign.done;
    for (const { dest, jobId } of shared.gateway.messages) report({ dest, jobId });
    await untilProcessed(3);
    const sent = recorded.span('send');
    for (const process of recorded.spans('process')) expect(linksOf(process)).toEqual([[sent.traceId, sent.spanId]]);
    expect(handled.map(({ by, dlr }) => [by, dlr.campaign])).toEqual(Array(3).fill([receiver, 'spring']));
    await expectHidden();
  });
});
