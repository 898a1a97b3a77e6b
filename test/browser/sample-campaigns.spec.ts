import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { mobiles } from '../support/campaign-bench.js';
import { setClock } from '../support/set-clock.js';
import { describePage, shows } from '../support/sample-page.js';

jest.setTimeout(60_000);

/** A list of recipients with different texts: each recipient needs a request of its own. */
const named = (count: number, from = 0): string =>
  ['mobile,name', ...mobiles(count, from).map((number, i) => `${number},N${i}`)].join('\n');
const DEAR = 'Dear {name}, half price today';

describePage('the campaign page of the sample application', (opened) => {
  let page: Page;
  let checked: Locator;
  let watched: Locator;

  beforeEach(async () => {
    ({ page } = opened);
    await page.getByRole('link', { name: 'Campaigns' }).click();
    await shows(page.locator('#banner'), 'Simulated gateway');
    checked = page.getByRole('region', { name: 'Before you start' });
    watched = page.locator('#watched');
  });

  afterEach(() => void jest.restoreAllMocks());

  const press = (name: string | RegExp): Promise<void> => page.getByRole('button', { name }).click();
  const fact = (where: Locator, name: string): Locator => where.locator(`[data-fact=${name}]`);

  /** Writes a campaign into the form and has it checked. */
  async function check(list: string, { body = DEAR, rate = 20 } = {}): Promise<void> {
    await page.getByLabel('Recipients').fill(list);
    await page.getByLabel('Text', { exact: true }).fill(body);
    await page.getByLabel('Requests a second').fill(String(rate));
    await press('Check');
    await checked.waitFor();
  }

  it('checks a pasted list, starts the campaign, and fills the progress bar', async () => {
    await check(named(40, 80), { rate: 10 });
    await shows(checked, '40 credits: leaves 149,960 of 150,000.');
    await shows(checked, '1 part each, GSM-7. 40 requests: about 5 s at 10 requests a second.');
    await press('Start: 40 messages');
    await watched.locator('#watched-title:focus').waitFor();
    const bar = watched.getByRole('progressbar');
    await watched
      .locator('#percent')
      .filter({ hasText: /^([1-9]|[1-9]\d)%$/ })
      .waitFor();
    await shows(watched.locator('#percent'), '100%');
    expect(await bar.getAttribute('aria-valuenow')).toBe('40');
    await shows(watched.locator('#watched-state'), 'Done');
    await shows(fact(watched, 'sent'), '39');
    await shows(fact(watched, 'rejected'), '1');
    await shows(page.locator('#campaigns li'), '39 of 40 sent');
    await shows(page.locator('#balance'), '149,961 credits');
    await press('Remove');
    await shows(page.locator('#no-campaigns'), 'None yet');
    expect(opened.complaints).toEqual([]);
  });

  it('shows why recipients are left out, an example text, and which field makes texts expensive', async () => {
    const list = 'mobile,name\n0501234567,Sara\n٠٥٠٧٦٥٤٣٢١,علي\n0112345678,x\n+966501234567,y\n';
    await check(list, { body: 'Dear {name}, we are open.' });
    await shows(fact(checked, 'valid'), /^2$/);
    await shows(fact(checked, 'invalid'), /^1$/);
    await shows(fact(checked, 'duplicate'), /^1$/);
    await shows(checked, 'Dearer because of what stands in {name} (1 message)');
    await shows(checked, 'Dear Sara, we are open.');
    await checked.getByText('Why they are invalid').click();
    await shows(checked, 'Line 4: 0112****78 is not a Saudi mobile');
    await page.getByLabel('Text', { exact: true }).press('x');
    await checked.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Put {name} into the text' }).click();
    expect(await page.getByLabel('Text', { exact: true }).inputValue()).toContain('{name}');
    expect(opened.complaints).toEqual([]);
  });

  it('shows at the text which of its fields has no column in the list', async () => {
    await page.getByLabel('Recipients').fill('mobile,name\n0501234567,Sara\n0507654321,Ali');
    await page.getByLabel('Text', { exact: true }).fill('{name} of {city}');
    await press('Check');
    await shows(page.locator('#body-fault'), 'The list has no column for {city}. It has {mobile}, {name}.');
    expect(await checked.isVisible()).toBe(false);
    await page.locator('#body:focus').waitFor();
  });

  it('lists rejected and left-out recipients with reasons, and offers all as a file', async () => {
    await check('mobile,name\n0501234567,Sara\n0501234599,Ali\n12,Bo\n0501234567,Sara');
    await press(/^Start/);
    await shows(watched.locator('#watched-state'), 'Done');
    await watched.getByText('Left out: 2 recipients').click();
    await shows(watched.locator('#inputs'), /12: .*not a Saudi mobile/);
    await shows(watched.locator('#inputs'), '0501****67: given before');
    await watched.getByText('Rejected: 1 recipient').click();
    await shows(watched.locator('#inputs'), '9665******99');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      watched
        .getByRole('link', { name: /Download all/ })
        .first()
        .click(),
    ]);
    expect(download.suggestedFilename()).toBe('rejected.csv');
    expect(opened.complaints).toEqual([]);
  });

  it('draws a funnel and deliveries over time, also after the campaign is done, with a file for each group', async () => {
    await press('Use an example list');
    await page.getByLabel('Requests a second').fill('200');
    await press('Check');
    await press('Start: 300 messages');
    await shows(watched.locator('#watched-state'), 'Done');
    const row = (group: string): Locator => watched.locator(`#funnel [data-group=${group}]`);
    const number = (group: string): Locator => row(group).locator('.number');
    await shows(number('delivered'), /^259$/);
    await shows(number('undelivered'), /^25$/);
    await shows(number('noReportYet'), /^11$/);
    await shows(number('missing'), /^0$/);
    expect(await number('list').textContent()).toBe('302');
    await shows(row('valid').locator('.share'), '99%');
    await shows(row('accepted').locator('.share'), '98%');
    await shows(row('delivered').locator('.share'), '88%');
    const chart = watched.getByRole('img');
    expect(await chart.getAttribute('aria-label')).toMatch(/^In .+: 259 delivered, 25 undelivered$/);
    await watched.getByText('As a table').click();
    const cells = await watched.locator('#deliveries-table td:nth-child(2)').allTextContents();
    expect(cells.reduce((sum, text) => sum + Number(text), 0)).toBe(259);
    for (const group of ['list', 'valid', 'accepted', 'delivered', 'undelivered', 'noReportYet']) {
      const [download] = await Promise.all([page.waitForEvent('download'), row(group).getByRole('link').click()]);
      expect(download.suggestedFilename()).toBe(`${group}.csv`);
    }
    expect(await row('missing').getByRole('link').count()).toBe(0);
    await watched.getByText('Undelivered: 25 recipients').click();
    await shows(watched.locator('#inputs'), '9665******00: its last report says undelivered');
    expect(opened.complaints).toEqual([]);
  });

  it('shows recipients as missing after a while, without a click', async () => {
    await check('0501234588', { body: 'hello' });
    await press(/^Start/);
    await shows(watched.locator('#watched-state'), 'Done');
    await shows(watched.locator('[data-group=noReportYet] .number'), /^1$/);
    setClock(120_000);
    await shows(watched.locator('[data-group=missing] .number'), /^1$/);
    await shows(watched.locator('[data-group=noReportYet] .number'), /^0$/);
  });

  it('shows that deliveries are unknown when no delivery reports were requested', async () => {
    await page.getByLabel('Ask for delivery reports').uncheck();
    await check('0501234567', { body: 'hello' });
    await press(/^Start/);
    await shows(watched.locator('#funnel-hint'), 'delivery reports were not asked for');
    expect(await watched.locator('#funnel li:visible').count()).toBe(3);
    expect(await watched.locator('#deliveries').isVisible()).toBe(false);
  });

  it('opens with one click on a report of the campaign', async () => {
    await page.getByLabel('Name').fill('eid / ٢');
    await check('0501234567', { body: 'hello' });
    await press(/^Start/);
    await page.getByRole('link', { name: 'Message', exact: true }).click();
    await shows(page.locator('#reports li'), /Campaign eid \/ ٢ · sent .+ · found by its request and number/);
    await page.locator('#reports li').getByRole('link').click();
    await shows(watched.locator('#watched-title'), 'eid / ٢');
    await shows(watched.locator('[data-group=delivered] .number'), /^1$/);
  });

  it('shows which column has the numbers as soon as a list is entered', async () => {
    await page.getByLabel('Recipients').fill('name,mobile\nSara,0501234567 ::: 0507654321');
    await page.getByLabel('Recipients').press('Tab');
    await shows(
      page.locator('#list-source'),
      'Numbers are taken from the column mobile; line 1 was read as column names.',
    );
  });

  it('accepts comma-separated numbers as a list', async () => {
    await check('0501234567, 0507654321، ٠٥٠١١١١١١١', { body: 'hello' });
    await shows(fact(checked, 'valid'), /^3$/);
    await check('0501234567, 0501234568, hello', { body: 'hello' });
    await shows(fact(checked, 'valid'), /^2$/);
    await shows(fact(checked, 'invalid'), /^1$/);
    await shows(checked, 'Each value is read as a number of its own');
  });

  it('shows after a check which line has the column names, and which column the numbers', async () => {
    await check('name,mobile\nSara,0501234567', { body: 'hello' });
    await shows(checked, 'Numbers are taken from the column mobile; line 1 was read as column names.');
  });

  it('accepts a CSV file', async () => {
    const buffer = Buffer.from('\ufeffname;mobile\r\nSara;0501234567\r\n');
    await page.getByLabel('Choose a CSV file').setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer });
    await shows(page.locator('#chosen'), 'list.csv');
    await press('Put {name} into the text');
    await press('Check');
    await shows(checked, 'Start: 1 message');
    await page.locator('#unchoose').click();
    await checked.waitFor({ state: 'hidden' });
    expect(await page.getByLabel('Recipients').isVisible()).toBe(true);
    expect(opened.complaints).toEqual([]);
  });

  it('shows the errors of a list or a message at its field', async () => {
    await page.getByLabel('Recipients').fill('mobile\n"0501234567');
    await press('Check');
    await shows(page.locator('#list-fault'), 'Line 2 has a quote that is not closed.');
    await page.getByLabel('Recipients').fill('0501234567');
    await press('Check');
    await shows(page.locator('#body-fault'), /./);
    expect(await checked.isVisible()).toBe(false);
  });

  it('pauses a campaign, shows it again after a restart of the application, resumes and cancels it', async () => {
    await check(named(60), { rate: 1 });
    await press(/^Start/);
    await watched.getByRole('button', { name: 'Pause' }).click();
    await shows(watched.locator('#watched-state'), 'Paused');
    const pending = await fact(watched, 'pending').textContent();
    await opened.sample.restart(Number(new URL(opened.sample.url).port));
    await page.goto(`${opened.sample.url}/campaign.html`);
    await shows(watched.locator('#watched-state'), 'Paused');
    expect(await fact(watched, 'pending').textContent()).toBe(pending);
    await watched.getByRole('button', { name: 'Resume' }).click();
    await shows(watched.locator('#watched-state'), 'Running');
    opened.isSure = false;
    await watched.getByRole('button', { name: 'Cancel' }).click();
    expect(opened.asked).toEqual([expect.stringMatching(/^Cancel .*\? \d+ recipients will never get the message\.$/)]);
    await shows(watched.locator('#watched-state'), 'Running');
    opened.isSure = true;
    await watched.getByRole('button', { name: 'Cancel' }).click();
    await shows(watched.locator('#watched-state'), 'Cancelled');
    await watched.locator('#watched-title:focus').waitFor();
    await shows(fact(watched, 'pending'), /^0$/);
    await shows(page.locator('#campaigns li'), 'cancelled');
  });

  it('follows a running campaign to its end across a restart of the application', async () => {
    await check(named(12), { rate: 2 });
    await press(/^Start/);
    await fact(watched, 'sent').filter({ hasText: /[1-9]/ }).waitFor();
    await opened.sample.restart(Number(new URL(opened.sample.url).port));
    await shows(watched.locator('#watched-state'), 'Done');
    await shows(fact(watched, 'sent'), '12');
  });

  it('works with a malformed URL fragment, and accepts Arabic digits as a rate', async () => {
    await page.goto(`${opened.sample.url}/campaign.html#%E0%A4%A`);
    await page.reload();
    await page.getByLabel('Requests a second').fill('٢٠');
    await page.getByLabel('Recipients').fill(named(40));
    await page.getByLabel('Text', { exact: true }).fill(DEAR);
    await press('Check');
    await shows(checked, 'at 20 requests a second');
  });

  it('fits a narrow screen', async () => {
    await check(`${named(60)}\nno number,x`, { body: `{name} ${'x'.repeat(200)}`, rate: 1 });
    await press(/^Start/);
    await watched.waitFor();
    await watched.locator('#deliveries').waitFor();
    await watched.getByText('As a table').click();
    await check(named(3));
    for (const [width, dir] of [
      [390, 'ltr'],
      [320, 'ltr'],
      [320, 'rtl'],
    ] as const) {
      await page.evaluate(`document.documentElement.dir = '${dir}'`);
      await page.setViewportSize({ width, height: 844 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      for (const button of await page.getByRole('button').all()) {
        const box = await button.boundingBox();
        if (box === null) continue;
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(width);
      }
    }
  });
});
