import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import {
  Messages,
  OURSMS_MESSAGE_CONFIRMED,
  OURSMS_MESSAGE_MISSING,
  OurSmsConfigError,
  OurSmsValidationError,
  type MessagesConfirmed,
  type MessagesMissing,
  type OurSmsModuleOptions,
  type SendReceipt,
  type TrackedRecipient,
} from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { rejection, until } from '../support/application.js';
import { InboxBench } from '../support/inbox-bench.js';

const DEST = '966501234567';
const MESSAGE = { src: 'MyBrand', dests: [DEST], body: 'Your order is on its way', dlr: true };
const POLL = { poll: { everyMs: 20 } };

let bench: InboxBench;
let confirmed: MessagesConfirmed[];
let missing: MessagesMissing[];

beforeEach(() => {
  bench = new InboxBench();
  [confirmed, missing] = [[], []];
});
afterEach(() => bench.remove());

/** A gateway that reports only what a test puts into its inbox. */
const silentGateway = (): Promise<GatewaySimulator> => GatewaySimulator.start({ reports: false });

async function start(options: Partial<OurSmsModuleOptions> = {}): Promise<void> {
  await bench.start({ dlr: POLL, tracking: {}, ...options }, undefined, {
    [OURSMS_MESSAGE_CONFIRMED]: confirmed,
    [OURSMS_MESSAGE_MISSING]: missing,
  });
}

const messages = (): Messages => bench.application.app.get(Messages);
const send = (reference?: string, message: Partial<typeof MESSAGE> = {}): Promise<SendReceipt> =>
  bench.application.sms.send({ ...MESSAGE, ...message }, { reference });
const report = (row: Record<string, unknown>): unknown =>
  bench.gateway.pushReport('demo', { status: 'delivered', ...row });
const handled = (count: number): Promise<void> =>
  until(`${count} reports are handled`, () => bench.handled.length >= count);
async function recipient(reference: string): Promise<TrackedRecipient> {
  const found = await messages().get(reference);
  expect(found?.recipients).toHaveLength(1);
  return found?.recipients[0] as TrackedRecipient;
}

