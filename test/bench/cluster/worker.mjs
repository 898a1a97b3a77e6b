/**
 * An instance in a process of its own. It handles reports between `begin` and `end`, says how many by `handled`, and sends
 * campaigns.
 */
import { now } from './now.mjs';

const [competitor, baseUrl, settings] = process.argv.slice(2);
const { open } = await import(`./competitors/${competitor}.mjs`);
const { listener, begin, rest, send, forget, close } = await open(baseUrl, JSON.parse(settings));
let lastAt = 0;
let before = 0;
let cpu;
listener.onReport = () => void (lastAt = now());

const answers = {
  async begin() {
    before = listener.handled;
    cpu = process.cpuUsage();
    await begin();
    return 'begun';
  },

  handled: async () => listener.handled - before,
  async end() {
    const { user, system } = process.cpuUsage(cpu);
    await rest();
    return { handled: listener.handled - before, lastAt, cpuMs: (user + system) / 1000 };
  },
  async send({ id, recipients }) {
    const start = now();
    await send(id, recipients);
    const ms = now() - start;
    await forget(id);
    return { ms };
  },
};

process.on('message', async (question) => process.send(await answers[question.kind](question)));
process.on('disconnect', close);
process.send('ready');
