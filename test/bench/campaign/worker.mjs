/**
 * One competitor in a process of its own. Told how many recipients a campaign has, and how many campaigns to send one after
 * the other, it answers what that took.
 */
import { watchMemory } from './watch-memory.mjs';

const [competitor, baseUrl, path] = process.argv.slice(2);
const { open } = await import(`./competitors/${competitor}.mjs`);
const { prepare, close } = await open(baseUrl, path);

async function run({ recipients, campaigns = 1, isMemoryWatched = false }) {
  const send = prepare(recipients);
  const memory = isMemoryWatched ? watchMemory() : undefined;
  const cpu = process.cpuUsage();
  const start = performance.now();
  let sent = 0;
  for (let i = 0; i < campaigns; i += 1) sent += await send();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  if (sent !== recipients * campaigns) throw new Error(`${sent} of ${recipients * campaigns} were sent`);
  return { ms, cpuMs: (user + system) / 1000, ...memory?.growth() };
}

process.on('message', async (plan) => process.send(await run(plan)));
process.on('disconnect', close);
process.send('ready');
