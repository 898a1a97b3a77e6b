/**
 * One competitor in a process of its own. Told how many reports wait at the gateway, it answers what handling them took, and
 * what its memory is afterwards.
 */
import { settledMemory } from './settled-memory.mjs';

const [baseUrl, path, competitor] = process.argv.slice(2);
const { open } = await import(`./competitors/${competitor}.mjs`);
const { listener, run, rest, close } = await open(baseUrl, path);

async function handle(reports) {
  const before = listener.handled;
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run(reports);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await rest();
  if (listener.handled !== before + reports) throw new Error(`${listener.handled - before} of ${reports} were handled`);
  return { seconds, cpuMicros: (user + system) / reports, ...settledMemory() };
}

process.on('message', async ({ reports }) => process.send(await handle(reports)));
process.on('disconnect', close);
process.send('ready');
