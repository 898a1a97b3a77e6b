import express, { type Request, type Response } from 'express';
import type { AddressInfo } from 'node:net';

/**
 * A gateway of another make, written from the API document alone and on other parts than the simulator: Express decodes
 * what it gets, and answers are as free as the document leaves them. What works here works by the contract, and not by what
 * the simulator and the client have in common.
 */
export interface DocumentGateway {
  baseUrl: string;
  sent: Record<string, unknown>[];
  /** Reports in the inbox; a download takes them out. */
  inbox: object[];
  close(): Promise<void>;
}

export async function startDocumentGateway(): Promise<DocumentGateway> {
  const sent: Record<string, unknown>[] = [];
  const inbox: object[] = [];
  const app = express();

  const guarded =
    (serve: (parameters: Record<string, unknown>, response: Response) => void) =>
    (request: Request, response: Response) => {
      const parameters = (request.method === 'POST' ? request.body : request.query) as Record<string, unknown>;
      if (parameters.username === 'admin' && parameters.password === 'pass word') return serve(parameters, response);
      response.status(403).json({ code: 'AUTH', description: 'who are you' });
    };
  const send = guarded((parameters, response) => {
    const { src, dests, body } = parameters;
    if (!src || !dests || !body)
      return void response.status(422).json({ code: 'PARAM', description: 'src, dests and body' });
    sent.push(parameters);
    const numbers = (dests as string).split(',');
    if (parameters.dlr === '1')
      inbox.push(...numbers.map((dest, i) => ({ MsgId: sent.length * 1000 + i, Dest: dest, Status: 'DELIVERED' })));
    response.json({ JobId: sent.length, Total: numbers.length });
  });
  app.post('/api-a/msgs', express.urlencoded({ extended: false }), send);
  app.get('/api-a/msgs', send);
  app.get(
    '/api-a/inbox/dlrs',
    guarded((parameters, response) => void response.json({ data: inbox.splice(0, Number(parameters.count ?? 100)) })),
  );
  app.get(
    '/api-a/billing/credits',
    guarded((_parameters, response) => void response.json({ Credits: '99.50' })),
  );

  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api-a`,
    sent,
    inbox,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
