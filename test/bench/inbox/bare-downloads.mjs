/** What the gateway gives by itself: a GET after the other, whose bodies are dropped. */
import { Client } from 'undici';
import { GATEWAY_AUTH, PAGE } from './reports.mjs';

const [baseUrl] = process.argv.slice(2);
const { origin, pathname } = new URL(baseUrl);
const client = new Client(origin);
const path = `${pathname}/inbox/dlrs?${new URLSearchParams({ ...GATEWAY_AUTH, count: PAGE })}`;

async function download(reports) {
  const start = performance.now();
  for (let taken = 0; taken < reports; taken += PAGE) {
    const { statusCode, body } = await client.request({ method: 'GET', path });
    if (statusCode !== 200) throw new Error(`the gateway answered ${statusCode}`);
    await body.dump({ limit: Infinity });
  }
  return { seconds: (performance.now() - start) / 1000 };
}

process.on('message', async ({ reports }) => process.send(await download(reports)));
process.on('disconnect', () => client.close());
process.send('ready');
