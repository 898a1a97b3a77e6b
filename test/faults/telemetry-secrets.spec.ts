import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { OurSmsError, OurSmsModule, type OurSmsService } from 'nestjs-oursms';
import { openTelemetry } from 'nestjs-oursms/opentelemetry';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { addressFor, DlrListener, startApplication, TestStorage, until } from '../support/application.js';
import { CampaignBench } from '../support/campaign-bench.js';
import { RecordedTelemetry } from '../support/recorded-telemetry.js';
import { pushOf, SECRET, WebhookBench } from '../support/webhook-bench.js';

const USERNAME = 'shopper-4711';
const PASSWORD = 'p4ss w/rd+&%"ü';
const API_KEY = 'k3y-9a2d+/=&z.Q~7';
const BODY = 'Your login code is 483920';
const SENDER = 'MyBrandName';
const NUMBERS = ['0501234567', '0507654321'];
const MESSAGE = { src: SENDER, dests: NUMBERS, body: BODY, dlr: true };

const HIDDEN = [
  ...[USERNAME, PASSWORD, API_KEY, SENDER, 'login', '483920', SECRET, '501234567', '507654321'],
  ...[encodeURIComponent(PASSWORD), encodeURIComponent(API_KEY), Buffer.from(PASSWORD).toString('base64')],
  JSON.stringify(PASSWORD).slice(1, -1),
];

/** An answer that repeats what was sent, as a careless gateway does. */
const ECHO = JSON.stringify({
  errorCode: `${PASSWORD} ${API_KEY}`,
  message: `${USERNAME} ${PASSWORD} ${API_KEY} ${SENDER}: "${BODY}" to 966501234567`,
});

let recorded: RecordedTelemetry;
let undici: UndiciInstrumentation;
const ends: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  recorded = RecordedTelemetry.start();
  undici = new UndiciInstrumentation();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  undici.disable();
  await recorded.stop();
});

/** Spans and metrics that were recorded hold none of what must not be in them, and there are some. */
async function expectHidden(logs: readonly string[], atLeast: number): Promise<void> {
  expect(recorded.spans().length).toBeGreaterThanOrEqual(atLeast);
  const said = [await recorded.text(), ...logs].join('\n');
  expect(HIDDEN.filter((value) => said.includes(value))).toEqual([]);
}

const linesOf = ({ lines }: { lines: readonly { text: string }[] }): string[] => lines.map(({ text }) => text);

/** Sends and downloads, over answers good and bad. */
async function use(sms: OurSmsService, gateway: GatewaySimulator): Promise<void> {
  const ended = (call: Promise<unknown>): Promise<unknown> =>
    call.catch((error: unknown) => expect(error).toBeInstanceOf(OurSmsError));
  await ended(sms.send(MESSAGE));
  gateway.faults.next('garbage', { body: ECHO });
  await ended(sms.send(MESSAGE));
  gateway.faults.next('errorIn200', { message: ECHO });
  await ended(sms.send({ ...MESSAGE, dests: ['0501234567'] }));
  gateway.faults.next('resetAfter');
  await ended(sms.send(MESSAGE));
  gateway.faults.next('garbage', { body: ECHO });
  await ended(sms.downloadDlrs());
  await ended(sms.getCredits());
  gateway.pushReport(USERNAME, { msgId: 'm1', status: 'delivered', src: SENDER, dest: '966501234567' });
  await ended(sms.downloadDlrs());
}

describe('spans, metrics and logs contain no credential, number, text or sender', () => {
  it.each([
    ['a password', { username: USERNAME, password: PASSWORD }],
    ['an API key', { apiKey: API_KEY }],
  ])('of an account with %s, whatever the gateway answers, and HTTP requests create no spans', async (_, auth) => {
    const gateway = await GatewaySimulator.start({
      accounts: [{ username: USERNAME, password: PASSWORD, apiKey: API_KEY, credits: 100 }],
    });
    ends.push(() => gateway.stop());
    const storage = await TestStorage.make();
    ends.push(() => storage.remove());
    const options = { baseUrl: addressFor(gateway, auth), auth, storage, retry: { attempts: 2, delayMs: 1 } };
    const application = await startApplication([OurSmsModule.forRoot({ ...options, telemetry: openTelemetry() })]);
    ends.push(() => application.close());

    await use(application.sms, gateway);
    await expectHidden(linesOf(application.logs), 6);
    expect(new Set(recorded.spans().map(({ name }) => name))).toEqual(new Set(['send sms', 'receive dlrs']));
    // The instrumentation does see the requests of the application, and would have seen a secret in them.
    await (await fetch(`${gateway.url}?password=${encodeURIComponent(PASSWORD)}`)).text();
    expect(recorded.spans().map(({ name }) => name)).toContain('GET');
    expect(await recorded.text()).toContain(encodeURIComponent(PASSWORD));
  });

  it('of pushed reports, even if the error of a listener contains them', async () => {
    const webhook = new WebhookBench();
    ends.push(() => webhook.remove());
    const dlr = { webhook: { secret: SECRET }, retryDelayMs: 1, maxAttempts: 2 };
    await webhook.start('express', { options: { telemetry: openTelemetry(), dlr } });
    webhook.app.get(DlrListener, { strict: false }).onReport = ({ dest, src }) => {
      throw Object.assign(new Error(`not to ${dest}`), { name: `${src} ${dest}` });
    };
    await webhook.inbox.accept(pushOf('m1').replace('MyBrand', SENDER));
    await until('the report is given up', async () => (await webhook.inbox.stats()).failed === 1);
    const said = await recorded.text();
    expect(HIDDEN.filter((value) => said.includes(value))).toEqual([]);
    expect(recorded.spans('process').map(({ attributes }) => attributes['error.type'])).toEqual(['Error', 'Error']);
  });

  it('of a campaign, nor its id', async () => {
    const bench = new CampaignBench();
    ends.push(() => bench.remove());
    await bench.start({ telemetry: openTelemetry() });
    const campaign = await bench.face.start({
      ...{ id: 'sale-of-4711', message: { src: SENDER, body: BODY }, recipients: NUMBERS },
    });
    await campaign.done;
    await expectHidden(linesOf(bench.application.logs), 1);
    expect(await recorded.text()).not.toContain('sale-of-4711');
  });
});
