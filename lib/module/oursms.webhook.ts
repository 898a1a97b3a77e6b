import { ServerResponse } from 'node:http';
import { Controller, Inject, Post, Req, Res, VERSION_NEUTRAL, type OnModuleInit, type Type } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { OurSmsConfigError } from '../errors/oursms-config.error.js';
import type { AccountWebhook } from './account-webhook.js';
import { DEFAULT_ACCOUNT, getWebhookToken } from './internal-tokens.js';
import { pushBody, type PushRequest } from './push-body.js';
import { UnparsedPushes } from './unparsed-pushes.js';

/** Seconds until the gateway may repeat a push: a failed store is tried again after the same time. */
const RETRY_AFTER_S = 15;

/** The part of a response that Express and Fastify share. */
interface PushResponse {
  status(code: number): { send(body: object): unknown };
  header(name: string, value: string): unknown;
}

/**
 * Makes a controller that receives the pushed delivery reports of an account with `dlr.webhook` in its options. Put it into
 * `controllers` of a module, and enter its address with the secret at the end, `https://…/<path>/<secret>`, at the gateway.
 *
 * A push is answered with 200 once it is durable, with 503 when it cannot be stored, with 404 when its secret is wrong, and
 * with 413 when it is longer than `http.maxResponseBytes`. The controller has no version, and `@nestjs/throttler` does not
 * limit it. Extend it to add decorators, such as one that your own guard needs:
 *
 * @example
 * @Public()
 * class Reports extends OurSmsWebhook('sms/reports') {}
 *
 * @param path Path of the controller, such as `sms/reports`; a global prefix of the application comes before it.
 * @param name The `name` that the account was registered with.
 * @throws {OurSmsConfigError} for an empty path; at bootstrap, when the account does not exist or has no `dlr.webhook`
 */
export function OurSmsWebhook(path: string, name: string = DEFAULT_ACCOUNT): Type<object> {
  if (typeof path !== 'string' || path.replaceAll('/', '') === '') {
    throw new OurSmsConfigError("OurSmsWebhook takes a path, such as OurSmsWebhook('sms/reports').");
  }

  @Controller({ path, version: VERSION_NEUTRAL })
  class OurSmsWebhookController implements OnModuleInit {
    readonly #moduleRef: ModuleRef;
    readonly #unparsed: UnparsedPushes;
    #webhook: AccountWebhook | undefined;

    constructor(@Inject(ModuleRef) moduleRef: ModuleRef, @Inject(HttpAdapterHost) host: HttpAdapterHost) {
      this.#moduleRef = moduleRef;
      this.#unparsed = new UnparsedPushes(path, (text) => this.#webhook?.admits(text) ?? false);
      // As soon as there is an adapter, and so before the application adds its body parsers.
      host.init$.subscribe(() => this.#unparsed.passThrough(host.httpAdapter));
    }

    onModuleInit(): void {
      this.#webhook = findWebhook(this.#moduleRef, path, name);
    }

    /** Answers directly: interceptors and filters of the application could change the answer and mislead the gateway. */
    @Post(':secret')
    async receive(@Req() request: PushRequest, @Res() response: PushResponse): Promise<void> {
      const contentType = this.#unparsed.restoreType(request);
      const webhook = this.#webhook;
      if (webhook === undefined) return unavailable(response);
      if (!webhook.admits(request.params?.['secret'])) return answer(response, 404, 'Not Found');
      const body = await pushBody(request, contentType, webhook.maxBytes);
      switch (body) {
        case 'aborted':
          return answer(response, 400, 'Bad Request');
        case 'tooLarge':
          webhook.refuse(`it is longer than http.maxResponseBytes (${webhook.maxBytes}); it was answered with 413`);
          return answer(response, 413, 'Payload Too Large');
        case 'consumed':
          webhook.refuse(
            'a middleware of the application has read its body and left nothing; it was answered with 503',
          );
          return unavailable(response);
        default:
          return (await webhook.keep(body)) ? answer(response, 200, 'OK') : unavailable(response);
      }
    }
  }

  // The metadata that @SkipThrottle() of @nestjs/throttler sets, for its unnamed throttler.
  Reflect.defineMetadata('THROTTLER:SKIPdefault', true, OurSmsWebhookController);
  return OurSmsWebhookController;
}

function findWebhook(moduleRef: ModuleRef, path: string, name: string): AccountWebhook {
  const which = `OurSmsWebhook('${path}'${name === DEFAULT_ACCOUNT ? '' : `, '${name}'`})`;
  let webhook: AccountWebhook | undefined;
  try {
    webhook = moduleRef.get<AccountWebhook>(getWebhookToken(name), { strict: false });
  } catch {
    throw new OurSmsConfigError(`${which}: no OurSmsModule is registered with the account ${name}.`);
  }
  if (webhook.isSet) return webhook;
  throw new OurSmsConfigError(`${which}: account ${name} needs dlr.webhook in its options: { webhook: { secret } }.`);
}

function answer(response: PushResponse, statusCode: number, message: string): void {
  const body = { statusCode, message };
  if (!(response instanceof ServerResponse)) return void response.status(statusCode).send(body);
  // Express: its `send` would compute an ETag, which costs more than the rest of the answer.
  response.statusCode = statusCode;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}

function unavailable(response: PushResponse): void {
  response.header('retry-after', String(RETRY_AFTER_S));
  answer(response, 503, 'Service Unavailable');
}
