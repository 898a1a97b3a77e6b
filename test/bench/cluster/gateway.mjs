/**
 * A gateway that costs next to nothing. Told how many reports to hold ready, it answers when their pages are made, and later
 * when the first of them went out. Messages are counted.
 */
import { createServer } from 'node:http';
import { CREDITS, receipt } from '../campaign/receipt.mjs';
import { PAGE, reportRow } from '../inbox/reports.mjs';
import { now } from './now.mjs';

const NONE = Buffer.from('[]');
let pages = [];
let made = 0;
let firstAt;

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const answer = answerTo(request.url, chunks);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
    response.end(answer);
  });
});

function answerTo(url, chunks) {
  if (url.startsWith('/msgs')) return receipt(Buffer.concat(chunks));
  if (!url.startsWith('/inbox')) return CREDITS;
  const page = pages.shift();
  if (page !== undefined) firstAt ??= now();
  return page ?? NONE;
}

process.on('message', ({ reports }) => {
  if (reports === undefined) return process.send({ firstAt });
  firstAt = undefined;
  pages = Array.from({ length: reports / PAGE }, () =>
    Buffer.from(JSON.stringify(Array.from({ length: PAGE }, () => reportRow((made += 1))))),
  );
  return process.send('made');
});

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));
process.on('disconnect', () => {
  server.close();
  server.closeAllConnections();
});