describe('a message that is sent with a reference', () => {
  it('has the reference in its receipt and its report, but never on the wire', async () => {
    await start();
    const receipt = await send('order-4711');
    expect(receipt.reference).toBe('order-4711');
    await handled(1);
    const [dlr] = bench.handled;
    expect(dlr).toMatchObject({ reference: 'order-4711', matched: 'msgId', isFinal: true, status: 'delivered' });
    expect(Math.abs(Date.parse(dlr?.sentAt ?? '') - Date.now())).toBeLessThan(10_000);
    expect(JSON.stringify(bench.gateway.requests)).not.toContain('order-4711');
  });

  it('has a state, a masked recipient and its reports', async () => {
    bench.gateway = await silentGateway();
    await start();
    const { jobId, acceptedMsgs } = await send('order-1');
    expect(await recipient('order-1')).toMatchObject({
      ...{ dest: '9665******67', state: 'sent', isFinal: false, partsExpected: 1, partsSeen: 0, reports: [] },
      ...{ jobId, msgId: acceptedMsgs[0]?.msgId },
    });
    report({ msgId: acceptedMsgs[0]?.msgId, status: 'sent' });
    await handled(1);
    report({ msgId: acceptedMsgs[0]?.msgId, status: 'delivered', statusDate: '2026-01-31 10:00:00' });
    await handled(2);
    expect(await recipient('order-1')).toMatchObject({
      ...{ state: 'delivered', isFinal: true, partsSeen: 1 },
      reports: [{ status: 'sent' }, { status: 'delivered', statusDate: '2026-01-31 10:00:00' }],
    });
    expect(await messages().get('order-2')).toBeUndefined();
  });

  it('is matched by request id and recipient when its message id is unknown', async () => {
    bench.gateway = await GatewaySimulator.start({ reports: false, acceptedMsgs: false });
    await start();
    const { jobId } = await send('a');
    await send('b');
    report({ jobId, dest: `+${DEST}` });
    await handled(1);
    expect(bench.handled[0]).toMatchObject({ reference: 'a', matched: 'job' });
    expect((await recipient('b')).state).toBe('sent');
  });

  it('is matched by its recipient when only one message is possible', async () => {
    bench.gateway = await GatewaySimulator.start({ reports: false, acceptedMsgs: false });
    await start();
    await send('a');
    await send('other sender', { src: 'Another' });
    report({ dest: '0501234567', src: 'mybrand' });
    report({ dest: '0501234568', src: 'MyBrand' });
    await handled(2);
    expect(bench.handled[0]).toMatchObject({ reference: 'a', matched: 'dest' });
    expect(bench.handled[1]).not.toHaveProperty('reference');
    expect(await messages().stats()).toEqual({
      ...{ account: 'default', records: 2, dropped: 0 },
      ...{ matched: { msgId: 0, job: 0, dest: 1 }, unmatched: 1 },
    });
  });

  it('is not matched when two messages to one number are possible', async () => {
    bench.gateway = await GatewaySimulator.start({ reports: false, acceptedMsgs: false });
    await start();
    await send('a');
    await send('b');
    report({ dest: DEST });
    await handled(1);
    expect(bench.handled[0]?.matched).toBeUndefined();
    expect((await messages().stats()).unmatched).toBe(1);
  });

  it('is not matched with a report for another recipient', async () => {
    bench.gateway = await silentGateway();
    await start();
    const { jobId, acceptedMsgs } = await send('a');
    report({ msgId: acceptedMsgs[0]?.msgId, dest: '966509999999' });
    report({ jobId, dest: '966509999999' });
    await handled(2);
    expect(bench.handled.map(({ matched }) => matched)).toEqual([undefined, undefined]);
  });

  it('keeps its state after a restart', async () => {
    bench.gateway = await silentGateway();
    await start();
    const { acceptedMsgs } = await send('a');
    await bench.stop();
    await start();
    expect((await recipient('a')).state).toBe('sent');
    report({ msgId: acceptedMsgs[0]?.msgId, status: 'undelivered' });
    await handled(1);
    await bench.stop();
    await start();
    expect(await recipient('a')).toMatchObject({ state: 'undelivered', isFinal: true });
  });

  it('is not matched by malformed ids, and their reports are still handled', async () => {
    bench.gateway = await silentGateway();
    await start();
    await send('a');
    for (const id of ['\ud800', 'x'.repeat(5_000), 'a/b !', '=']) report({ msgId: id, jobId: id, status: 'sent' });
    report({ msgId: '\ud800', dest: DEST });
    await handled(5);
    expect(bench.handled.map(({ matched }) => matched)).toEqual(Array.from({ length: 5 }, () => undefined));
    expect((await recipient('a')).state).toBe('sent');
    expect(await bench.face.stats()).toMatchObject({ unreadable: 0, failed: 0 });
  });

  it('is matched by its ids when the gateway masks the number', async () => {
    bench.gateway = await silentGateway();
    await start();
    const { jobId, acceptedMsgs } = await send('a');
    report({ msgId: acceptedMsgs[0]?.msgId, dest: '9665****567', status: 'sent' });
    report({ jobId, dest: '9665****567' });
    await handled(2);
    expect(bench.handled.map(({ matched }) => matched)).toEqual(['msgId', 'job']);
    expect((await recipient('a')).state).toBe('delivered');
  });

  it('has the states of all sends with the same reference', async () => {
    await start();
    await send('twice');
    await send('twice', { dests: ['966501234568', '966501234569'] });
    const all = await messages().settled('twice', { timeoutMs: 5_000 });
    expect(all).toMatchObject({ reference: 'twice', isFinal: true });
    expect(all?.recipients.map(({ dest, state }) => [dest, state])).toEqual([
      ['9665******67', 'delivered'],
      ['9665******68', 'delivered'],
      ['9665******69', 'delivered'],
    ]);
  });
});

