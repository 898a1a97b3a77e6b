import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SimulatorReport } from 'nestjs-oursms/testing';

/** A push as it came. */
export interface ReceivedPush {
  method?: string;
  path?: string;
  headers: IncomingHttpHeaders;
  /** As far as it came. */
  body: string;
  isWhole: boolean;
}

/** An HTTP server that takes pushed reports, and answers as it is told. */
export interface WebhookReceiver {
  /** With a path that a log must not show. */
  url: string;
  received: ReceivedPush[];
  /** Statuses of the next answers; then 200. 0: no answer. */
  statuses: number[];
  /** The reports of all pushes that are whole JSON, in order. */
  rows(): SimulatorReport[];
  close(): Promise<void>;
}

export async function startReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedPush[] = [];
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    const { method, url: path, headers } = request;
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('error', () => undefined);
    request.on('close', () => received.push({ method, path, headers, body, isWhole: request.complete }));
    request.on('end', () => {
      const status = statuses.shift() ?? 200;
      if (status > 0) response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/reports/a-secret?x=1`,
    received,
    statuses,
    rows: () => received.filter(({ isWhole }) => isWhole).flatMap(({ body }) => rowsOf(body)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function rowsOf(body: string): SimulatorReport[] {
  try {
    return (JSON.parse(body) as { statuses: SimulatorReport[] }).statuses;
  } catch {
    return [];
  }
}
