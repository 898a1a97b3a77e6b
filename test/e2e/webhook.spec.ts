import { once } from 'node:events';
import { request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  Catch,
  Controller,
  Injectable,
  Post,
  SetMetadata,
  ValidationPipe,
  VersioningType,
  type ArgumentsHost,
  type BeforeApplicationShutdown,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type OnModuleInit,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, Reflector } from '@nestjs/core';
import express from 'express';
import { map, type Observable } from 'rxjs';
import { OurSmsConfigError, OurSmsModule, OurSmsWebhook, type UnreadableDlrs } from 'nestjs-oursms';
import { DEMO, rejection, startApplication, until } from '../support/application.js';
import { PLATFORMS, pushOf, SECRET, WebhookBench, type Platform } from '../support/webhook-bench.js';

let bench: WebhookBench;
beforeEach(() => void (bench = new WebhookBench()));
afterEach(() => bench.remove());

const untilHandled = (...msgIds: string[]): Promise<void> =>
  until(`${msgIds.length} reports are handled`, () => {
    const handled = bench.handled.map(({ msgId }) => msgId);
    return msgIds.every((msgId) => handled.includes(msgId));
  });
const unreadable = async (): Promise<UnreadableDlrs[]> => {
  const found: UnreadableDlrs[] = [];
  for await (const one of bench.inbox.unreadable()) found.push(one);
  return found;
};
const untilUnreadable = (count: number): Promise<void> =>
  until('the push is kept as unreadable', async () => (await bench.inbox.stats()).unreadable === count);

/** The metadata that `@SkipThrottle()` of @nestjs/throttler sets, and its guard reads. */
@Injectable()
class NeverTwice implements CanActivate {
  readonly #reflector = new Reflector();
  #isFirst = true;

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    if (this.#reflector.getAllAndOverride('THROTTLER:SKIPdefault', targets) === true) return true;
    const admits = this.#isFirst;
    this.#isFirst = false;
    return admits;
  }
}

@Injectable()
class WrapAnswers implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data, ok: true })));
  }
}

/** A filter as in some applications: every answer is 200, with the outcome in its body. */
@Catch()
class AllIsWell implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost): void {
    const answer = host.switchToHttp().getResponse<{ status(code: number): { send(body: object): void } }>();
    answer.status(200).send({ ok: false, error: error.name });
  }
}

/** Admits only routes with the metadata `public`. */
@Injectable()
class OnlyPublic implements CanActivate {
  readonly #reflector = new Reflector();

  canActivate(context: ExecutionContext): boolean {
    return this.#reflector.getAllAndOverride('public', [context.getHandler(), context.getClass()]) === true;
  }
}

@Controller('orders')
class Orders {
  @Post()
  take(@Body() body: unknown): unknown {
    return body;
  }
}