describe('tracking', () => {
  it('refuses a reference when it is not set in the options, and sends nothing', async () => {
    await bench.start({ dlr: POLL });
    const error = await rejection(send('order-1'), OurSmsValidationError);
    expect(error.message).toContain('options.reference: needs tracking in the options of the account');
    expect(bench.gateway.messages).toHaveLength(0);
    const asked = await rejection(messages().get('order-1'), OurSmsConfigError);
    expect(asked.message).toContain('set tracking: {}');
  });

  it.each(['', 'x'.repeat(129), 7, '\ud83d'])('refuses the reference %p', async (reference) => {
    await start();
    const error = await rejection(send(reference as string), OurSmsValidationError);
    expect(error.message).toContain('options.reference');
    expect(bench.gateway.messages).toHaveLength(0);
  });

  it('keeps no record of a message without a reference that asks for no report', async () => {
    await start();
    await send(undefined, { dlr: false });
    await send(undefined, { dlr: true });
    expect((await messages().stats()).records).toBe(1);
  });

  it('refuses a keepForMs below missingAfterMs', async () => {
    const error = await rejection(start({ tracking: { missingAfterMs: 10_000, keepForMs: 5_000 } }), OurSmsConfigError);
    expect(error.message).toContain('tracking.keepForMs: must not be less than tracking.missingAfterMs');
  });
});

describe('waiting for a message', () => {
  it('ends when the final report of the message arrives', async () => {
    bench.gateway = await silentGateway();
    await start();
    const { acceptedMsgs } = await send('a');
    const settled = messages().settled('a', { timeoutMs: 10_000 });
    report({ msgId: acceptedMsgs[0]?.msgId, status: 'failed' });
    expect(await settled).toMatchObject({ isFinal: true, recipients: [{ state: 'failed' }] });
  });

  it('ends without a final state after timeoutMs, or when its signal aborts', async () => {
    bench.gateway = await silentGateway();
    await start();
    await send('a');
    expect(await messages().settled('a', { timeoutMs: 10 })).toMatchObject({ isFinal: false });
    const signal = AbortSignal.timeout(10);
    expect(await messages().settled('a', { signal })).toMatchObject({ isFinal: false });
    expect(await messages().settled('none')).toBeUndefined();
  });

  it('has no time limit with timeoutMs: Infinity, and rarely reads the records', async () => {
    bench.gateway = await silentGateway();
    await start();
    const { acceptedMsgs } = await send('a');
    const looks = jest.spyOn(messages(), 'get');
    const settled = messages().settled('a', { timeoutMs: Infinity });
    await new Promise((resolve) => setTimeout(resolve, 100));
    // And it does not read the records again and again.
    expect(looks.mock.calls.length).toBeLessThan(5);
    report({ msgId: acceptedMsgs[0]?.msgId });
    expect(await settled).toMatchObject({ isFinal: true });
  });

  it('ends at once for a message that asked for no report', async () => {
    await start();
    await send('a', { dlr: false });
    expect(await messages().settled('a')).toMatchObject({ isFinal: true, recipients: [{ state: 'sent' }] });
  });
});

describe('a message of unknown outcome', () => {
  it('is confirmed by its report, once', async () => {
    bench.gateway = await silentGateway();
    await start({ http: { timeoutMs: 300 } });
    bench.gateway.faults.next('resetAfter', { on: 'send' });
    await expect(send('a')).rejects.toMatchObject({ outcome: 'unknown' });
    expect(await recipient('a')).toMatchObject({ state: 'unknown', isFinal: false });
    report({ dest: DEST, status: 'sent' });
    report({ dest: DEST, status: 'delivered' });
    await handled(2);
    expect(await recipient('a')).toMatchObject({ state: 'delivered', isFinal: true });
    await until('the event was emitted', () => confirmed.length > 0);
    expect(confirmed).toEqual([
      { account: 'default', messages: [{ reference: 'a', dest: '9665******67', sentAt: expect.any(String) }] },
    ]);
  });

  it('is matched with the report of its first try when a guarded retry confirmed that try', async () => {
    bench.gateway = await GatewaySimulator.start({ reports: false, acceptedMsgs: false });
    await start({ http: { timeoutMs: 1_000 }, retry: { unknownOutcome: 'guarded', delayMs: 5 } });
    bench.gateway.faults.next('resetAfter', { on: 'send' });
    expect(await send('a')).toMatchObject({ confirmedByTwin: 1 });
    const [first] = bench.gateway.messages;
    report({ msgId: first?.msgId, jobId: first?.jobId, dest: DEST });
    await handled(1);
    expect(bench.handled[0]).toMatchObject({ reference: 'a', matched: 'dest' });
  });

  it('is not assumed when the outcome is notSent, and a report confirms nothing', async () => {
    bench.gateway = await silentGateway();
    await start({ retry: { attempts: 1 } });
    bench.gateway.faults.next('rateLimit', { on: 'send' });
    await expect(send('a')).rejects.toMatchObject({ outcome: 'notSent' });
    expect(await recipient('a')).toMatchObject({ state: 'notSent', isFinal: true });
    report({ dest: DEST });
    await handled(1);
    expect(bench.handled[0]?.matched).toBeUndefined();
    expect(confirmed).toEqual([]);
  });
});

