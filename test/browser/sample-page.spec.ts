import { beforeEach, expect, it, jest } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { GatewayChoice } from '../../sample-app/gateway/gateway-choice.js';
import { describePage, shows } from '../support/sample-page.js';

jest.setTimeout(60_000);

describePage('the page of the sample application', (opened) => {
  let page: Page;
  let complaints: string[];

  beforeEach(() => {
    ({ page, complaints } = opened);
  });

  const meter = (fact: string): Locator => page.locator(`#meter [data-fact=${fact}]`);
  const send = (): Promise<void> => page.getByRole('button', { name: 'Send' }).click();

  it('shows that nothing is really sent, and fills in a sender', async () => {
    await shows(page.locator('#banner'), 'Simulated gateway: nothing is really sent');
    expect(await page.getByLabel('Sender').inputValue()).toBe('MyBrand');
    expect(await page.getByLabel('Ask for a delivery report').isChecked()).toBe(true);
    expect(complaints).toEqual([]);
  });

  it('shows an invalid number as it was typed', async () => {
    await opened.send('0501234567, 12');
    await shows(page.locator('#dests-fault'), 'Recipient 2: "12" is not a Saudi mobile');
  });

  it('lets a long list of reports scroll, and shows a job id on one line', async () => {
    for (let i = 0; i < 8; i++) await opened.send(`050123456${i}`, `hello ${i}`);
    await shows(page.locator('#reports-shown'), '8 reports');
    const list = page.locator('#reports');
    const overflow =
      "(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight)(document.querySelector('#reports'))";
    expect(await page.evaluate(overflow)).toBe(true);
    expect(await list.getAttribute('tabindex')).toBe('0');
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 900 });
      const id = page.locator('dd[data-wide]').last();
      const { height } = (await id.boundingBox())!;
      expect(height).toBeLessThan(40);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      // Each row has the same layout: status and time on one side, number and sender on the other.
      const row = list.locator('li').first();
      const [status, time, dest, from] = await Promise.all(
        ['.status', 'time', '.dest', '.from'].map(async (part) => (await row.locator(part).boundingBox())!.x),
      );
      if (width === 360) expect([status! < dest!, time! < from!]).toEqual([true, true]);
    }
  });

  it('shows the encoding, units and parts of a text while it is typed, in Latin and Arabic script', async () => {
    const text = page.getByLabel('Text');
    await text.pressSequentially('Your code is 4321');
    await shows(meter('encoding'), 'GSM-7');
    await shows(meter('units'), '17 used');
    await shows(meter('left'), '143 left');
    await text.fill('x'.repeat(161));
    await shows(meter('parts'), '2 parts');
    await text.fill('رمز التحقق ');
    await text.pressSequentially('هو 4321');
    await shows(meter('encoding'), 'UCS-2');
    await shows(meter('parts'), '1 part');
    expect(await page.locator('#body:dir(rtl)').count()).toBe(1);
    await text.fill('م'.repeat(71));
    await shows(meter('parts'), '2 parts');
    expect(complaints).toEqual([]);
  });

  it('shows the cost for the unique recipients of a message, and the remaining balance', async () => {
    const cost = page.locator('#cost');
    await page.getByLabel('Text').fill('x'.repeat(161));
    expect(await cost.isVisible()).toBe(false);
    await page.getByLabel('Recipients').fill('0501234567, +966 50 123 4567\n٠٥٠٧٦٥٤٣٢١, 0501');
    await shows(cost, '4 credits');
    await shows(cost, '2 parts × 2 recipients');
    await shows(cost, 'leaves 149,996 of 150,000');
    const many = Array.from({ length: 501 }, (_, i) => `05${String(10_000_000 + i)}`).join('\n');
    await page.getByLabel('Recipients').fill(many);
    await page.getByLabel('Text').fill('x'.repeat(300 * 153));
    await shows(cost, '150,300 credits');
    await shows(cost, 'more than the balance of 150,000');
    expect(complaints).toEqual([]);
  });

  it('shows advice with its source while a message is typed, and keeps an expanded advice expanded', async () => {
    const advice = page.locator('#advice details');
    await page.getByLabel('Text').fill('رمز التحقق هو 4321');
    await shows(advice, 'does not say what it is for');
    await advice.first().locator('summary').click();
    await shows(advice.locator('p'), 'CST');
    await page.getByLabel('Sender').fill('FarTooLongAName');
    await shows(advice, 'has room for 11');
    expect(await page.locator('#advice details[open]').getAttribute('data-code')).toBe('otpWithoutPurpose');
    await page.getByText('Advanced').click();
    await page.getByLabel('Class').selectOption('promotional');
    await shows(advice, 'does not end in -AD');
    await page.getByLabel('Text').fill('hello');
    await page.getByLabel('Sender').fill('MyBrand');
    await page.getByLabel('Class').selectOption('');
    await page.locator('#advice').waitFor({ state: 'hidden' });
    expect(complaints).toEqual([]);
  });

  it('shows where a text splits and which characters make it expensive, and offers cheaper ones', async () => {
    const body = `${'م'.repeat(67)}\u00a0نــــن`;
    const simplified = `${'م'.repeat(67)} نن`;
    await page.getByLabel('Text').fill(body);
    await shows(page.locator('#split-title'), 'splits into 2 parts');
    expect(await page.locator('#split .part').allTextContents()).toEqual([body.slice(0, 67), body.slice(67)]);
    expect((await page.locator('#split mark').allTextContents()).join('')).toBe('\u00a0ــــ');
    expect(await page.locator('#split-text:dir(rtl)').count()).toBe(1);
    await shows(page.locator('#forcing'), 'Arabic letters');
    await shows(page.locator('#forcing'), 'no-break space → space');
    await shows(page.locator('#cheaper'), '1 part instead of 2');
    await page.getByRole('button', { name: 'Use cheaper characters' }).click();
    expect(await page.getByLabel('Text').inputValue()).toBe(simplified);
    await page.locator('#cheaper').waitFor({ state: 'hidden' });
    await page.locator('#split').waitFor({ state: 'hidden' });
    expect(complaints).toEqual([]);
  });

  it('shows the receipt, then the delivery reports as they arrive, and the new balance', async () => {
    await page.getByLabel('Recipients').fill('٠٥٠١٢٣٤٥٦٧\n050 765 4300, 0501234599');
    await page.getByLabel('Text').fill('مرحبا');
    await send();
    const result = page.locator('#result');
    await shows(result, 'Accepted in part');
    await shows(result, '2 credits');
    await shows(result, 'Rejected 966501234599: prefix not supported');
    await shows(page.locator('#balance'), '149,998 credits');
    const reports = page.locator('#reports');
    await shows(reports.getByRole('listitem').filter({ hasText: '966501234567' }), 'delivered');
    await shows(reports.getByRole('listitem').filter({ hasText: '966507654300' }), 'undelivered');
    expect(complaints).toEqual([]);
  });

  it('draws the deliveries of the last hour, and shows them as text and as a table', async () => {
    const hour = page.locator('#hour');
    await shows(page.locator('#hour-empty'), 'None yet.');
    expect(await hour.isVisible()).toBe(false);
    await opened.send('0501234567, 0501234568, 0501234500, 0501234588, 0501234599');
    await shows(hour.locator('#hour-counts'), '2 of 4 messages');
    await shows(hour.locator('#hour-rate'), '50%');
    await shows(hour.locator('#hour-times'), /^Time to delivery: median \d+\.\d s, 95th percentile \d+\.\d s\.$/);
    expect(await page.locator('#hour-empty').isVisible()).toBe(false);
    const picture = hour.getByRole('img', { name: 'Deliveries in the last hour' });
    const words = /^2 delivered, 1 undelivered, 1 without a report yet\. Time to delivery: median/;
    await picture.locator('desc').filter({ hasText: words }).waitFor({ state: 'attached' });
    const heights = await page.evaluate(
      "[...document.querySelectorAll('#hour g rect')].map((part) => [part.dataset.group, part.getAttribute('height')])",
    );
    expect(heights).toEqual([
      ['delivered', '47'],
      ['undelivered', '23.5'],
      ['noReportYet', '23.5'],
    ]);
    await shows(picture.locator('text'), '50%');
    await hour.getByText('As a table').click();
    await page.setViewportSize({ width: 320, height: 700 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    expect(await hour.locator('tbody td:not(:first-child)').allTextContents()).toEqual(['2', '1', '1', '50%']);
    expect(complaints).toEqual([]);
  });

  it.each(['light', 'dark'] as const)(
    'draws each delivery state of the last hour in a different style (%s)',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await opened.send('0501234567, 0501234500, 0501234588');
      for (const group of ['delivered', 'undelivered', 'noReportYet']) {
        await page.locator(`#hour rect[data-group=${group}]`).waitFor();
      }
      await shows(page.locator('#hour-rate'), '33%');
      const fillOf = (where: string): Promise<string> =>
        page.evaluate(`getComputedStyle(document.querySelector('#hour ${where}')).fill`);
      const isLight = colorScheme === 'light';
      expect(await fillOf('[data-group=delivered]:not(.key)')).toBe(
        isLight ? 'rgb(15, 118, 110)' : 'rgb(79, 209, 192)',
      );
      expect(await fillOf('rect[data-group=undelivered]')).toContain('#hour-undelivered');
      expect(await fillOf('rect[data-group=noReportYet]')).toContain('#hour-noReportYet');
      expect(await fillOf('#hour-undelivered .dark')).toBe(isLight ? 'rgb(168, 28, 28)' : 'rgb(255, 165, 160)');
    },
  );

  it('shows which message each report belongs to, and why a message was not delivered', async () => {
    await page.getByText('Advanced').click();
    await page.getByLabel('Reference').fill('order-4711');
    await page.getByLabel('Recipients').fill('0501234567, 0507654300');
    await page.getByLabel('Text').fill('طلبك في الطريق');
    await send();
    await shows(page.locator('#result'), 'order-4711');
    const report = (dest: string): Locator => page.locator('#reports li').filter({ hasText: dest });
    await shows(report('966501234567').locator('.text'), 'طلبك في الطريق');
    expect(await report('966501234567').locator('.text:dir(rtl)').count()).toBe(1);
    await shows(report('966501234567'), /order-4711 · sent .+ · found by its id/);
    expect(await report('966501234567').locator('.reason').count()).toBe(0);
    await shows(report('966507654300').locator('.reason'), 'It did not reach the phone.');
    expect(complaints).toEqual([]);
  });

  it('generates a reference for a message, and shows it with its report', async () => {
    await opened.send('0501234567', 'Your code for the shop is 4321');
    const reference = page.locator('#result dd').filter({ hasText: /^msg-[0-9a-f]{8}$/ });
    await shows(page.locator('#reports li .status.good'), 'delivered');
    await shows(page.locator('#reports .reference'), (await reference.textContent())!);
  });

  it('shows at the reference field that the reference is too long', async () => {
    await page.getByText('Advanced').click();
    await page.evaluate("document.getElementById('reference').maxLength = 200");
    await page.getByLabel('Reference').fill('x'.repeat(129));
    await opened.send('0501234567');
    await shows(page.locator('#reference-fault'), 'must be');
    await shows(page.locator('#result'), 'Not sent');
  });

  it('explains in plain words that no message was found for a report', async () => {
    const { simulator } = opened.sample.running.app.get(GatewayChoice);
    simulator?.pushReport('demo', { msgId: 'elsewhere', status: 'expired', dest: '966501234567' });
    const report = page.locator('#reports li');
    await shows(report, 'No message was found for this report, or more than one could be meant.');
    await shows(report, 'Its validity ran out before it could be sent.');
  });

  it('shows each report once after the stream was interrupted, and all reports on a page opened later', async () => {
    await page.getByLabel('Recipients').fill('0501234567');
    await page.getByLabel('Text').fill('hello');
    await send();
    const rows = page.locator('#reports li');
    await rows.first().waitFor();
    opened.sample.running.app.getHttpServer().closeAllConnections();
    await shows(page.locator('#stream'), 'Reconnecting');
    await shows(page.locator('#stream'), 'Live');
    await send();
    await rows.nth(1).waitFor();
    const later = await opened.browser.newPage();
    await later.goto(opened.sample.url);
    await later.locator('#reports li').nth(1).waitFor();
    await later.close();
    expect(await rows.count()).toBe(2);
  });

  it('shows invalid values at their fields, and that nothing was sent', async () => {
    await page.getByLabel('Recipients').fill('0501234567, 0501');
    await page.getByLabel('Text').fill('hello');
    await page.getByText('Advanced').click();
    await page.getByLabel('Hold for, minutes').fill('soon');
    await send();
    await shows(page.locator('#result'), 'Not sent');
    await shows(page.locator('#dests-fault'), 'Recipient 2:');
    await shows(page.locator('#delay-fault'), 'must be a whole number');
    expect(await page.getByLabel('Recipients').getAttribute('aria-invalid')).toBe('true');
    expect(await page.locator('#dests:focus').count()).toBe(1);
    await page.getByLabel('Recipients').fill('+971501234567');
    await page.getByLabel('Hold for, minutes').fill('');
    await send();
    await shows(page.locator('#dests-fault'), 'not a Saudi mobile');
    await page.getByLabel('Recipients').fill('0501234567');
    await send();
    await shows(page.locator('#result'), 'Accepted');
    expect(await page.locator('[aria-invalid]').count()).toBe(0);
    // The browser itself logs a response with status 400.
    expect(complaints.filter((text) => !text.includes('400 (Bad Request)'))).toEqual([]);
  });

  it('sends only the fields that are set', async () => {
    await page.getByLabel('Recipients').fill('0501234567');
    await page.getByLabel('Text').fill('hello');
    await page.getByLabel('Ask for a delivery report').uncheck();
    const sent = page.waitForRequest((request) => request.url().endsWith('/messages'));
    await page.getByLabel('Text').press('Control+Enter');
    expect((await sent).postDataJSON()).toEqual({ src: 'MyBrand', dests: ['0501234567'], body: 'hello' });
    await shows(page.locator('#result'), 'Accepted');
  });

  it('fits a narrow screen', async () => {
    await page.setViewportSize({ width: 320, height: 700 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
  });

  it('lets a user send a message from the API page', async () => {
    await page.goto(`${opened.sample.url}/api`);
    await page.getByText('Send a message to up to 500 recipients').click();
    await page.getByRole('button', { name: 'Try it out' }).first().click();
    await page.getByRole('button', { name: 'Execute' }).first().click();
    await page.locator('.live-responses-table').getByText('"accepted": 1').first().waitFor();
    expect(complaints).toEqual([]);
  });
});