describe.each<Platform>([...PLATFORMS])('the webhook on %s', (platform) => {
  const start = (setting: Parameters<WebhookBench['start']>[1] = {}): Promise<WebhookBench> =>
    bench.start(platform, setting);

  it('answers with 200, and the listener receives the reports', async () => {
    await start();
    const answer = await bench.push(pushOf('m1', 'm2'));
    expect([answer.status, await answer.json()]).toEqual([200, { statusCode: 200, message: 'OK' }]);
    await untilHandled('m1', 'm2');
    expect(bench.handled[0]).toMatchObject({ msgId: 'm1', jobId: 'job-1', dest: '966501234567', account: 'default' });
  });

  it.each(['application/json; charset=utf-8', 'text/plain', 'application/x-www-form-urlencoded', 'text/xml', 'x', ''])(
    'accepts JSON with the content type %j',
    async (type) => {
      await start();
      const headers = { 'content-type': type };
      expect((await bench.push(pushOf('m1'), { headers })).status).toBe(200);
      await untilHandled('m1');
    },
  );

  it('accepts JSON without a content type, in another charset, and compressed', async () => {
    await start();
    const headers = { 'content-type': 'application/json; charset=utf-16le' };
    const answers = [
      await bench.push(Buffer.from(pushOf('m1')), { headers: {} }),
      await bench.push(Buffer.from(pushOf('m2'), 'utf16le'), { headers }),
      await bench.push(gzipSync(pushOf('m3')), { headers: { 'content-encoding': 'gzip' } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await untilHandled('m1', 'm2', 'm3');
  });

  it('accepts a push larger than the limits of body parsers, and keeps ids of 20 digits exact', async () => {
    await start();
    const long = '12345678901234567890';
    const names = Array.from({ length: 9_000 }, (_, i) => `m${i}`);
    const body = pushOf(long, ...names).replace(`"${long}"`, long);
    expect(body.length).toBeGreaterThan(1024 * 1024);
    expect((await bench.push(body)).status).toBe(200);
    await untilHandled(long);
  });

  it('works behind a prefix, versions, a strict ValidationPipe, and a global guard, interceptor and filter', async () => {
    const providers = [
      { provide: APP_GUARD, useClass: NeverTwice },
      { provide: APP_INTERCEPTOR, useClass: WrapAnswers },
      { provide: APP_FILTER, useClass: AllIsWell },
      {
        provide: APP_PIPE,
        useValue: new ValidationPipe({ forbidNonWhitelisted: true, whitelist: true, transform: true }),
      },
    ];
    await start({
      providers,
      configure: (app) =>
        app
          .setGlobalPrefix('api')
          .enableVersioning({ type: VersioningType.URI, defaultVersion: '1' })
          .useGlobalPipes(new ValidationPipe({ forbidNonWhitelisted: true, whitelist: true, transform: true })),
    });
    const path = `/api/sms/reports/${SECRET}`;
    for (const name of ['m1', 'm2', 'm3']) expect((await bench.push(pushOf(name), { path })).status).toBe(200);
    await untilHandled('m1', 'm2', 'm3');
    const wrong = await bench.push(pushOf('m4'), { path: '/api/sms/reports/another-secret-of-tests' });
    expect(wrong.status).toBe(404);
  });

  it.each([VersioningType.HEADER, VersioningType.MEDIA_TYPE] as const)('is version-neutral (%s)', async (type) => {
    const configure: NonNullable<Parameters<WebhookBench['start']>[1]>['configure'] = (app) =>
      app.enableVersioning({ type, header: 'x-version', key: 'v=', defaultVersion: '1' });
    await start({ configure });
    expect((await bench.push(pushOf('m1'))).status).toBe(200);
    await untilHandled('m1');
  });

  it('answers with 404 when the secret is wrong, stores nothing and logs no secret', async () => {
    await start();
    const wrong = [
      'x',
      SECRET.slice(0, -1),
      `${SECRET}x`,
      SECRET.toUpperCase(),
      `${SECRET.slice(0, -1)}X`,
      '%00',
      '%zz',
    ];
    for (const secret of wrong) {
      const { status } = await bench.push(pushOf('m1'), { path: `/sms/reports/${secret}` });
      // An invalid URL is refused before routing.
      expect(status).toBe(secret === '%zz' ? 400 : 404);
    }
    expect((await bench.push(pushOf('m1'), { path: '/sms/reports' })).status).toBe(404);
    expect((await bench.push(undefined, { method: 'GET' })).status).toBe(404);
    expect(await bench.inbox.stats()).toMatchObject({ pages: 0, unreadable: 0 });
    await bench.push(pushOf('m2'));
    await untilHandled('m2');
    expect(bench.logs.matching(/secret-of-the/i)).toEqual([]);
    expect(bench.handled).toHaveLength(1);
  });

  it('answers with 413 above http.maxResponseBytes, and accepts the next push', async () => {
    await start({ options: { http: { maxResponseBytes: 2_000 } } });
    const large = pushOf(...Array.from({ length: 20 }, (_, i) => `m${i}`));
    const chunked = new ReadableStream({
      start: (stream) => {
        for (let at = 0; at < large.length; at += 500) stream.enqueue(Buffer.from(large.slice(at, at + 500)));
        stream.close();
      },
    });
    expect((await bench.push(large)).status).toBe(413);
    expect((await bench.push(chunked, { duplex: 'half' })).status).toBe(413);
    expect(bench.logs.matching('longer than http.maxResponseBytes (2000)')).toHaveLength(2);
    expect((await bench.push(pushOf('m1'))).status).toBe(200);
    await untilHandled('m1');
    expect(bench.handled).toHaveLength(1);
  });

  it('answers an unreadable push with 200, and stores it unchanged', async () => {
    await start();
    const bodies = ['<html>no reports</html>', '{"statuses": [{"msgId":"m1"', ' \t{ "hello" : 1.50 }\n'];
    for (const body of bodies) expect((await bench.push(body)).status).toBe(200);
    await untilUnreadable(3);
    expect((await unreadable()).map(({ raw }) => raw).sort()).toEqual([...bodies].sort());
  });

  it('answers an empty push with 200, and stores nothing', async () => {
    await start();
    for (const body of [undefined, '']) expect((await bench.push(body)).status).toBe(200);
    expect(await bench.inbox.stats()).toMatchObject({ pages: 0, unreadable: 0 });
  });

  it('stores nothing of a push that breaks off', async () => {
    await start();
    const [body, headers] = [pushOf('m1'), { 'content-type': 'application/json' }];
    const broken = request(`${bench.url}/sms/reports/${SECRET}`, {
      method: 'POST',
      headers: { ...headers, 'content-length': body.length },
    });
    const ended = new Promise((resolve) => broken.on('error', resolve));
    broken.write(body.slice(0, 50));
    await new Promise((resolve) => setTimeout(resolve, 50));
    broken.destroy();
    await ended;
    expect((await bench.push(pushOf('m2'))).status).toBe(200);
    await untilHandled('m2');
    expect(bench.handled).toHaveLength(1);
    expect(await bench.inbox.stats()).toMatchObject({ unreadable: 0 });
  });

  it('answers with 503 and Retry-After while the application stops', async () => {
    const answers: Response[] = [];
    class Late implements BeforeApplicationShutdown {
      async beforeApplicationShutdown(): Promise<void> {
        answers.push(await bench.push(pushOf('m1')));
      }
    }
    await start({ providers: [Late] });
    await bench.stop();
    expect(answers[0]?.status).toBe(503);
    expect(answers[0]?.headers.get('retry-after')).toBe('15');
  });

  it('delivers to the inbox of its named account', async () => {
    const secret = 'the-secret-of-bulk';
    const bulk = { auth: DEMO, name: 'bulk', storage: 'memory', dlr: { webhook: { secret } } } as const;
    class Nothing {}
    const imports = { module: Nothing, imports: [OurSmsModule.forRoot(bulk)] };
    await start({
      controllers: [OurSmsWebhook('sms/reports'), OurSmsWebhook('/sms/bulk/', 'bulk')],
      imports: [imports],
    });
    expect((await bench.push(pushOf('m1'))).status).toBe(200);
    expect((await bench.push(pushOf('m2'), { path: `/sms/bulk/${secret}` })).status).toBe(200);
    expect((await bench.push(pushOf('m3'), { path: `/sms/bulk/${SECRET}` })).status).toBe(404);
    await untilHandled('m1', 'm2');
    const accounts = bench.handled.map(({ msgId, account }) => `${msgId} ${account}`);
    expect(accounts.sort()).toEqual(['m1 default', 'm2 bulk']);
  });

  it('can be extended by a class with decorators', async () => {
    @SetMetadata('public', true)
    class Reports extends OurSmsWebhook('sms/reports') {}
    await start({
      controllers: [Reports, OurSmsWebhook('sms/hidden')],
      providers: [{ provide: APP_GUARD, useClass: OnlyPublic }],
    });
    expect((await bench.push(pushOf('m1'))).status).toBe(200);
    expect((await bench.push(pushOf('m2'), { path: `/sms/hidden/${SECRET}` })).status).toBe(403);
    await untilHandled('m1');
  });

  it.each([{ rawBody: true }, { bodyParser: false }])('works in an application made with %j', async (server) => {
    await start({ server });
    expect((await bench.push(pushOf('m1'))).status).toBe(200);
    await untilHandled('m1');
  });

  it('leaves the other routes of the application as they are', async () => {
    await start({ controllers: [Orders, OurSmsWebhook('sms/reports')] });
    const answer = await bench.push('{"order":4711}', { path: '/orders' });
    expect([answer.status, await answer.json()]).toEqual([201, { order: 4711 }]);
  });

  it('does not show its secret', async () => {
    const webhook = OurSmsWebhook('sms/reports');
    await start({ controllers: [webhook] });
    await bench.push(pushOf('m1'));
    const shown = inspect([bench.app.get(webhook), bench.inbox], { depth: 3, showHidden: true });
    expect(shown).not.toContain(SECRET);
    expect(bench.logs.matching(SECRET)).toEqual([]);
  });
});

it('the webhook answers with 503 while the application starts and its store is not open yet', async () => {
  const answers: Response[] = [];
  class Early implements OnModuleInit {
    async onModuleInit(): Promise<void> {
      const server = bench.app.getHttpServer() as Server;
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      answers.push(
        await fetch(`http://127.0.0.1:${port}/sms/reports/${SECRET}`, { method: 'POST', body: pushOf('m1') }),
      );
      server.closeAllConnections();
      await once(server.close(), 'close');
    }
  }
  class Inner {}
  class Outer {}
  // The deepest modules are initialised first.
  const imports = [{ module: Outer, imports: [{ module: Inner, providers: [Early] }] }];
  await bench.start('express', { imports });
  expect(answers[0]?.status).toBe(503);
  expect(answers[0]?.headers.get('retry-after')).toBe('15');
  expect((await bench.push(pushOf('m1'))).status).toBe(200);
  await untilHandled('m1');
});

describe('when a middleware of the application has already read the body,', () => {
  it('the webhook accepts the parsed body', async () => {
    const any = { type: () => true };
    for (const [i, parser] of [express.json(any), express.text(any), express.raw(any)].entries()) {
      await bench.start('express', { server: { bodyParser: false }, configure: (app) => app.use(parser) });
      expect((await bench.push(pushOf(`m${i}`))).status).toBe(200);
      await untilHandled(`m${i}`);
      await bench.stop();
    }
  });

  it('the webhook answers with 503 and logs the reason if no body is left', async () => {
    const devour = (incoming: express.Request, _: unknown, next: () => void): void => {
      incoming.resume().on('end', next);
    };
    await bench.start('express', { configure: (app) => app.use(devour) });
    expect((await bench.push(pushOf('m1'))).status).toBe(503);
    expect(bench.logs.matching('a middleware of the application has read its body and left nothing')).toHaveLength(1);
  });
});

describe('an application does not start with a webhook', () => {
  const startWith = (webhook: ReturnType<typeof OurSmsWebhook>, dlr = {}): Promise<OurSmsConfigError> => {
    const account = { ...OurSmsModule.forRoot({ auth: DEMO, storage: 'memory', dlr }), controllers: [webhook] };
    return rejection(startApplication([account]), OurSmsConfigError);
  };

  it('of an account without dlr.webhook', async () => {
    const { message } = await startWith(OurSmsWebhook('sms/reports'));
    expect(message).toBe(
      "OurSmsWebhook('sms/reports'): account default needs dlr.webhook in its options: { webhook: { secret } }.",
    );
  });

  it('of an account that is not registered', async () => {
    const { message } = await startWith(OurSmsWebhook('sms/reports', 'bulk'), { webhook: { secret: SECRET } });
    expect(message).toBe("OurSmsWebhook('sms/reports', 'bulk'): no OurSmsModule is registered with the account bulk.");
  });

  it.each(['', '/', undefined as never])('without a path (%j)', (path) => {
    expect(() => OurSmsWebhook(path)).toThrow(OurSmsConfigError);
  });
});
