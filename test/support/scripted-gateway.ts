import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request to send, as it came: its parameters are decoded. */
export interface ScriptedSend {
  username: string;
  src: string;
  dests: string[];
  body: string;
}

/** An answer to a request; `reset`: the connection is closed without one. */
export type ScriptedAnswer = { status?: number; json: unknown } | 'reset';

/**
 * A gateway with the API of the document whose answers a test chooses, ids included, and the moment in which they are given.
 * Where the simulator behaves as the provider does, this one does what it is told.
 */
export class ScriptedGateway {
  /** Gives the answer to a request to send. */
  onSend: (send: ScriptedSend) => ScriptedAnswer | Promise<ScriptedAnswer> = () => ({ json: {} });
  readonly #inboxes = new Map<string, object[]>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<ScriptedGateway> {
    const gateway = new ScriptedGateway();
    const server = gateway.#server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return gateway;
  }

  /** The base URL of the API document. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api-a`;
  }

  /** Puts reports into the inbox of an account; one download takes all that are put there together. */
  report(username: string, rows: readonly object[]): void {
    this.#inboxes.set(username, [...(this.#inboxes.get(username) ?? []), ...rows]);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const parameters = request.method === 'POST' ? new URLSearchParams(await text(request)) : searchParams;
    const of = (name: string): string => parameters.get(name) ?? '';
    const answer = pathname.endsWith('/msgs')
      ? await this.onSend({ username: of('username'), src: of('src'), dests: of('dests').split(','), body: of('body') })
      : { json: this.#download(of('username'), Number(of('count'))) };
    if (answer === 'reset') return void response.destroy();
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.json));
  }

  #download(username: string, count: number): object[] {
    return this.#inboxes.get(username)?.splice(0, count) ?? [];
  }
}
