import { createServer, type Server, type Socket } from 'node:net';

/** A gateway of raw sockets, for what no HTTP server would do. */
export interface RawGateway {
  url: string;
  /** Every request head and body that came in, as text, by connection. */
  received: string[];
  /** Connections that were made. */
  connections: number;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 and gives each connection to a handler. */
export async function startRawGateway(onConnection: (socket: Socket, connection: number) => void): Promise<RawGateway> {
  const sockets = new Set<Socket>();
  const received: string[] = [];
  const gateway = { connections: 0 };
  const server: Server = createServer((socket) => {
    const connection = gateway.connections++;
    sockets.add(socket);
    received[connection] = '';
    socket.on('data', (chunk) => (received[connection] += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket, connection);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/api-a`,
    received,
    get connections() {
      return gateway.connections;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A whole HTTP answer with a JSON body. */
export function httpAnswer(body: string, head = 'HTTP/1.1 200 OK', headers = ''): string {
  return `${head}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
}
