import { describe, expect, it } from '@jest/globals';
import { pageOf } from '../../lib/gateway/dlr-page.js';
import { readDlrs } from '../../lib/gateway/read-dlrs.js';

/** The ids of the reports in a body, as it was downloaded or pushed. */
async function idsOf(body: string, account = 'default'): Promise<string[]> {
  const page = pageOf(account, { bytes: Buffer.from(body) }, 200);
  return (await readDlrs(page, 1_024)).dlrs.map(({ id }) => id);
}

const ROW = {
  ...{ msgId: '7', status: 'delivered', src: 'MyBrand', dest: '966501234567' },
  ...{ msgDate: '2026-01-31T12:00:00', statusDate: '2026-01-31T12:00:07' },
};
const pushed = (row: object): string => JSON.stringify({ statuses: [row] });
const downloaded = (row: object): string => JSON.stringify([row]);

describe('the id of a report', () => {
  it.each<[string, object]>([
    ['with jobId', { ...ROW, jobId: 'b-1' }],
    ['with its fields in another order', Object.fromEntries(Object.entries(ROW).reverse())],
    ['with msgId as a number', { ...ROW, msgId: 7 }],
    ['with fields in another spelling', { ...ROW, msgId: undefined, msg_id: '7' }],
    ['with the status in capitals', { ...ROW, status: 'Delivered' }],
    ['with a plus before the number', { ...ROW, dest: '+966501234567' }],
    ['with a field that is null', { ...ROW, jobId: null }],
  ])('is the same for the downloaded row and for one pushed %s', async (_, row) => {
    const [id] = await idsOf(downloaded(ROW));
    expect(await idsOf(pushed(row))).toEqual([id]);
  });

  it('is the same when the row has no statusDate', async () => {
    const row = { msgId: '7', status: 'delivered', dest: '966501234567' };
    expect(await idsOf(pushed({ ...row, jobId: 'b-1' }))).toEqual(await idsOf(downloaded(row)));
  });

  it('is the same when msgId is a number that JavaScript would round', async () => {
    const json = JSON.stringify({ ...ROW, msgId: '12345678901234567890' });
    const asNumber = json.replace('"12345678901234567890"', '12345678901234567890');
    expect(await idsOf(`{"statuses":[${asNumber}]}`)).toEqual(await idsOf(`[${json}]`));
  });

  it.each<[string, object]>([
    ['msgId', { msgId: '8' }],
    ['status', { status: 'expired' }],
    ['statusDate', { statusDate: '2026-01-31T12:00:08' }],
    ['dest', { dest: '966501234568' }],
  ])('differs by %s', async (_, change) => {
    const [id] = await idsOf(downloaded(ROW));
    expect(await idsOf(pushed({ ...ROW, ...change }))).not.toEqual([id]);
  });

  it.each<[string, object, object]>([
    ['jobId', { jobId: 'b-1', dest: '1' }, { jobId: 'b-2', dest: '1' }],
    ['a field of its own', { dest: '1', part: 1 }, { dest: '1', part: 2 }],
    ['a status that is no text', { status: { code: 1 } }, { status: { code: 2 } }],
  ])('differs by %s when the row does not identify its report', async (_, one, other) => {
    const [first, second] = await idsOf(JSON.stringify([one, other]));
    expect(first).not.toBe(second);
  });

  it('differs by account', async () => {
    expect(await idsOf(downloaded(ROW), 'bulk')).not.toEqual(await idsOf(downloaded(ROW)));
  });

  it('is unchanged for a page that version 0.1.0 stored', async () => {
    const page = { account: 'default', receivedAt: '2026-01-31T12:00:10Z', httpStatus: 200, text: downloaded(ROW) };
    const { dlrs } = await readDlrs(page, 1_024);
    expect(dlrs[0]?.id).toBe('PdP04uTE3rliHBJIJqTt48pV');
  });
});
