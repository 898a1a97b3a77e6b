import { describe, expect, it } from '@jest/globals';
import { pageOf } from '../../lib/gateway/dlr-page.js';
import { readDlrs } from '../../lib/gateway/read-dlrs.js';
import { groupPushes, pushesOf, pushJob, pushName, readPage, type NamedPush } from '../../lib/inbox/grouped-pushes.js';
import type { StoredPage } from '../../lib/inbox/stored-jobs.js';

const MOST_BYTES = 1_000_000;

const push = (body: string | Buffer, contentEncoding?: string): NamedPush => {
  const page = pageOf('default', { bytes: Buffer.from(body), contentEncoding }, 200);
  return { name: pushName(page), page };
};
const bodyOf = (...msgIds: string[]): string =>
  JSON.stringify({ statuses: msgIds.map((msgId) => ({ msgId, status: 'delivered', dest: '966501234567' })) });
/** The jobs of pushes with these bodies, as they come back from a store. */
const jobsOf = (...bodies: string[]): { id: string; data: StoredPage }[] =>
  groupPushes(bodies.map((body) => push(body))).map(
    ({ job }) => JSON.parse(JSON.stringify(job)) as { id: string; data: StoredPage },
  );

describe('pushes that are written together', () => {
  it.each([
    ['reports', [bodyOf('m1'), bodyOf('m2', 'm3'), bodyOf('m4')]],
    ['characters beyond 16 bits, line ends and a byte order mark', ['😀\n\n', '\ufeff[]', 'مرحبا\r\n', '{}']],
    ['unreadable bodies', ['<html>', '{"statuses": [{', bodyOf('m1')]],
  ])('are one job, from which each body is restored unchanged: %s', (_, bodies) => {
    const jobs = jobsOf(...bodies);
    expect(jobs).toHaveLength(1);
    expect(pushesOf(jobs[0]?.data as StoredPage).map(({ text }) => text)).toEqual(bodies);
  });

  it('have reports with the same ids, times and accounts as pushes that are written alone', async () => {
    const pushes = [bodyOf('m1'), bodyOf('m2', 'm3')].map((body) => push(body));
    pushes.forEach(({ page }, i) => (page.receivedAt = `2026-01-31T12:00:0${i}.000Z`));
    const alone = pushes.flatMap((one) => groupPushes([one]));
    const together = groupPushes(pushes);
    const reportsOf = async (groups: typeof alone): Promise<unknown[]> =>
      (await Promise.all(groups.map(({ job }) => readPage(job.data, MOST_BYTES)))).flatMap(({ dlrs }) => dlrs);
    expect(together).toHaveLength(1);
    expect(await reportsOf(together)).toEqual(await reportsOf(alone));
  });

  it('are read separately: unreadable pushes are listed, with the ids of the reports recovered from them', async () => {
    const cut = bodyOf('m2', 'm3').slice(0, -20);
    const [job] = jobsOf(bodyOf('m1'), '<html>', cut, bodyOf('m4'));
    const { ok, dlrs, unread } = await readPage(job?.data as StoredPage, MOST_BYTES);
    expect(ok).toBe(true);
    expect(dlrs.map(({ msgId }) => msgId)).toEqual(['m1', 'm2', 'm4']);
    expect(unread.map(({ text, handled }) => [text, handled])).toEqual([
      ['<html>', []],
      [cut, [dlrs[1]?.id]],
    ]);
    expect(unread.every(({ bodies, isPush }) => bodies === undefined && isPush)).toBe(true);
  });

  it('are split by number and size, in order', () => {
    const long = 'x'.repeat(40_000);
    const bodies = [
      ...Array.from({ length: 40 }, (_, i) => bodyOf(`m${i}`)),
      long,
      `${long}y`,
      'z',
      long.repeat(2),
      '{}',
    ];
    const jobs = jobsOf(...bodies);
    expect(jobs.map(({ data }) => pushesOf(data).length)).toEqual([32, 9, 2, 1, 1]);
    expect(jobs.flatMap(({ data }) => pushesOf(data).map(({ text }) => text))).toEqual(bodies);
  });

  it('exclude compressed pushes and those in another charset: each of them is a job of its own', () => {
    const pushes = [push('[]'), push(Buffer.from('[1]', 'utf16le')), push('[2]'), push('x', 'gzip'), push('y', 'gzip')];
    const jobs = groupPushes(pushes).map(({ job }) => job);
    expect(jobs.map(({ data: { bodies, encoding } }) => [bodies?.length, encoding])).toEqual([
      [undefined, undefined],
      [undefined, 'base64'],
      [undefined, undefined],
      [undefined, 'base64'],
      [undefined, 'base64'],
    ]);
    expect(jobs.map(({ data }) => pushJob(data).id)).toEqual(pushes.map(({ name }) => name));
  });

  it('have another id than one push of the same text', () => {
    const [together] = jobsOf('[]', '{}');
    expect(together?.id).not.toBe(jobsOf(together?.data.text ?? '')[0]?.id);
  });

  it('are unreadable for a version that expects one body, which keeps them unchanged', async () => {
    const [job] = jobsOf(bodyOf('m1'), bodyOf('m2'));
    expect(await readDlrs(job?.data as StoredPage, MOST_BYTES)).toMatchObject({ ok: false, cut: false });
  });
});

it('a push that is written alone is stored in the earlier format', () => {
  const [job] = jobsOf('[]');
  const { at, receivedAt, ...data } = job?.data as StoredPage;
  expect(at).toBe(receivedAt);
  expect(data).toEqual({
    ...{ account: 'default', httpStatus: 200, idRule: 'fields', text: '[]' },
    ...{ asked: 0, gapTold: true, isPush: true },
  });
});
