import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from '@jest/globals';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { SampleBench } from './sample-bench.js';

const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path !== undefined && existsSync(path),
);
const mustRun = process.env.CI === 'true';

/** The page of a sample application of its own, opened anew for each test. */
export class SamplePage {
  browser!: Browser;
  sample!: SampleBench;
  page!: Page;
  /** Errors and warnings of the page. */
  complaints: string[] = [];
  /** What the page has asked, and what it is answered. */
  asked: string[] = [];
  isSure = true;

  async open(): Promise<void> {
    this.sample = await SampleBench.start();
    this.page = await this.browser.newPage();
    this.complaints = [];
    this.asked = [];
    this.isSure = true;
    this.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    this.page.on('dialog', (dialog) => {
      this.asked.push(dialog.message());
      void (this.isSure ? dialog.accept() : dialog.dismiss());
    });
    this.page.on('pageerror', (error) => this.complaints.push(error.message));
    await this.page.goto(this.sample.url);
    await shows(this.page.locator('#stream'), 'Live');
    await shows(this.page.locator('#balance'), '150,000 credits');
  }

  async close(): Promise<void> {
    await this.page?.close();
    await this.sample?.close();
  }

  /** Writes a message into the form and sends it. */
  async send(dests: string, body = 'hello'): Promise<void> {
    await this.page.getByLabel('Recipients').fill(dests);
    await this.page.getByLabel('Text').fill(body);
    await this.page.getByRole('button', { name: 'Send' }).click();
  }
}

/** Tests in Chromium, left out where there is none, which `left-out-reporter.mjs` says. */
export function describePage(title: string, tests: (opened: SamplePage) => void): void {
  (executablePath === undefined && !mustRun ? describe.skip : describe)(title, () => {
    const opened = new SamplePage();

    beforeAll(async () => {
      if (executablePath === undefined) throw new Error('no Chromium: apt-get install chromium, or set CHROMIUM_PATH');
      const quiet = ['quic', 'background-networking', 'component-update', 'sync'].map((name) => `--disable-${name}`);
      opened.browser = await chromium.launch({
        executablePath,
        args: ['--no-sandbox', '--disable-gpu', '--no-first-run', ...quiet],
      });
    });
    afterAll(() => opened.browser?.close());
    beforeEach(() => opened.open());
    afterEach(() => opened.close());

    tests(opened);
  });
}

/** Waits until an element shows a text. */
export async function shows(where: Locator, text: string | RegExp): Promise<void> {
  await where.filter({ hasText: text }).first().waitFor({ timeout: 15_000 });
}
