/**
 * A gateway that costs next to nothing: it counts the recipients of a request, and answers with counters. A number in the
 * path of its address is the milliseconds that an answer takes: `http://127.0.0.1:1234/20`.
 */
import { createServer } from 'node:http';
import { CREDITS, receipt } from './receipt.mjs';

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const [, afterMs, resource] = /^\/(?:(\d+)\/)?(\w+)/.exec(request.url);
    const answer = () => {
      const text = resource === 'msgs' ? receipt(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)) : CREDITS;
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
      response.end(text);
    };
    if (afterMs === undefined) answer();
    else setTimeout(answer, Number(afterMs));
  });
});

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));
process.on('disconnect', () => {
  server.close();
  server.closeAllConnections();
});
