import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** An HTTP server on 127.0.0.1 that can close and reopen on the same port. */
export class LoopbackListener {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(private readonly handler: RequestListener) {}

  /** The port listened on, or last listened on. */
  get port(): number {
    return this.#port;
  }

  get isOpen(): boolean {
    return this.#server !== undefined;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  /**
   * Listens on 127.0.0.1. Does nothing when it already listens.
   *
   * @param port 0 takes a free one.
   * @throws The error of Node's `listen` (`EADDRINUSE` when the port is taken).
   */
  async open(port: number): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer(this.handler);
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Stops listening and closes every connection. Does nothing when it does not listen. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = [server, ...this.#sockets].map((end) => new Promise((resolve) => end.once('close', resolve)));
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }
}