describe('a message without a final report', () => {
  it('is already missing when a listener receives the event', async () => {
    bench.gateway = await silentGateway();
    await start({ tracking: { missingAfterMs: 1_000 } });
    const states: Promise<TrackedRecipient>[] = [];
    bench.application.app.get(EventEmitter2).on(OURSMS_MESSAGE_MISSING, () => void states.push(recipient('a')));
    await send('a');
    await until('the message is announced', () => states.length === 1);
    expect(await states[0]).toMatchObject({ state: 'missing' });
  });

  it('is announced once as missing, until a late report replaces that state', async () => {
    bench.gateway = await silentGateway();
    await start({ tracking: { missingAfterMs: 1_000 } });
    const { acceptedMsgs } = await send('a');
    await send('b');
    await send('not asked for', { dlr: false });
    await until('both messages are announced', () => missing.flatMap((event) => event.messages).length === 2);
    expect(missing.flatMap((event) => event.messages).map(({ reference }) => reference)).toEqual(['a', 'b']);
    expect(await recipient('a')).toMatchObject({ state: 'missing', isFinal: false });
    const listed: (string | undefined)[] = [];
    for await (const { reference } of messages().missing()) listed.push(reference);
    expect(listed).toEqual(['a', 'b']);
    report({ msgId: acceptedMsgs[0]?.msgId });
    await handled(1);
    expect(await recipient('a')).toMatchObject({ state: 'delivered', isFinal: true });
    await bench.stop();
    await start({ tracking: { missingAfterMs: 1_000 } });
    const left: (string | undefined)[] = [];
    for await (const { reference } of messages().missing()) left.push(reference);
    expect(left).toEqual(['b']);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(missing.flatMap((event) => event.messages)).toHaveLength(2);
  });
});

describe('a reference with half a character', () => {
  it('is refused for a message, and matches none', async () => {
    await start();
    await expect(send('order-\ud800')).rejects.toThrow('reference');
    expect(await messages().get('order-\ud800')).toBeUndefined();
    expect(await messages().settled('order-\ud800', { timeoutMs: 10 })).toBeUndefined();
    expect(await messages().forget('order-\ud800')).toBe(false);
  });
});

describe('the records of messages', () => {
  it('are deleted by forget, and later reports match nothing', async () => {
    bench.gateway = await silentGateway();
    await start();
    const { acceptedMsgs } = await send('a');
    report({ msgId: acceptedMsgs[0]?.msgId, status: 'sent' });
    await handled(1);
    expect(await messages().forget('a')).toBe(true);
    expect(await messages().get('a')).toBeUndefined();
    expect(await messages().forget('a')).toBe(false);
    await send('b');
    report({ msgId: acceptedMsgs[0]?.msgId, dest: DEST });
    await handled(2);
    expect(bench.handled[1]?.matched).toBeUndefined();
  });

  it('are limited by maxRecords: the oldest are dropped first, and counted', async () => {
    bench.gateway = await silentGateway();
    await start({ tracking: { maxRecords: 3, missingAfterMs: 1_000 } });
    for (const reference of ['a', 'b', 'c', 'd', 'e']) await send(reference);
    await until('two records are dropped', async () => (await messages().stats()).dropped === 2);
    expect(await messages().stats()).toMatchObject({ records: 3, dropped: 2 });
    expect(await messages().get('b')).toBeUndefined();
    expect(await messages().get('c')).toBeDefined();
  });
});
