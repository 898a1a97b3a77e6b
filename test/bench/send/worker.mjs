/** One competitor in a process of its own: told to run for some milliseconds, it answers what that took. */
import { CONCURRENCY } from './the-message.mjs';

const [competitor, baseUrl] = process.argv.slice(2);
const { open } = await import(`./competitors/${competitor}.mjs`);
const { send, close } = await open(baseUrl);

async function run(forMs) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let requests = 0;
  const sendOn = async () => {
    while (performance.now() - start < forMs) {
      if ((await send()) === undefined) throw new Error(`${competitor} read no id of its message`);
      requests += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, sendOn));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: requests / seconds, cpuMicros: (user + system) / requests };
}

process.on('message', async ({ forMs }) => process.send(await run(forMs)));
process.on('disconnect', close);
process.send('ready');
