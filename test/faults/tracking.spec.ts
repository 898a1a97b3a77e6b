import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ClassicLevel } from 'classic-level';
import { Messages, OurSmsStorageError } from 'nestjs-oursms';
import { rejection, until } from '../support/application.js';
import { InboxBench } from '../support/inbox-bench.js';

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'Your order is on its way', dlr: true };

describe('a tracked send whose store fails', () => {
  let bench: InboxBench;
  beforeEach(async () => {
    bench = new InboxBench();
    await bench.start({ tracking: {}, dlr: { poll: { everyMs: 60_000 } } });
    await until('the first poll has ended', async () => (await bench.face.stats()).lastPoll !== undefined);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await bench.remove();
  });

  /** The next write fails. */
  function failNextWrite(): void {
    const begin = Reflect.get(ClassicLevel.prototype, 'batch') as () => { write(options: object): Promise<void> };
    jest.spyOn(ClassicLevel.prototype, 'batch').mockImplementationOnce(function (this: unknown) {
      const batch = Reflect.apply(begin, this, []);
      batch.write = () => Promise.reject(Object.assign(new Error('IO error'), { code: 'LEVEL_IO_ERROR' }));
      return batch;
    } as never);
  }

  it('is not sent without its record, and is rejected with the reason', async () => {
    // A record has been written before: the key of the account is there.
    await bench.application.sms.send(MESSAGE, { reference: 'first' });
    await until(
      'the answer of the first message is stored',
      async () => (await bench.application.app.get(Messages).get('first')) !== undefined,
    );
    failNextWrite();
    const error = await rejection(bench.application.sms.send(MESSAGE, { reference: 'second' }), OurSmsStorageError);
    expect(error).toMatchObject({ outcome: 'notSent', retryable: true });
    expect(error.message).toContain('the record of the message cannot be kept, so the message was not sent.');
    expect(bench.gateway.messages).toHaveLength(1);
  });

  it('is reported as sent when only its answer cannot be stored, and its report is still matched', async () => {
    bench.gateway.faults.next('latency', { ms: 300, on: 'send' });
    const sending = bench.application.sms.send(MESSAGE, { reference: 'order' });
    await until('the request has arrived', () => bench.gateway.faults.pending === 0);
    failNextWrite();
    expect(await sending).toMatchObject({ accepted: 1, reference: 'order' });
    await until(
      'the failure is logged',
      () => bench.application.logs.matching('its outcome counts as unknown').length === 1,
    );
    await until(
      'the store is writable again',
      () => bench.application.logs.matching('The store is writable again').length === 1,
    );
    await bench.face.pollNow();
    await until('the report is handled', () => bench.handled.length === 1);
    expect(bench.handled[0]).toMatchObject({ reference: 'order', matched: 'dest', status: 'delivered' });
  });
});
