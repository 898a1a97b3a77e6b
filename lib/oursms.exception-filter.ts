import { Catch, HttpStatus, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { OurSmsError } from './errors/oursms.error.js';
import { OurSmsGatewayError } from './errors/oursms-gateway.error.js';
import { OurSmsTimeoutError } from './errors/oursms-timeout.error.js';
import { OurSmsConfigError } from './errors/oursms-config.error.js';
import { OurSmsValidationError } from './errors/oursms-validation.error.js';

/** What Express and Fastify have in common, as far as this filter needs it. */
interface HttpReply {
  status(code: number): { json?(body: unknown): unknown; send(body: unknown): unknown };
  header?(name: string, value: string): unknown;
}

/**
 * Answers HTTP requests with what an {@link OurSmsError} says, and catches no other error. Use it with
 * `app.useGlobalFilters(new OurSmsExceptionFilter())` or `@UseFilters(OurSmsExceptionFilter)`.
 *
 * A refused message is 400, a rate limit 429 (with `Retry-After`), a gateway that cannot be reached or is short of
 * credits 503, a time-out 504, and any other failure of the gateway 502. The body has `outcome` and `retryable`.
 */
@Catch(OurSmsError)
export class OurSmsExceptionFilter implements ExceptionFilter<OurSmsError> {
  catch(error: OurSmsError, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const reply = host.switchToHttp().getResponse<HttpReply>();
    const statusCode = statusOf(error);
    if (error instanceof OurSmsGatewayError && error.retryAfterMs !== undefined) {
      reply.header?.('retry-after', String(Math.ceil(error.retryAfterMs / 1000)));
    }
    const answer = reply.status(statusCode);
    const body = {
      statusCode,
      error: error.name,
      message: error.message,
      outcome: error.outcome,
      retryable: error.retryable,
      ...(error instanceof OurSmsValidationError ? { faults: error.faults } : {}),
    };
    if (answer.json) answer.json(body);
    else answer.send(body);
  }
}

function statusOf(error: OurSmsError): HttpStatus {
  if (error instanceof OurSmsValidationError) return HttpStatus.BAD_REQUEST;
  if (error instanceof OurSmsConfigError) return HttpStatus.INTERNAL_SERVER_ERROR;
  if (error instanceof OurSmsTimeoutError) return HttpStatus.GATEWAY_TIMEOUT;
  if (error instanceof OurSmsGatewayError) {
    if (error.kind === 'rateLimit') return HttpStatus.TOO_MANY_REQUESTS;
    return error.kind === 'balance' ? HttpStatus.SERVICE_UNAVAILABLE : HttpStatus.BAD_GATEWAY;
  }
  return error.outcome === 'notSent' ? HttpStatus.SERVICE_UNAVAILABLE : HttpStatus.BAD_GATEWAY;
}
