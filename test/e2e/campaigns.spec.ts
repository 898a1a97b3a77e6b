import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lastValueFrom, toArray } from 'rxjs';
import {
  OurSmsStorageError,
  OurSmsValidationError,
  type Campaign,
  type CampaignPlan,
  type CampaignProgress,
  type CampaignRecipient,
} from 'nestjs-oursms';
import { rejection, until } from '../support/application.js';
import { CampaignBench, destsOf, mobile, mobiles, normalized } from '../support/campaign-bench.js';

const message = { src: 'MyBrand', body: 'Half price today' };
const plan = (recipients: CampaignPlan['recipients'], more: Partial<CampaignPlan> = {}): CampaignPlan => ({
  ...{ id: 'sale', message, recipients },
  ...more,
});

let bench: CampaignBench;
beforeEach(() => void (bench = new CampaignBench()));
afterEach(() => bench.remove());

const found = async (id = 'sale'): Promise<Campaign> => {
  const campaign = await bench.face.get(id);
  if (!campaign) throw new Error(`no campaign ${id}`);
  return campaign;
};

describe('a campaign', () => {
  it('reaches each recipient once, 500 in a request, and its report accounts for every input', async () => {
    await bench.start();
    const campaign = await bench.face.start(plan(mobiles(1_234)));
    const report = await campaign.done;
    expect(report).toMatchObject({
      ...{ id: 'sale', account: 'default', state: 'done', parts: 1_234 },
      ...{ total: 1_234, pending: 0, sent: 1_234, rejected: 0, invalid: 0, duplicate: 0, notSent: 0, unknown: 0 },
    });
    expect(bench.reached(1_234)).toEqual([1]);
    expect(
      bench
        .requests()
        .map(({ dests }) => dests.length)
        .sort(),
    ).toEqual([234, 500, 500]);
    expect(new Date(report.finishedAt).getTime()).toBeGreaterThanOrEqual(new Date(report.startedAt).getTime());
  });

  it.each<[string, () => CampaignPlan['recipients']]>([
    [
      'a generator',
      () =>
        (function* () {
          yield* mobiles(600);
        })(),
    ],
    [
      'an async generator',
      () =>
        (async function* () {
          yield* mobiles(600);
        })(),
    ],
    ['a Set', () => new Set(mobiles(600))],
  ])('takes %s', async (_what, recipients) => {
    await bench.start();
    const { done } = await bench.face.start(plan(recipients()));
    expect(await done).toMatchObject({ total: 600, sent: 600 });
    expect(bench.reached(600)).toEqual([1]);
  });

  it('leaves out invalid numbers, and duplicates in any spelling', async () => {
    await bench.start();
    const again = ['+966 50 000 0001', '00966500000002', '٠٥٠٠٠٠٠٠٠٣'];
    const wrong = ['0112345678', 'no number', '', '+971501234567'];
    const campaign = await bench.face.start(plan([...mobiles(700), ...again, ...wrong, mobile(699)]));
    expect(await campaign.done).toMatchObject({ total: 708, sent: 700, invalid: 4, duplicate: 4 });
    expect(await destsOf(campaign, 'invalid')).toEqual(wrong);
    expect(await destsOf(campaign, 'duplicate')).toEqual([...again, mobile(699)]);
    expect((await destsOf(campaign, 'sent')).sort()).toEqual(
      mobiles(700)
        .map((_, i) => normalized(i))
        .sort(),
    );
    for await (const { reason } of campaign.inputs('invalid'))
      expect(reason).toMatch(/not a Saudi mobile|is not part|empty/);
  });

  it('lists the recipients that the gateway rejected', async () => {
    await bench.start({}, { unroutable: [normalized(3), normalized(4)] });
    const campaign = await bench.face.start(plan(mobiles(10)));
    expect(await campaign.done).toMatchObject({ total: 10, sent: 8, rejected: 2 });
    expect(await destsOf(campaign, 'rejected')).toEqual([normalized(3), normalized(4)]);
    expect(await destsOf(campaign, 'sent')).not.toContain(normalized(3));
  });

  it('emits its progress until it completes', async () => {
    await bench.start();
    bench.gateway.faults.chance('latency', 1, { ms: 120, on: 'send' });
    const campaign = await bench.face.start(plan(mobiles(3_000), { concurrency: 1 }));
    const told = await lastValueFrom(campaign.progress.pipe(toArray()));
    const sums = told.map((p) => p.pending + p.sent + p.rejected + p.invalid + p.duplicate + p.notSent + p.unknown);
    expect(new Set(sums)).toEqual(new Set([3_000]));
    expect(told.length).toBeGreaterThan(3);
    expect(told.map(({ sent }) => sent)).toEqual(told.map(({ sent }) => sent).sort((a, b) => a - b));
    expect(told.some(({ perSecond, leftMs }) => perSecond > 0 && (leftMs ?? 0) > 0)).toBe(true);
    expect(told.at(-1)).toMatchObject({ state: 'done', sent: 3_000, pending: 0 });
  });

  it('emits its final progress to late subscribers, also after a restart', async () => {
    await bench.start();
    const campaign = await bench.face.start(plan(mobiles(3)));
    await campaign.done;
    expect(await lastValueFrom(campaign.progress)).toMatchObject({ state: 'done', sent: 3 });
    await bench.stop();
    await bench.start();
    const again = await bench.face.get(campaign.id);
    expect(await lastValueFrom(again!.progress)).toMatchObject({ state: 'done', sent: 3 });
  });

  it('reports its start time, and its end time once it is done', async () => {
    await bench.start();
    const campaign = await bench.face.start(plan(mobiles(3)));
    const { startedAt } = campaign.snapshot();
    const report = await campaign.done;
    const { finishedAt } = report;
    expect(report.startedAt).toBe(startedAt);
    expect(campaign.snapshot()).toMatchObject({ startedAt, finishedAt });
    expect(await bench.face.list()).toMatchObject([{ startedAt, finishedAt }]);
    expect((await found()).snapshot()).toMatchObject({ startedAt, finishedAt });
  });

  it('keeps to its rate and its concurrency', async () => {
    await bench.start();
    const { done } = await bench.face.start(plan(mobiles(4_000), { rate: 4, concurrency: 8 }));
    await done;
    const times = bench.gateway.requests.filter(({ call }) => call === 'send').map(({ at }) => at);
    expect(times).toHaveLength(8);
    expect((times[4] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  it('gives single messages priority over its own requests', async () => {
    await bench.start({ rate: { concurrency: 1 } });
    bench.gateway.faults.chance('latency', 1, { ms: 30, on: 'send' });
    const { done } = await bench.face.start(plan(mobiles(5_000), { concurrency: 4 }));
    await until('the campaign is sending', () => bench.requests().length > 1);
    await bench.application.sms.send({ ...message, dests: ['0599999999'], body: 'code 1234' });
    expect(bench.requests().length).toBeLessThan(6);
    await done;
  });

  it.each([{}, { concurrency: 100 }])(
    'leaves a connection free for single messages, with any rate of the account: %j',
    async (rate) => {
      await bench.start({ rate, http: { maxConnections: 3 } });
      bench.gateway.faults.chance('latency', 1, { ms: 100, on: 'send' });
      await bench.face.start(plan(mobiles(10_000), { concurrency: 10 }));
      await until('the campaign is sending', () => bench.requests().length > 1);
      const before = bench.requests().length;
      await bench.application.sms.send({ ...message, dests: ['0599999999'], body: 'code 1234' });
      const since = bench.requests().slice(before);
      expect(since.findIndex(({ body }) => body === 'code 1234')).toBeLessThanOrEqual(2);
      // Meanwhile two requests of the campaign may have ended, and the next two may have been sent.
      expect(since.length).toBeLessThanOrEqual(5);
    },
  );
});

describe('personal texts', () => {
  const people: CampaignRecipient[] = Array.from({ length: 900 }, (_, i) => ({
    ...{ dest: mobile(i), name: `Customer ${i % 3}`, points: i % 2 },
  }));

  it('are filled in from the fields of each recipient; equal texts share a request', async () => {
    await bench.start();
    const body = 'Dear {name}, you have {points} {{points}}';
    const { done } = await bench.face.start(plan(people, { message: { ...message, body } }));
    expect(await done).toMatchObject({ sent: 900 });
    expect(bench.requests()).toHaveLength(6);
    expect(bench.gateway.phone(normalized(4)).map((one) => one.body)).toEqual(['Dear Customer 1, you have 0 {points}']);
    expect(bench.reached(900)).toEqual([1]);
  });

  it('leave out recipients without the field, including bare numbers', async () => {
    await bench.start();
    const some = [{ dest: mobile(0), name: 'A' }, { dest: mobile(1) }, mobile(2)];
    const campaign = await bench.face.start(plan(some, { message: { ...message, body: 'Dear {name}' } }));
    expect(await campaign.done).toMatchObject({ total: 3, sent: 1, invalid: 2 });
    for await (const { reason } of campaign.inputs('invalid')) expect(reason).toBe('has no field {name}');
  });

  it('leave out recipients whose text is longer than maxParts', async () => {
    await bench.start();
    const two = [
      { dest: mobile(0), name: 'A' },
      { dest: mobile(1), name: 'B'.repeat(200) },
    ];
    const campaign = await bench.face.start(plan(two, { message: { ...message, body: 'Dear {name}', maxParts: 1 } }));
    expect(await campaign.done).toMatchObject({ sent: 1, invalid: 1 });
  });

  it('are counted in parts after fields and braces are replaced', async () => {
    await bench.start();
    // One part once filled in; two parts as written.
    const field = 'name'.repeat(20);
    const body = `{${field}}${'x'.repeat(150)}`;
    const one = [{ dest: mobile(0), [field]: 'A' }];
    const personal = await bench.face.start(plan(one, { message: { ...message, body, maxParts: 1 } }));
    expect(await personal.done).toMatchObject({ sent: 1, invalid: 0, parts: 1 });
    // A brace counts as two characters in GSM-7: 80 braces are 160 characters.
    const braces = { ...message, body: '{{}}'.repeat(40), maxParts: 1 };
    const same = await bench.face.start(plan([mobile(1)], { id: 'braces', message: braces }));
    expect(await same.done).toMatchObject({ sent: 1, parts: 1 });
    expect(bench.gateway.phone(normalized(1))[0]?.body).toBe('{}'.repeat(40));
  });

  it('are refused before the start when they are equal for all recipients and too long, despite braces', async () => {
    await bench.start();
    const long = { ...message, body: '{{x}}'.repeat(60), maxParts: 1 };
    const error = await rejection(bench.face.start(plan(mobiles(1), { message: long })), OurSmsValidationError);
    expect(error.faults.map(({ field }) => field)).toEqual(['maxParts']);
  });

  it('leave out a recipient whose text is too long even when it looks like the template', async () => {
    await bench.start();
    const body = `{name}${'x'.repeat(160)}`;
    const odd = [
      { dest: mobile(0), name: '{name}' },
      { dest: mobile(1), name: '' },
    ];
    const campaign = await bench.face.start(plan(odd, { message: { ...message, body, maxParts: 1 } }));
    expect(await campaign.done).toMatchObject({ sent: 1, invalid: 1 });
    expect(await destsOf(campaign, 'invalid')).toEqual([mobile(0)]);
  });
});

describe('pause, resume and cancel', () => {
  const slowly = async (count = 5_000): Promise<Campaign> => {
    await bench.start();
    bench.gateway.faults.chance('latency', 1, { ms: 40, on: 'send' });
    return bench.face.start(plan(mobiles(count), { concurrency: 2 }));
  };

  it('pause resolves when no request is in flight; nothing is sent until resume', async () => {
    const campaign = await slowly();
    await until('the campaign is sending', () => bench.requests().length > 2);
    await campaign.pause();
    const before = bench.requests().length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(bench.requests()).toHaveLength(before);
    expect(campaign.snapshot()).toMatchObject({ state: 'paused', reason: 'user' });
    await campaign.resume();
    expect(await campaign.done).toMatchObject({ sent: 5_000 });
    expect(bench.reached(5_000)).toEqual([1]);
  });

  it('a paused campaign stays paused after a restart', async () => {
    const campaign = await slowly();
    await campaign.pause();
    await bench.stop();
    await bench.start();
    const before = bench.requests().length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(bench.requests()).toHaveLength(before);
    const again = await found();
    expect(again.snapshot()).toMatchObject({ state: 'paused', reason: 'user' });
    await again.resume();
    expect(await again.done).toMatchObject({ sent: 5_000 });
    expect(bench.reached(5_000)).toEqual([1]);
  });

  it.each([false, true])('cancel counts unsent recipients as notSent (paused before: %s)', async (paused) => {
    const campaign = await slowly();
    await until('the campaign is sending', () => bench.requests().length > 2);
    if (paused) await campaign.pause();
    const report = await campaign.cancel();
    expect(report.state).toBe('cancelled');
    expect(report.sent + report.notSent).toBe(5_000);
    expect(report.notSent).toBeGreaterThan(0);
    expect(bench.gateway.totals.sent).toBe(report.sent);
    expect(await destsOf(campaign, 'notSent')).toHaveLength(report.notSent);
    expect(await campaign.cancel()).toEqual(report);
  });
});

describe('a restart', () => {
  it('resumes a campaign automatically', async () => {
    await bench.start();
    bench.gateway.faults.chance('latency', 1, { ms: 30, on: 'send' });
    await bench.face.start(plan(mobiles(4_000), { concurrency: 2 }));
    await until('the campaign is sending', () => bench.requests().length > 2);
    await bench.stop();
    expect(bench.requests().length).toBeLessThan(8);
    await bench.start();
    expect(await (await found()).done).toMatchObject({ total: 4_000, sent: 4_000, unknown: 0 });
    expect(bench.reached(4_000)).toEqual([1]);
  });

  it('while recipients are read discards them: starting the campaign again sends only to its new list', async () => {
    await bench.start();
    let [sayRead, goOn] = [(): void => undefined, (): void => undefined];
    const read = new Promise<void>((resolve) => (sayRead = resolve));
    const stopped = new Promise<void>((resolve) => (goOn = resolve));
    const cutOff = (async function* (): AsyncIterable<string> {
      // Enough recipients that the first of them are already stored.
      yield* mobiles(33_000);
      sayRead();
      await stopped;
    })();
    const starting = rejection(bench.face.start(plan(cutOff)), OurSmsStorageError);
    await read;
    await bench.stop();
    goOn();
    expect((await starting).fault).toBe('closed');
    await bench.start();
    const { done } = await bench.face.start(plan(mobiles(1_000)));
    expect(await done).toMatchObject({ total: 1_000, sent: 1_000 });
    expect(bench.requests()).toHaveLength(2);
    expect(bench.reached(1_000)).toEqual([1]);
  });

  it('keeps the reports of finished campaigns until they are removed', async () => {
    await bench.start();
    const report = await (await bench.face.start(plan([...mobiles(600), 'x']))).done;
    await bench.stop();
    await bench.start();
    const campaign = await found();
    expect(await campaign.done).toEqual(report);
    expect(await bench.face.list()).toMatchObject([{ id: 'sale', state: 'done', sent: 600, invalid: 1 }]);
    expect(await bench.face.remove('sale')).toBe(true);
    expect(await bench.face.get('sale')).toBeUndefined();
    expect(await bench.face.list()).toEqual([]);
    expect(await bench.face.remove('sale')).toBe(false);
    // The id is free again.
    expect(await (await bench.face.start(plan(mobiles(5)))).done).toMatchObject({ sent: 5 });
  });
});

describe('the same id', () => {
  it('returns the existing campaign, and reads no recipients', async () => {
    await bench.start();
    await (
      await bench.face.start(plan(mobiles(10)))
    ).done;
    const again = await bench.face.start(
      plan({
        [Symbol.iterator]: () => {
          throw new Error('read');
        },
      }),
    );
    expect(await again.done).toMatchObject({ sent: 10 });
    expect(bench.requests()).toHaveLength(1);
  });

  it('is refused with another message', async () => {
    await bench.start();
    await bench.face.start(plan(mobiles(10)));
    const other = plan(mobiles(10), { message: { ...message, body: 'Another' } });
    const error = await rejection(bench.face.start(other), OurSmsValidationError);
    expect(error.faults).toEqual([{ field: 'id', reason: 'belongs to a campaign with another message' }]);
  });

  it('starts one campaign when it is used twice at once', async () => {
    await bench.start();
    const both = await Promise.all([bench.face.start(plan(mobiles(700))), bench.face.start(plan(mobiles(700)))]);
    const reports = await Promise.all(both.map(({ done }) => done));
    expect(reports[0]).toEqual(reports[1]);
    expect(bench.reached(700)).toEqual([1]);
  });

  it('is not assumed for similar ids', async () => {
    await bench.start();
    const names = ['a', 'ab', 'a/b', 'حملة 1'];
    for (const id of names)
      await (
        await bench.face.start(plan(mobiles(3), { id, message: { ...message, body: id } }))
      ).done;
    expect((await bench.face.list()).map(({ id }: CampaignProgress) => id).sort()).toEqual([...names].sort());
    expect(bench.reached(3)).toEqual([4]);
  });
});

describe('bad input', () => {
  it('an iterable that throws midway: start rejects with its error, and nothing is sent or stored', async () => {
    await bench.start();
    const failing = (async function* (): AsyncIterable<string> {
      yield* mobiles(60_000);
      throw new RangeError('line 60001 is broken');
    })();
    await expect(bench.face.start(plan(failing))).rejects.toThrow('line 60001 is broken');
    expect(bench.requests()).toEqual([]);
    expect(await bench.face.list()).toEqual([]);
    expect(await (await bench.face.start(plan(mobiles(3)))).done).toMatchObject({ total: 3, sent: 3 });
  });

  it('only invalid numbers: the campaign ends as done, and counts them as invalid', async () => {
    await bench.start();
    const campaign = await bench.face.start(plan(['x', 'y']));
    expect(await campaign.done).toMatchObject({ state: 'done', total: 2, invalid: 2, sent: 0 });
    expect(bench.requests()).toEqual([]);
  });

  it.each<[string, string, unknown]>([
    ['recipients', 'no recipients at all', plan([])],
    ['recipients', 'a string, which is iterable too', plan('0501234567' as never)],
    ['recipients', 'none given', { id: 'a', message }],
    ['id', 'an empty id', plan(mobiles(1), { id: '' })],
    ['rate', 'a rate of nothing', plan(mobiles(1), { rate: 0 })],
    ['concurrency', 'half a request', plan(mobiles(1), { concurrency: 0.5 })],
    ['message', 'no message', { id: 'a', recipients: mobiles(1) }],
    ['message.dests', 'recipients in the message', plan(mobiles(1), { message: { ...message, dests: 'x' } as never })],
    ['body', 'an empty text', plan(mobiles(1), { message: { ...message, body: '' } })],
    ['priority', 'a faulty field of the message', plan(mobiles(1), { message: { ...message, priority: 9 } })],
    ['id', 'nothing', undefined],
  ])('is refused with a fault of the field %s: %s', async (field, _what, faulty) => {
    await bench.start();
    const error = await rejection(bench.face.start(faulty as CampaignPlan), OurSmsValidationError);
    expect(error.faults.map((fault) => fault.field)).toContain(field);
    expect(await bench.face.list()).toEqual([]);
  });

  it('recipients that are not strings: they are counted as invalid, and the others are sent', async () => {
    await bench.start();
    const odd = [mobile(0), null, 5, {}, { dest: 7 }, [mobile(1)], undefined] as never[];
    expect(await (await bench.face.start(plan(odd))).done).toMatchObject({ total: 7, sent: 1, invalid: 6 });
  });
});
