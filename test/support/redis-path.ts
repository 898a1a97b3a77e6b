import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a Redis server that can be cut: who uses it has vanished then, as far as Redis can tell. */
export class RedisPath {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  private constructor(private readonly redisPort: number) {}

  static async to({ port }: { port: number }): Promise<RedisPath> {
    const path = new RedisPath(port);
    await path.restore();
    return path;
  }

  get connection(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.#port };
  }

  /** Breaks all connections, and takes no new ones. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Lets connections through again, at the same port. */
  async restore(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(this.redisPort, '127.0.0.1');
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }
}
