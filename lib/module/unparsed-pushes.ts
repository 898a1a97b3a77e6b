import type { PushRequest } from './push-body.js';

/** A content type that no body parser of an application accepts. */
const UNPARSED = 'application/vnd.nestjs-oursms.push';

/** The part of Nest's HTTP adapters that is used. */
interface HttpAdapter {
  getType?(): string;
  use?(middleware: (request: PushRequest, response: unknown, next: () => void) => void): unknown;
  getInstance?(): unknown;
}

/** The part of Fastify that is used. */
interface FastifyInstance {
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): unknown;
  hasContentTypeParser(type: string): boolean;
  addContentTypeParser(type: string, parser: (request: unknown, payload: unknown, done: Done) => void): unknown;
}

interface FastifyRoute {
  method: string | string[];
  url: string;
  onRequest?: unknown;
}

type Done = (error: Error | null, body?: unknown) => void;

/**
 * Keeps the body parsers of the application from reading pushes: they would refuse a body that is not JSON or is longer than
 * their limit (100 kB with Express), and would round long ids. Until a push reaches its controller, it has a content type
 * that no parser accepts.
 *
 * With another adapter, or where requests bypass the adapter, parsers read the pushes, and the controller takes what a
 * parser left.
 */
export class UnparsedPushes {
  /**
   * @param path Path of the controller.
   * @param admits Whether a text is the secret. Called for every POST in Express, whose middleware does not know the route
   * of a request.
   */
  constructor(
    private readonly path: string,
    private readonly admits: (text: string) => boolean,
  ) {}

  /** Must be called before the application adds its body parsers. */
  passThrough(adapter: HttpAdapter): void {
    const type = adapter.getType?.();
    if (type === 'fastify') this.#hookInto(adapter.getInstance?.() as FastifyInstance);
    if (type !== 'express') return;
    adapter.use?.((request, _response, next) => {
      if (request.method === 'POST' && this.admits(lastPart(request.url))) this.#hideType(request);
      next();
    });
  }

  /** Restores the Content-Type of a push that has reached its controller, and returns it. */
  restoreType(request: PushRequest): unknown {
    const { headers, rawHeaders = request.raw?.rawHeaders } = request;
    // Read from the raw headers: an additional property on a request of Express is slow, and so is a WeakMap.
    if (headers['content-type'] === UNPARSED) headers['content-type'] = typeIn(rawHeaders);
    return headers['content-type'];
  }

  #hideType(request: PushRequest): void {
    request.headers['content-type'] = UNPARSED;
  }

  #hookInto(fastify: FastifyInstance): void {
    const end = `/${this.path}/:secret`.replace(/\/{2,}/g, '/');
    fastify.addHook('onRoute', (route) => {
      if (![route.method].flat().includes('POST') || !route.url.endsWith(end)) return;
      const hide = (request: PushRequest, _reply: unknown, done: () => void): void => {
        this.#hideType(request);
        done();
      };
      route.onRequest = [route.onRequest ?? [], hide].flat();
    });
    if (!fastify.hasContentTypeParser(UNPARSED)) {
      fastify.addContentTypeParser(UNPARSED, (_request, payload, done) => done(null, payload));
    }
  }
}

/** The first Content-Type in raw headers, where names and values alternate. Node takes the first, too. */
function typeIn(rawHeaders: readonly string[] = []): string | undefined {
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-type');
  return at < 0 ? undefined : rawHeaders[at + 1];
}

/** The last part of a path, decoded: the characters of a secret need no escapes, but a client may escape them. */
function lastPart(url = ''): string {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  const end = path.endsWith('/') ? path.length - 1 : path.length;
  const part = path.slice(path.lastIndexOf('/', end - 1) + 1, end);
  try {
    return part.includes('%') ? decodeURIComponent(part) : part;
  } catch {
    return part;
  }
}
