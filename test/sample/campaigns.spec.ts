import { readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CampaignProgress } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import type { CampaignView, StartedCampaign } from '../../sample-app/campaigns/campaign-desk.js';
import type { ShownInputs } from '../../sample-app/campaigns/campaign-inputs.js';
import type { CampaignCheck } from '../../sample-app/campaigns/check-campaign.js';
import { DEMO } from '../support/application.js';
import { mobiles, normalized } from '../support/campaign-bench.js';
import { SampleBench } from '../support/sample-bench.js';
import { SampleCampaigns } from '../support/sample-campaigns.js';

jest.setTimeout(60_000);

interface Refused {
  message: string;
  faults?: { field: string }[];
}

const message = { src: 'MyBrand', body: 'Half price today' };
const isOver = ({ state }: CampaignProgress): boolean => state === 'done' || state === 'cancelled';
const lines = (...rows: string[]): string => rows.map((row) => `${row}\n`).join('');

/** Valid, invalid and duplicate numbers, and fields that make a text expensive. */
const MIXED = lines(
  '\ufeffmobile;name;code',
  '0501111111;Sara;1',
  '"+966 50 111 1111";"Sara; again";2',
  '٠٥٠٢٢٢٢٢٢٢;علي;3',
  '0112345678;Nobody;4',
  '0503333333;Omar',
  '0504444444;"Lara ""L""";5',
);

