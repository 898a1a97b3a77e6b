/** An application in a process of its own, with tracking or without. Told how many messages to send, it answers what that took. */
import { OurSmsService } from '../../../dist/index.js';
import { startApplication } from '../inbox/application.mjs';
import { CONCURRENCY, MESSAGE } from '../send/the-message.mjs';

const [kind, baseUrl, path] = process.argv.slice(2);
const tracking = kind === 'tracked' ? {} : undefined;
const options = { storage: { path }, http: { maxConnections: CONCURRENCY }, tracking };
const app = await startApplication(baseUrl, options);
const oursms = app.get(OurSmsService);
const message = { src: MESSAGE.src, dests: [MESSAGE.dest], body: MESSAGE.body, dlr: true };
let sent = 0;

async function run(messages) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const last = sent + messages;
  const sendOn = async () => {
    while (sent < last) {
      sent += 1;
      // Numbers of all kinds, as a shop has them.
      message.dests = [`9665${String(sent % 100_000_000).padStart(8, '0')}`];
      await oursms.send({ ...message }, tracking && { reference: `order-${sent}` });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, sendOn));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: messages / seconds, cpuMicros: (user + system) / messages, userMicros: user / messages };
}

process.on('message', async ({ messages }) => process.send(await run(messages)));
process.on('disconnect', () => app.close());
process.send('ready');
