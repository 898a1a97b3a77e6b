import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a client and a server, and can cut one off from the other without either being told. */
export class TcpRelay {
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(
    private readonly server: Server,
    private target: { host: string; port: number },
  ) {}

  /** @param target Where the server is. */
  static async to(target: { host: string; port: number }): Promise<TcpRelay> {
    const server = createServer();
    const relay = new TcpRelay(server, target);
    server.on('connection', (client) => relay.#join(client, connect(relay.target.port, relay.target.host)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return relay;
  }

  get connection(): { host: string; port: number } {
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port };
  }

  /** New connections go to another server; those that are there stay. */
  lead(target: { host: string; port: number }): void {
    this.target = target;
  }

  /** From now on nothing arrives, in neither direction; connections stay open. */
  cut(): void {
    this.#isCut = true;
  }

  /** New connections work again; those that were cut are broken. */
  mend(): void {
    this.#isCut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  #join(client: Socket, server: Socket): void {
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (data) => {
        if (!this.#isCut) to.write(data);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}