describe('campaigns of the sample application', () => {
  let sample: SampleBench;
  let campaigns: SampleCampaigns;
  let directory: string;

  beforeEach(async () => {
    sample = await SampleBench.start();
    campaigns = new SampleCampaigns(sample);
    directory = join(sample.storage.path, 'simulated', 'campaign-lists');
  });

  afterEach(async () => {
    await sample.close();
  });

  const check = async (csv: string, body: string): Promise<CampaignCheck> => {
    const { list } = (await campaigns.upload(csv)).json;
    const { status, json } = await sample.post<CampaignCheck>('/campaigns/check', {
      ...{ list, message: { ...message, body } },
    });
    expect(status).toBe(200);
    return json;
  };

  describe('a list', () => {
    it('is stored as a file that only its user can read, and described in the response', async () => {
      const { status, json } = await campaigns.upload(MIXED);
      expect(status).toBe(201);
      expect(json).toEqual({
        ...{ list: expect.stringMatching(/^[0-9a-f-]{36}$/), recipients: 6 },
        ...{ fields: ['mobile', 'name', 'code'], hasHeader: true, numberColumn: 'mobile', headerLine: 1 },
      });
      expect(await readdir(directory)).toEqual([`${json.list}.csv`]);
      if (process.platform !== 'win32') {
        expect((await stat(join(directory, `${json.list}.csv`))).mode & 0o777).toBe(0o600);
      }
    });

    it('is streamed: its beginning is stored while the rest is still being uploaded', async () => {
      let go = (): void => undefined;
      const isWritten = new Promise<void>((resolve) => (go = resolve));
      async function* slowly(): AsyncIterable<Uint8Array> {
        yield Buffer.from(lines(...mobiles(1_000)));
        await isWritten;
        yield Buffer.from(lines(...mobiles(500, 1_000)));
      }
      const uploading = campaigns.upload(slowly());
      for (let bytes = 0; bytes < 11_000;) {
        const [name] = await readdir(directory).catch(() => []);
        bytes = name === undefined ? 0 : (await stat(join(directory, name))).size;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      go();
      expect((await uploading).json).toMatchObject({ recipients: 1_500, fields: ['dest'], hasHeader: false });
    });

    it('larger than 64 MB is refused and leaves no file', async () => {
      async function* endless(): AsyncIterable<Uint8Array> {
        // Few long lines, which are parsed faster.
        const piece = Buffer.from(`0501234567,${'x'.repeat(8_000)}\n`.repeat(130));
        for (let i = 0; i < 65; i++) yield piece;
      }
      const { status, json } = await campaigns.upload<Refused>(endless());
      expect({ status, message: json.message }).toEqual({ status: 413, message: 'A list has 64 MB at the most.' });
      expect(await readdir(directory)).toEqual([]);
    });

    it.each([
      ['a line without an end', `0501234567\n${'x'.repeat(3_000_000)}`, 'Line 2 is longer than 10,000 characters'],
      ['too many columns', `a\n1${',1'.repeat(100)}`, 'Line 2 has more than 100 columns'],
      ['an open quote', 'a\n"05012', 'Line 2 has a quote that is not closed'],
      ['another encoding', new Uint8Array([0x64, 0x0a, 0xd3, 0xe1]), 'The list is not in UTF-8'],
      ['nothing in it', '', 'The list has no recipients'],
      ['a header alone', 'mobile,name\n\n', 'The list has no recipients'],
    ])('that is hostile or broken is refused and leaves no file: %s', async (_what, csv, why) => {
      const { status, json } = await campaigns.upload<Refused>(csv);
      expect(status).toBe(400);
      expect(json.message).toContain(why);
      expect(await readdir(directory)).toEqual([]);
    });

    it('is deleted once its campaign has started, or after an hour', async () => {
      const { list } = (await campaigns.upload(lines(...mobiles(3)))).json;
      await sample.post('/campaigns', { id: 'a', list, message });
      expect(await readdir(directory)).toEqual([]);
      const gone = await sample.post<Refused>('/campaigns/check', { list, message });
      expect(gone).toMatchObject({ status: 404, json: { message: expect.stringContaining('Give it again') } });
      const kept = (await campaigns.upload(lines(...mobiles(3)))).json.list;
      const longAgo = new Date(Date.now() - 2 * 60 * 60_000);
      for (const name of ['old.csv', 'cut-short.csv.part']) {
        await writeFile(join(directory, name), 'x');
        await utimes(join(directory, name), longAgo, longAgo);
      }
      await sample.restart();
      expect(await readdir(directory)).toEqual([`${kept}.csv`]);
    });

    it('is found by the id of its upload only', async () => {
      for (const list of ['../../etc/passwd', 'x', '', 1]) {
        expect((await sample.post('/campaigns/check', { list, message })).status).toBe(400);
      }
      const list = '00000000-0000-4000-8000-000000000000';
      expect((await sample.post('/campaigns/check', { list, message })).status).toBe(404);
      expect((await sample.post('/campaigns', { id: 'a', list, message })).status).toBe(404);
      expect((await sample.get('/campaigns')).json).toEqual([]);
    });
  });

  describe('a check', () => {
    it('counts valid recipients, lists the others masked, and shows which field makes the text expensive', async () => {
      const found = await check(MIXED, 'Dear {name}, your code is {code}');
      expect(found).toMatchObject({
        ...{ total: 6, valid: 3, invalid: 2, duplicate: 1, parts: 3, partsEach: { least: 1, most: 1 } },
        ...{ unicode: 1, unicodeFields: { name: 1 }, requests: 3, credits: 150_000, sufficient: true },
        example: { dest: '9665******11', text: 'Dear Sara, your code is 1' },
      });
      expect(found.faults).toEqual([
        { line: 5, dest: '0112****78', reason: expect.stringContaining('not a Saudi mobile') },
        { line: 6, dest: '0503****33', reason: 'has no field {code}' },
      ]);
      expect(JSON.stringify(found)).not.toContain('0112345678');
    });

    it('counts every cell of a list without a header, also cells that are not phone numbers', async () => {
      const pasted = await check('0501234567, 0501234568, hello', 'hello');
      expect(pasted).toMatchObject({ total: 3, valid: 2, invalid: 1, faults: [{ line: 1, dest: 'hello' }] });
      expect(pasted.faults[0]?.reason).toBe('no phone number: character 1 is not part of a phone number');
      expect(pasted).not.toHaveProperty('numberColumn');
      const uploaded = (await campaigns.upload('0501234567,0501234568,0501234569')).json;
      expect(uploaded).toMatchObject({ recipients: 3, fields: ['dest'], hasHeader: false });
    });

    it('shows which line was read as column names, and which column has the numbers', async () => {
      expect(await check('\nabc\n12\n999\n', 'x')).toMatchObject({ total: 2, numberColumn: 'abc', headerLine: 2 });
      const bare = await check('0501234567,Sara\n', 'x');
      expect(bare).toMatchObject({ total: 1, numberColumn: 'column1' });
      expect(bare).not.toHaveProperty('headerLine');
    });

    it('shows when the credits are insufficient', async () => {
      const found = await check(lines(...mobiles(1_000)), 'x'.repeat(153 * 200));
      expect(found).toMatchObject({ parts: 200_000, credits: 150_000, sufficient: false });
    });

    it.each(['Dear {name}, your code is {code}', 'Sale {{today}}: 50%', 'كود {code}', '{name}'])(
      'predicts the result of the campaign, with the text %j',
      async (body) => {
        const found = await check(MIXED, body);
        await campaigns.start(MIXED, { id: 'sale', message: { ...message, body } });
        const done = (await campaigns.follow('sale', isOver)).at(-1);
        expect(done).toMatchObject({
          ...{ total: found.total, sent: found.valid, parts: found.parts },
          ...{ invalid: found.invalid, duplicate: found.duplicate },
        });
      },
    );

    it('names the fields of the text that the list has no column for', async () => {
      const found = await check(
        'mobile,name\n0501234567,Sara\n0507654321,Ali\n',
        '{name} of {city}, {dest} {mobile} {{x}}',
      );
      expect(found).toMatchObject({ unknownFields: ['city'], valid: 0 });
      expect((await check('0501234567\n0507654321\n', 'hello {dest}')).unknownFields).toEqual([]);
    });

    it('names the faults of the message', async () => {
      const { list } = (await campaigns.upload(MIXED)).json;
      const faulty = { src: '', body: '' };
      for (const path of ['/campaigns/check', '/campaigns']) {
        const { status, json } = await sample.post<Refused>(path, { id: 'a', list, message: faulty });
        if (path === '/campaigns/check') expect(status).toBe(400);
        else
          expect({ status, fields: json.faults?.map(({ field }) => field) }).toEqual({
            status: 400,
            fields: ['src', 'body'],
          });
      }
    });
  });

  describe('a campaign', () => {
    it('is started once, streams its progress, is listed, and can be removed', async () => {
      const started = await campaigns.start(lines(...mobiles(3_000)), { id: 'eid/٢', message, rate: 4 });
      expect(started).toMatchObject({ id: 'eid/٢', isNew: true, total: 3_000 });
      const told = await campaigns.follow('eid/٢', isOver);
      expect(told.length).toBeGreaterThan(2);
      expect(told.at(-1)).toMatchObject({ state: 'done', sent: 2_970, rejected: 30, pending: 0 });
      const again = await campaigns.start(lines(...mobiles(9)), { id: 'eid/٢', message });
      expect(again).toMatchObject({ isNew: false, total: 3_000, state: 'done' });
      const [listed] = (await sample.get<CampaignView[]>('/campaigns')).json;
      expect(listed).toMatchObject({ id: 'eid/٢', state: 'done', finishedAt: expect.stringMatching(/Z$/) });
      const path = `/campaigns/${encodeURIComponent('eid/٢')}`;
      expect((await sample.get(path)).json).toEqual(listed);
      expect(await sample.delete(path)).toEqual({ status: 200, json: { count: 1 } });
      expect((await sample.get('/campaigns')).json).toEqual([]);
    });

    it.each(['.', '..'])('cannot have the id %s, which a browser cannot put into a URL', async (id) => {
      const { list } = (await campaigns.upload(lines(...mobiles(1)))).json;
      const refused = await sample.post<{ message: string[] }>('/campaigns', { id, list, message });
      expect(refused.status).toBe(400);
      expect(refused.json.message).toEqual(['id must not be . or .., which cannot stand in an address']);
    });

    it('does not delete the uploaded list when its id exists already', async () => {
      await campaigns.start(lines(...mobiles(1)), { id: 'a', message });
      const { list } = (await campaigns.upload(lines(...mobiles(2)))).json;
      expect((await sample.post<StartedCampaign>('/campaigns', { id: 'a', list, message })).json.isNew).toBe(false);
      expect(await readdir(directory)).toEqual([`${list}.csv`]);
      const other = await sample.post<Refused>('/campaigns', { id: 'a', list, message: { ...message, body: 'other' } });
      expect(other).toMatchObject({ status: 400, json: { faults: [{ field: 'id' }] } });
    });

    it('pauses, is still paused after a restart, and continues when it is resumed', async () => {
      await campaigns.start(lines(...mobiles(4_000)), { id: 'a', message, rate: 1 });
      const paused = (await sample.post<CampaignView>('/campaigns/a/pause')).json;
      expect(paused).toMatchObject({ state: 'paused', reason: 'user' });
      expect(paused.pending).toBeGreaterThan(0);
      expect((await sample.delete('/campaigns/a')).status).toBe(409);
      await sample.restart();
      expect((await sample.get<CampaignView[]>('/campaigns')).json).toMatchObject([
        { id: 'a', state: 'paused', pending: paused.pending },
      ]);
      expect((await sample.post<CampaignView>('/campaigns/a/resume')).json.state).toBe('running');
      await campaigns.follow('a', ({ sent }) => sent > paused.sent);
      const cancelled = (await sample.post<CampaignView>('/campaigns/a/cancel')).json;
      expect(cancelled).toMatchObject({ state: 'cancelled', pending: 0, unknown: 0 });
      expect(cancelled.sent + cancelled.rejected + cancelled.notSent).toBe(4_000);
    });

    it('that does not exist is answered with 404', async () => {
      const posts = ['pause', 'resume', 'cancel', 'resolve-unknown'].map((verb) =>
        sample.post(`/campaigns/nothing/${verb}`, verb === 'resolve-unknown' ? { fate: 'sent' } : {}),
      );
      const gets = ['/campaigns/nothing', '/campaigns/nothing/progress'].map((path) => sample.get(path));
      for (const answer of await Promise.all([...posts, ...gets, sample.delete('/campaigns/nothing')])) {
        expect(answer).toMatchObject({ status: 404, json: { message: 'No campaign has the id nothing.' } });
      }
    });
  });

  it('reject requests from another website, and content types that an HTML form can send', async () => {
    const foreign = { origin: 'http://evil.example' };
    expect((await campaigns.upload(MIXED, foreign)).status).toBe(403);
    for (const type of ['text/plain', 'application/json', 'multipart/form-data']) {
      expect((await campaigns.upload(MIXED, { 'content-type': type })).status).toBe(415);
    }
    for (const path of ['', '/check', '/a/pause', '/a/resume', '/a/cancel', '/a/resolve-unknown']) {
      expect((await sample.post(`/campaigns${path}`, {}, foreign)).status).toBe(403);
      expect((await sample.post(`/campaigns${path}`, {}, { 'content-type': 'text/csv' })).status).toBe(415);
    }
    expect((await sample.delete('/campaigns/a', foreign)).status).toBe(403);
    expect(await readdir(directory).catch(() => [])).toEqual([]);
  });

  it('are described on the API page, with a response for each endpoint', async () => {
    const { json } = await sample.get<{ paths: Record<string, Record<string, object>> }>('/api-json');
    const calls = Object.entries(json.paths)
      .filter(([path]) => path.startsWith('/campaigns'))
      .flatMap(([path, methods]) => Object.entries(methods).map(([method, call]) => ({ name: method + path, call })));
    expect(calls.map(({ name }) => name).sort()).toEqual([
      ...[
        'delete/campaigns/{id}',
        'get/campaigns',
        'get/campaigns/{id}',
        'get/campaigns/{id}/inputs/{group}',
        'get/campaigns/{id}/inputs/{group}/csv',
        'get/campaigns/{id}/progress',
      ],
      ...['post/campaigns', 'post/campaigns/check', 'post/campaigns/lists', 'post/campaigns/{id}/cancel'],
      ...['post/campaigns/{id}/pause', 'post/campaigns/{id}/resolve-unknown', 'post/campaigns/{id}/resume'],
    ]);
    for (const { name, call } of calls) {
      const status = ['post/campaigns', 'post/campaigns/lists'].includes(name) ? 201 : 200;
      expect(call).toMatchObject({ tags: ['campaigns'], summary: expect.any(String), responses: { [status]: {} } });
    }
  });

  it('list the outcome of each recipient with a masked number, and offer full numbers as a CSV file', async () => {
    const csv = 'mobile,name\n0501234567,Sara\n0501234599,Ali\n12,x\n=1+1,x\n0501234567,twice\n';
    await campaigns.start(csv, { id: 'sale 1', message });
    await campaigns.follow('sale 1', isOver);
    const at = `/campaigns/${encodeURIComponent('sale 1')}/inputs`;
    expect((await sample.get(`${at}/rejected`)).json).toMatchObject({
      inputs: [{ dest: '9665******99', fate: 'rejected' }],
      hasMore: false,
    });
    const { inputs } = (await sample.get<ShownInputs>(`${at}/leftOut`)).json;
    expect(inputs).toMatchObject([
      { dest: '12', fate: 'invalid', reason: expect.any(String) },
      { dest: '=1+1', fate: 'invalid', reason: expect.any(String) },
      { dest: '0501****67', fate: 'duplicate' },
    ]);
    const file = await fetch(`${sample.url}${at}/leftOut/csv`);
    expect(file.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="leftOut.csv"');
    const rows = (await file.text()).split('\r\n');
    expect(rows[0]).toBe('dest,fate,reason');
    expect(rows[1]).toMatch(/^12,invalid,/);
    // No spreadsheet may take it for a formula.
    expect(rows[2]).toMatch(/^'=1\+1,invalid,/);
    expect(rows[3]).toMatch(/^0501234567,duplicate,/);
    expect((await sample.get(`${at}/everything`)).status).toBe(400);
    expect((await sample.get('/campaigns/none/inputs/rejected')).status).toBe(404);
  });
});

describe('campaigns of the sample application on an external gateway', () => {
  let gateway: GatewaySimulator;
  let sample: SampleBench;
  let campaigns: SampleCampaigns;

  beforeEach(async () => {
    gateway = await GatewaySimulator.start({ accounts: [{ ...DEMO, credits: 100_000 }] });
    const credentials = { OURSMS_USERNAME: 'demo', OURSMS_PASSWORD: 'demo', OURSMS_BASE_URL: gateway.url };
    sample = await SampleBench.start(credentials);
    campaigns = new SampleCampaigns(sample);
  });

  afterEach(async () => {
    await sample.close();
    await gateway.stop();
  });

  it('continue after a restart in the middle, and reach each phone once', async () => {
    await campaigns.start(lines(...mobiles(3_000)), { id: 'sale', message, rate: 2 });
    await campaigns.follow('sale', ({ sent }) => sent > 0);
    await sample.restart();
    const { json } = await sample.get<CampaignView[]>('/campaigns');
    expect(json).toMatchObject([{ id: 'sale', state: 'running' }]);
    expect(json[0]!.pending).toBeGreaterThan(0);
    expect((await campaigns.follow('sale', isOver)).at(-1)).toMatchObject({ state: 'done', sent: 3_000, unknown: 0 });
    const reached = new Set(mobiles(3_000).map((_, i) => gateway.phone(normalized(i)).length));
    expect([...reached]).toEqual([1]);
  });

  it.each([
    ['sent', 1],
    ['sendAgain', 2],
  ])('let a user resolve recipients whose outcome is unknown: %s', async (fate, times) => {
    gateway.faults.next('resetAfter', { on: 'send' });
    await campaigns.start(lines(...mobiles(3)), { id: 'sale', message });
    expect((await campaigns.follow('sale', isOver)).at(-1)).toMatchObject({ unknown: 3, sent: 0 });
    expect((await sample.post('/campaigns/sale/resolve-unknown', { fate: 'perhaps' })).status).toBe(400);
    expect((await sample.post('/campaigns/sale/resolve-unknown', { fate })).json).toEqual({ count: 3 });
    expect((await campaigns.follow('sale', isOver)).at(-1)).toMatchObject({ state: 'done', unknown: 0, sent: 3 });
    expect(gateway.phone(normalized(1))).toHaveLength(times);
  });
});
