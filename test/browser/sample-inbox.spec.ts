import { beforeEach, expect, it, jest } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { describePage, shows } from '../support/sample-page.js';

jest.setTimeout(60_000);

describePage('the inbox on the page of the sample application', (opened) => {
  let page: Page;
  let inbox: Locator;
  let failed: Locator;
  let reports: Locator;

  beforeEach(() => {
    ({ page } = opened);
    inbox = page.getByRole('region', { name: 'Inbox' });
    failed = inbox.locator('#failed-reports li');
    reports = page.locator('#reports li');
  });

  const fact = (name: string): Locator => inbox.locator(`[data-fact=${name}]`);
  const press = (name: string): Promise<void> => inbox.getByRole('button', { name, exact: true }).click();
  const letFail = (): Promise<void> => inbox.getByRole('switch', { name: 'Let the handler fail' }).click();

  /** Sends a message while the handler fails, and waits until its reports are kept as failed. */
  async function fail(dests: string[]): Promise<void> {
    await letFail();
    await shows(inbox, 'The handler fails now');
    await opened.send(dests.join(', '));
    await failed.nth(dests.length - 1).waitFor();
  }

  it('shows its contents, its storage directory and the result of the last poll', async () => {
    await shows(inbox.locator('#inbox-state'), 'Polling');
    await shows(inbox.locator('#storage'), opened.sample.storage.path);
    for (const name of ['waiting', 'handling', 'failed', 'unreadable', 'gaps']) await shows(fact(name), /^0$/);
    await shows(fact('oldestMs'), '–');
    await shows(inbox.locator('#last-poll'), /^Last poll at .+: nothing new\.$/);
    await press('Poll now');
    await shows(inbox.getByRole('status'), 'Polled: nothing new.');
    expect(opened.complaints).toEqual([]);
  });

  it('pauses and resumes', async () => {
    await press('Pause');
    await shows(inbox.locator('#inbox-state'), 'Paused');
    await press('Poll now');
    await shows(inbox.getByRole('status'), 'skipped, the inbox is paused');
    await opened.send('0501234567');
    await press('Resume');
    await shows(inbox.locator('#inbox-state'), 'Polling');
    await shows(reports, '966501234567');
    expect(opened.complaints).toEqual([]);
  });

  it('shows a failed report with a masked number until a retry succeeds', async () => {
    await fail(['0501234567']);
    await shows(fact('failed'), /^1$/);
    await shows(failed, '9665******67');
    // The report has failed: a green status would suggest the opposite.
    await shows(failed.locator('.status.unclear'), 'delivered');
    await shows(failed, 'Error: the handler was told to fail · 3 attempts');
    expect(await reports.count()).toBe(0);
    await letFail();
    await shows(inbox, 'The handler works again');
    await press('Retry the report of 9665******67');
    await shows(reports, '966501234567');
    await inbox.locator('#failed').waitFor({ state: 'hidden' });
    await shows(fact('failed'), /^0$/);
    expect(await inbox.locator('#inbox-title:focus').count()).toBe(1);
    expect(opened.complaints).toEqual([]);
  });

  it('switches from polling to push and back, and each report shows how it arrived', async () => {
    const pushed = inbox.getByRole('switch', { name: 'Have reports pushed' });
    await inbox.locator('#way').waitFor();
    expect(await pushed.isChecked()).toBe(false);
    await pushed.click();
    await shows(inbox.getByRole('status'), 'Reports are pushed now');
    await opened.send('0501234567');
    await shows(reports.filter({ hasText: '966501234567' }), 'MyBrand · pushed');
    // Other pages are updated too.
    const other = await opened.browser.newPage();
    await other.goto(opened.sample.url);
    await other.locator('#pushed:checked').waitFor();
    await other.close();
    await pushed.click();
    await shows(inbox.getByRole('status'), 'Reports are polled again');
    await opened.send('0507654321');
    await shows(reports.filter({ hasText: '966507654321' }), 'MyBrand · polled');
    await shows(reports.filter({ hasText: '966501234567' }), 'MyBrand · pushed');
    expect(await pushed.isChecked()).toBe(false);
    expect(opened.complaints).toEqual([]);
  });

  it('leaves the push switch unchanged when the application refuses the request', async () => {
    const pushed = inbox.getByRole('switch', { name: 'Have reports pushed' });
    await inbox.locator('#way').waitFor();
    await page.route('**/inbox/way', (route) => route.fulfill({ status: 409, json: { message: 'Not now.' } }));
    await pushed.click();
    await shows(inbox.getByRole('status'), 'Not now.');
    expect(await pushed.isChecked()).toBe(false);
  });

  it('updates the failed report when a retry fails again', async () => {
    await fail(['0501234567']);
    const before = await failed.locator('time').getAttribute('datetime');
    await press('Retry the report of 9665******67');
    await failed.locator(`time:not([datetime="${before}"])`).waitFor();
    await shows(failed, '3 attempts');
    expect(await failed.count()).toBe(1);
  });

  it('removes a failed report, and retries all others at once', async () => {
    await fail(['0501111111', '0502222222', '0503333333']);
    await press('Remove the report of 9665******11');
    await shows(inbox, '2 failed reports');
    expect(await page.locator('#failed-reports button:focus').count()).toBe(1);
    await letFail();
    await shows(inbox, 'The handler works again');
    await press('Retry all');
    await shows(inbox.getByRole('status'), '2 reports handed to the handler again.');
    await inbox.locator('#failed').waitFor({ state: 'hidden' });
    await reports.nth(1).waitFor();
    expect(await reports.filter({ hasText: '966501111111' }).count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });

  it('shows an error when the retried report was removed elsewhere', async () => {
    await fail(['0501234567']);
    const [{ id } = { id: '' }] = (await opened.sample.get<{ id: string }[]>('/inbox/failed')).json;
    // The page does not know of this removal yet.
    await page.route('**/inbox/retry/*', async (route) => {
      await opened.sample.delete(`/inbox/${id}`);
      await route.continue();
    });
    await press('Retry the report of 9665******67');
    await shows(inbox.getByRole('status'), 'No failed report has the id');
    await failed.waitFor({ state: 'detached' });
  });

  it('shows handled and failed reports again after a restart of the application', async () => {
    await opened.send('0507654321');
    await shows(reports, '966507654321');
    await fail(['0501234567']);
    const { port } = new URL(opened.sample.url);
    await opened.sample.restart(Number(port));
    await page.reload();
    await shows(reports, '966507654321');
    await shows(failed, '9665******67');
    expect(await inbox.getByRole('switch', { name: 'Let the handler fail' }).isChecked()).toBe(false);
    await press('Retry the report of 9665******67');
    await shows(reports, '966501234567');
  });

  it('shows that the application is unreachable, and reconnects when it is available again', async () => {
    const { port } = new URL(opened.sample.url);
    await opened.sample.stop();
    await shows(inbox.locator('#inbox-state'), 'Not connected');
    await press('Poll now');
    await shows(inbox.getByRole('status'), 'The application gave no answer');
    await opened.sample.restart(Number(port));
    await shows(inbox.locator('#inbox-state'), 'Polling');
  });

  it('disconnects while the page is hidden, and reconnects when it is shown', async () => {
    const hide = (hidden: boolean): Promise<unknown> =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await hide(true);
    await shows(inbox.locator('#inbox-state'), 'Not connected');
    await opened.sample.post('/inbox/pause');
    await hide(false);
    await shows(inbox.locator('#inbox-state'), 'Paused');
  });

  it('fits a narrow screen, with failed reports in it', async () => {
    await fail(['0501234567', '0507654300']);
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 844 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      for (const button of await inbox.getByRole('button').all()) {
        const box = await button.boundingBox();
        expect(box!.x).toBeGreaterThanOrEqual(0);
        expect(box!.x + box!.width).toBeLessThanOrEqual(width);
      }
    }
  });

  it('can be polled on the API page', async () => {
    await page.goto(`${opened.sample.url}/api`);
    await page.getByText('Polls the gateway now').click();
    await page.getByRole('button', { name: 'Try it out' }).first().click();
    await page.getByRole('button', { name: 'Execute' }).first().click();
    await page.locator('.live-responses-table').getByText('"result": "downloaded"').first().waitFor();
    expect(opened.complaints).toEqual([]);
  });
});
