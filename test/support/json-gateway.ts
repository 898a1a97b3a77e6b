import express, { type Request, type Response } from 'express';
import type { AddressInfo } from 'node:net';

/** A message as it stood in the body of a request. */
export interface JsonMessage {
  src: string;
  dests: string[];
  body: string;
  dlr?: boolean;
  prevDups?: number;
  [field: string]: unknown;
}

/**
 * A gateway of another make that speaks the JSON API, written from what is known of it (wire-facts) alone: Express decodes
 * what it gets, and answers are as bare as integrations have seen them. What works here does not work for what the simulator and
 * the client have in common.
 */
export interface JsonGateway {
  baseUrl: string;
  sent: JsonMessage[];
  /** Reports in the inbox; a download takes them out. */
  inbox: object[];
  /** Method and URL of each request. */
  urls: string[];
  /** The next send is carried out, and its connection is closed without an answer. */
  loseNextAnswer(): void;
  close(): Promise<void>;
}

export async function startJsonGateway(apiKey: string): Promise<JsonGateway> {
  const sent: JsonMessage[] = [];
  const inbox: object[] = [];
  const urls: string[] = [];
  let losesAnswer = false;
  const app = express();
  app.use((request, response, next) => {
    urls.push(`${request.method} ${request.url}`);
    if (request.get('authorization') === `Bearer ${apiKey}`) return next();
    response.status(403).json({ errorCode: 'UNAUTHORIZED_KEY', message: 'who are you' });
  });
  // Anything that is not said to be JSON stays unread.
  app.use(express.json({ type: 'application/json' }));

  app.post('/msgs/sms', (request: Request, response: Response) => {
    const message = request.body as JsonMessage | undefined;
    const { src, dests, body, dlr, prevDups = 0 } = message ?? {};
    if (typeof src !== 'string' || typeof body !== 'string' || !Array.isArray(dests)) {
      return void response.status(400).json({ errorCode: 4001, message: 'src, dests, body' });
    }
    const isTwin = (dest: string): boolean =>
      prevDups > 0 && sent.some((one) => one.src === src && one.body === body && one.dests.includes(dest));
    const taken = dests.filter((dest) => !isTwin(dest));
    sent.push({ ...message, src, body, dests: taken });
    if (dlr === true) {
      const rows = taken.map((dest, i) => ({ msgId: `${sent.length}-${i}`, status: 'Delivered', src, dest }));
      inbox.push(...rows);
    }
    if (losesAnswer) {
      losesAnswer = false;
      return void request.socket.destroy();
    }
    const duplicates = dests.length - taken.length;
    response.json({
      jobId: 7000 + sent.length,
      total: dests.length,
      accepted: taken.length,
      duplicates,
      cost: taken.length,
    });
  });
  app.get('/inbox/dlrs', ({ query }, response) => {
    response.json({ statuses: inbox.splice(0, Number(query.count ?? 100)) });
  });
  app.get('/billing/credits', (_request, response) => void response.json({ credits: 99.5 }));
  app.get('/users/me', (_request, response) => {
    response.json({ userId: 421, username: 'admin', email: 'admin@example.com' });
  });
  app.get(
    '/addresses/srcs',
    (_request, response) => void response.json({ data: ['My Brand', { address: 'Shop-AD' }] }),
  );
  app.use((_request, response) => void response.status(404).json({ errorCode: 404, message: 'no such path' }));

  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ sent, inbox, urls },
    loseNextAnswer: () => (losesAnswer = true),
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
