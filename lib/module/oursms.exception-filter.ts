import { Catch, HttpStatus, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { throwError } from 'rxjs';
import { OurSmsError } from '../errors/oursms.error.js';
import { OurSmsGatewayError } from '../errors/oursms-gateway.error.js';
import { OurSmsTimeoutError } from '../errors/oursms-timeout.error.js';
import { OurSmsConfigError } from '../errors/oursms-config.error.js';
import { OurSmsValidationError } from '../errors/oursms-validation.error.js';

/** The part of a response that Express and Fastify share. */
interface HttpReply {
  status(code: number): { json?(body: unknown): unknown; send(body: unknown): unknown };
  header?(name: string, value: string): unknown;
  /** Whether the headers are sent: `headersSent` of Express, `sent` of Fastify. */
  headersSent?: boolean;
  sent?: boolean;
  end?(): unknown;
}

/** A client of `@nestjs/platform-ws` or of `@nestjs/platform-socket.io`. */
interface WsClient {
  readyState?: number;
  send?(data: string): unknown;
  emit?(event: string, payload: unknown): unknown;
}

/** gRPC status codes by HTTP status. Any other status becomes 2, UNKNOWN. */
const GRPC_CODES: Readonly<Partial<Record<HttpStatus, number>>> = {
  [HttpStatus.BAD_REQUEST]: 3, // INVALID_ARGUMENT
  [HttpStatus.GATEWAY_TIMEOUT]: 4, // DEADLINE_EXCEEDED
  [HttpStatus.TOO_MANY_REQUESTS]: 8, // RESOURCE_EXHAUSTED
  [HttpStatus.INTERNAL_SERVER_ERROR]: 13, // INTERNAL
  [HttpStatus.SERVICE_UNAVAILABLE]: 14, // UNAVAILABLE
};

/**
 * Answers a request that failed with an {@link OurSmsError}, and catches no other error. Use it with
 * `app.useGlobalFilters(new OurSmsExceptionFilter())` or `@UseFilters(OurSmsExceptionFilter)`; a hybrid application gives it
 * to its microservices with `connectMicroservice(…, { inheritAppConfig: true })`.
 *
 * Over HTTP a refused message is 400, a rate limit 429 (with `Retry-After`), a gateway that cannot be reached or is short of
 * credits 503, a time-out 504, and any other failure of the gateway 502. The body has `outcome` and `retryable`. A
 * microservice and a WebSocket (`exception`) get the same fields, gRPC its status, and GraphQL an error with them in its
 * `extensions`.
 */
@Catch(OurSmsError)
export class OurSmsExceptionFilter implements ExceptionFilter<OurSmsError> {
  /** Answers over the transport of the request. It never throws: no transport answers when a filter throws. */
  catch(error: OurSmsError, host: ArgumentsHost): unknown {
    switch (host.getType<string>()) {
      case 'http':
        return answerHttp(error, host.switchToHttp().getResponse<HttpReply>());
      case 'rpc':
        return throwError(() => (isGrpc(host) ? grpcStatus(error) : { status: 'error', ...describe(error) }));
      case 'ws':
        return answerWs(error, host);
      case 'graphql':
        return Object.assign(new Error(error.message), { name: error.name, extensions: describe(error) });
      default:
        // Nest then throws the error, as without a filter.
        return undefined;
    }
  }
}

function answerHttp(error: OurSmsError, reply: HttpReply): void {
  if (reply.headersSent || reply.sent) {
    reply.end?.();
    return;
  }
  const statusCode = statusOf(error);
  if (error instanceof OurSmsGatewayError && error.retryAfterMs !== undefined) {
    reply.header?.('retry-after', String(Math.ceil(error.retryAfterMs / 1000)));
  }
  const answer = reply.status(statusCode);
  const body = { statusCode, ...describe(error) };
  if (answer.json) answer.json(body);
  else answer.send(body);
}

/** Sends the event `exception` as Nest's own filter does, but without the received data, which may contain texts and numbers. */
function answerWs(error: OurSmsError, host: ArgumentsHost): void {
  const ws = host.switchToWs();
  const client = ws.getClient<WsClient>();
  const payload = { status: 'error', ...describe(error), cause: { pattern: ws.getPattern() } };
  const isNative = typeof client.readyState === 'number' && typeof client.send === 'function';
  if (isNative) client.send?.(JSON.stringify({ event: 'exception', data: payload }));
  else client.emit?.('exception', payload);
}

function describe(error: OurSmsError): Record<string, unknown> {
  return {
    error: error.name,
    message: error.message,
    outcome: error.outcome,
    retryable: error.retryable,
    ...(error instanceof OurSmsValidationError ? { faults: error.faults } : {}),
  };
}

/** Only handlers of gRPC get the metadata of a call. */
function isGrpc(host: ArgumentsHost): boolean {
  const metadata: unknown = host.getArgByIndex(1);
  return typeof (metadata as { getMap?: unknown } | undefined)?.getMap === 'function';
}

const grpcStatus = (error: OurSmsError): { code: number; message: string } => ({
  code: GRPC_CODES[statusOf(error)] ?? 2,
  message: error.message,
});

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
