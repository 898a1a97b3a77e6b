/**
 * A loopback gateway in a process of its own: each message gets ids of its own. Told how many reports of the records to put into the
 * inbox, and which ids they have, it answers when they wait for their download.
 */
import { createServer } from 'node:http';
import { reportOf } from './records.mjs';

let inbox = [];
let sent = 0;

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    const answer = request.url.includes('/dlrs') ? download(request.url) : receipt();
    const text = JSON.stringify(answer);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
});

function receipt() {
  sent += 1;
  const acceptedMsgs = [{ msgId: `sent-${sent}`, dest: '966501234567' }];
  return { jobId: `sent-job-${sent}`, total: 1, accepted: 1, rejected: 0, duplicates: 0, cost: 1, acceptedMsgs };
}

function download(url) {
  return inbox.splice(0, Number(/count=(\d+)/.exec(url)[1]));
}

process.on('message', ({ reports, from, by }) => {
  inbox = Array.from({ length: reports }, (_, i) => reportOf(from + i, by));
  process.send('waiting');
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}/api-a`));
process.on('disconnect', () => {
  server.close();
  server.closeAllConnections();
});
