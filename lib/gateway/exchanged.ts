import { Logger } from '@nestjs/common';
import { OurSmsGatewayError } from '../errors/oursms-gateway.error.js';
import type { OurSmsError } from '../errors/oursms.error.js';
import type { Call } from './call.js';
import { bodyOf, decodeBody, showBody, type ShownBody } from './decode-body.js';
import { pageOf, type DlrPage } from './dlr-page.js';
import { judgeAnswer, type Answer } from './judge-answer.js';
import { safeCause } from './safe-cause.js';
import { interceptorError, isSuccess, toOurSmsError, unreadableAnswer } from './to-oursms-error.js';
import { TransportFault, type RequestTrace, type WireResponse } from './transport.js';
import { isHttpAnswer, textOf, toWire } from './watched-adapter.js';

/** Pages of a download as they came, and the error that ended it. */
export interface DlrDownload {
  pages: CaughtPage[];
  error?: OurSmsError;
}

/** A page that has just come. `broken`: why it may not be whole. */
export interface CaughtPage {
  page: DlrPage;
  broken?: string;
}

/** How a call ended: what came from the gateway, and what the interceptors of the application have left of it. */
export interface ExchangeEnd {
  call: Call;
  trace: RequestTrace;
  isTraced: boolean;
  isAborted: boolean;
  /** Result of the interceptors. */
  left?: unknown;
  /** Reason of the rejection. */
  rejection?: { thrown: unknown };
}

const NOTHING: ShownBody = { raw: '', rawEncoding: 'utf8' };

/** The answers of a call, read from what came rather than from what the interceptors of the application made of it. */
export class Exchanged {
  readonly #last: WireResponse | TransportFault | undefined;

  constructor(private readonly end: ExchangeEnd) {
    const { trace, left, rejection } = end;
    // An adapter that nothing is known of.
    if (trace.tries.length === 0 && rejection === undefined && isHttpAnswer(left)) trace.tries.push(toWire(left));
    this.#last = trace.tries.at(-1);
  }

  /** The headers of the answer that came last, whole or not; undefined when none came. */
  get headers(): WireResponse['headers'] | undefined {
    return this.#last instanceof TransportFault ? this.#last.received?.headers : this.#last?.headers;
  }

  /**
   * The JSON of the answer to a call that deletes nothing: as the interceptors have left it, if they have left an answer.
   *
   * @throws {OurSmsError} when there is none, or it is a failure, or it cannot be read
   */
  async read(): Promise<{ value: unknown; answer: Answer }> {
    const { call, left, rejection } = this.end;
    const came = this.#last;
    if (came === undefined || came instanceof TransportFault) throw await this.#fault(came);
    const answer = await this.#answerOf(came);
    if (rejection !== undefined) throw this.#broken(answer, rejection.thrown);
    const changed = isHttpAnswer(left) && left.data != null ? textOf(left.data) : answer.text;
    if (changed === answer.text) return { value: judgeAnswer(answer, call), answer };
    const given: Answer = { ...answer, httpStatus: (left as { status: number }).status, text: changed };
    given.why = 'an interceptor of the application replaced it';
    return { value: judgeAnswer(given, call), answer: given };
  }

  /** The pages that came: also those whose answer broke off, and whatever interceptors did with them. */
  async download(): Promise<DlrDownload> {
    const { call, trace, rejection } = this.end;
    const pages: CaughtPage[] = [];
    for (const came of trace.tries) {
      const received = came instanceof TransportFault ? came.received : came;
      if (received === undefined || !isSuccess(received.status)) continue;
      if (came instanceof TransportFault && received.body.length === 0) continue;
      const broken = came instanceof TransportFault ? (await this.#fault(came)).message : undefined;
      const page = pageOf(call.account.name, bodyOf(received), received.status);
      pages.push({ page, broken });
    }
    const last = this.#last;
    if (last === undefined || last instanceof TransportFault) return { pages, error: await this.#fault(last) };
    if (!isSuccess(last.status)) return { pages, error: await this.#refusal(last) };
    if (rejection !== undefined) {
      const { name, message } = safeCause(rejection.thrown, call);
      new Logger('OurSmsGateway').warn(
        `An interceptor of the application failed on a download of delivery reports (account ${call.account.name}): ${name}: ${message}. The reports are read from the answer of the gateway`,
      );
    }
    return { pages };
  }

  async #refusal(came: WireResponse): Promise<OurSmsError> {
    const answer = await this.#answerOf(came);
    try {
      judgeAnswer(answer, this.end.call);
    } catch (error) {
      return error as OurSmsError;
    }
    return unreadableAnswer(this.end.call, answer.httpStatus, answer.shown, 'it is no error of the gateway');
  }

  /** A refusal by the gateway stands, whatever an interceptor makes of it. */
  #broken(answer: Answer, thrown: unknown): OurSmsError {
    const { call, isAborted } = this.end;
    if (isAborted) return toOurSmsError(thrown, { ...this.end, shown: answer.shown });
    try {
      judgeAnswer(answer, call);
    } catch (error) {
      if (error instanceof OurSmsGatewayError) return error;
    }
    return interceptorError(call, 'unknown', thrown, answer.httpStatus);
  }

  /** Why no whole answer came. */
  async #fault(came: TransportFault | undefined): Promise<OurSmsError> {
    const { rejection, trace } = this.end;
    const received = came?.received;
    const shown = received === undefined ? NOTHING : (await this.#answerOf(received)).shown;
    // An interceptor may have put another error in place of the transport's own.
    if (came !== undefined && !trace.wentElsewhere) return toOurSmsError(came, { ...this.end, shown });
    if (rejection !== undefined) return toOurSmsError(rejection.thrown, { ...this.end, shown });
    return interceptorError(this.end.call, 'unknown', new Error('it returned no response'));
  }

  async #answerOf(came: WireResponse): Promise<Answer> {
    const body = bodyOf(came);
    const decoded = await decodeBody(body, this.end.call.account.maxResponseBytes);
    const { date, 'retry-after': retryAfter } = came.headers;
    return {
      httpStatus: came.status,
      text: decoded.text,
      why: decoded.why,
      shown: showBody(decoded, body),
      retryAfter: typeof retryAfter === 'string' ? [retryAfter] : retryAfter,
      date: typeof date === 'string' ? date : undefined,
    };
  }
}
