// Makes .github/sample-app.png, the picture of the README: the sample application in Chromium, with a message that was sent through
// its simulated gateway and has been reported on. `npm run screenshot` builds it first. CHROMIUM_PATH names another Chromium.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startSampleApp } from '../sample-app/dist/start-sample-app.js';

const PICTURE = fileURLToPath(new URL('../.github/sample-app.png', import.meta.url));
const MESSAGES = [
  { dests: '0551112200', body: 'Your order 4711 is ready.', reports: 1 },
  { dests: '0501234567, +966 50 765 4321', body: 'رمز الدخول إلى متجرك: 4321', reports: 3 },
];

const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path !== undefined && existsSync(path),
);
if (executablePath === undefined) throw new Error('no Chromium: install it, or set CHROMIUM_PATH');

const storage = await mkdtemp(join(tmpdir(), 'oursms-screenshot-'));
// The page shows where reports are kept: by the default name, in a directory that goes.
process.chdir(storage);
const { app, url } = await startSampleApp({ env: {}, port: 0, logger: false });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage({
    viewport: { width: 1080, height: 760 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  await page.goto(url);
  await page.locator('#stream').filter({ hasText: 'Live' }).waitFor();
  for (const { dests, body, reports } of MESSAGES) {
    await page.getByLabel('Recipients').fill(dests);
    await page.getByLabel('Text').fill(body);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.waitForFunction(
      (count) => globalThis.document.querySelectorAll('#reports > li').length >= count,
      reports,
    );
  }
  await page.evaluate(() => globalThis.scrollTo(0, 0));
  await page.screenshot({ path: PICTURE });
} finally {
  await browser.close();
  await app.close();
  process.chdir(tmpdir());
  await rm(storage, { recursive: true, force: true });
}
