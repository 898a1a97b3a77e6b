import { Logger } from '@nestjs/common';
import { OurSmsGatewayError } from '../errors/oursms-gateway.error.js';
import type { OurSmsError } from '../errors/oursms.error.js';
import type { Call } from './call.js';
import { bodyOf, decodeBody, showBody, type ShownBody } from './decode-body.js';
import { pageOf, type DlrPage } from './dlr-page.js';
import { judgeAnswer, refusalOf, type Answer } from './judge-answer.js';
import { safeCause } from './safe-cause.js';
import { interceptorError, isSuccess, toOurSmsError } from './to-oursms-error.js';
import { TransportFault, type RequestTrace, type WireResponse } from './transport.js';
import { isHttpAnswer, textOf, toWire } from './watched-adapter.js';

/** The unparsed pages of a download, and the error that ended it. */
export interface DlrDownload {
  pages: CaughtPage[];
  error?: OurSmsError;
}

/** A page that has just come. `broken`: why it may be incomplete. */
export interface CaughtPage {
  page: DlrPage;
  broken?: string;
}

const NO_BODY: ShownBody = { raw: '', rawEncoding: 'utf8' };

/** The result of a call. The trace holds each answer from before interceptors of the application could change it. */
export class CallResult {
  readonly #last: WireResponse | TransportFault | undefined;

  /** @param settled The value that axios and the interceptors of the application returned, or what they threw. */
  constructor(
    private readonly call: Call,
    private readonly trace: RequestTrace,
    private readonly settled: PromiseSettledResult<unknown>,
    private readonly isAborted: boolean,
  ) {
    const { tries } = trace;
    // The application may use an adapter that notes nothing in the trace.
    if (tries.length === 0 && settled.status === 'fulfilled' && isHttpAnswer(settled.value)) {
      tries.push(toWire(settled.value));
    }
    this.#last = tries.at(-1);
  }

  /** The headers of the last answer, complete or not; undefined when no answer came. */
  get headers(): WireResponse['headers'] | undefined {
    return this.#last instanceof TransportFault ? this.#last.received?.headers : this.#last?.headers;
  }

  /**
   * The JSON of the answer to a call that deletes nothing. When an interceptor returned another answer, that one is read.
   *
   * @throws {OurSmsError} when no complete answer came, or it is a failure, or it cannot be read
   */
  async read(): Promise<{ value: unknown; answer: Answer }> {
    const { call, settled } = this;
    const last = this.#last;
    if (last === undefined || last instanceof TransportFault) throw await this.#faultError(last);
    const answer = await this.#answerOf(last);
    if (settled.status === 'rejected') throw this.#rejectionError(answer, settled.reason);
    const returned = settled.value;
    const text = isHttpAnswer(returned) && returned.data != null ? textOf(returned.data) : answer.text;
    if (text === answer.text) return { value: judgeAnswer(answer, call), answer };
    const replaced: Answer = { ...answer, httpStatus: (returned as { status: number }).status, text };
    replaced.why = 'an interceptor of the application replaced it';
    return { value: judgeAnswer(replaced, call), answer: replaced };
  }

  /** All pages that the gateway sent: also those of incomplete answers, and whatever interceptors made of them. */
  async download(): Promise<DlrDownload> {
    const { call, trace, settled } = this;
    const pages: CaughtPage[] = [];
    for (const ended of trace.tries) {
      const received = ended instanceof TransportFault ? ended.received : ended;
      if (received === undefined || !isSuccess(received.status)) continue;
      if (ended instanceof TransportFault && received.body.length === 0) continue;
      const broken = ended instanceof TransportFault ? (await this.#faultError(ended)).message : undefined;
      const page = pageOf(call.account.name, bodyOf(received), received.status);
      pages.push({ page, broken });
    }
    const last = this.#last;
    if (last === undefined || last instanceof TransportFault) return { pages, error: await this.#faultError(last) };
    if (!isSuccess(last.status)) return { pages, error: refusalOf(await this.#answerOf(last), call) };
    if (settled.status === 'rejected') {
      const { name, message } = safeCause(settled.reason, call);
      new Logger('OurSmsGateway').warn(
        `An interceptor of the application failed on a download of delivery reports (account ${call.account.name}): ${name}: ${message}. The reports are read from the answer of the gateway`,
      );
    }
    return { pages };
  }

  /** The error of a complete answer whose interceptor threw. A refusal by the gateway comes first. */
  #rejectionError(answer: Answer, thrown: unknown): OurSmsError {
    const { call, isAborted } = this;
    if (isAborted) return this.#endingError(thrown, answer.shown);
    try {
      judgeAnswer(answer, call);
    } catch (error) {
      if (error instanceof OurSmsGatewayError) return error;
    }
    return interceptorError(call, 'unknown', thrown, answer.httpStatus);
  }

  /** The error when no complete answer came. */
  async #faultError(fault: TransportFault | undefined): Promise<OurSmsError> {
    const { call, trace, settled } = this;
    const received = fault?.received;
    const shown = received === undefined ? NO_BODY : (await this.#answerOf(received)).shown;
    // An interceptor may have replaced the error of the transport.
    if (fault !== undefined && !trace.usedForeignAdapter) return this.#endingError(fault, shown);
    if (settled.status === 'rejected') return this.#endingError(settled.reason, shown);
    return interceptorError(call, 'unknown', new Error('it returned no response'));
  }

  #endingError(thrown: unknown, shown: ShownBody): OurSmsError {
    return toOurSmsError(thrown, { call: this.call, trace: this.trace, isAborted: this.isAborted, shown });
  }

  async #answerOf(response: WireResponse): Promise<Answer> {
    const body = bodyOf(response);
    const decoded = await decodeBody(body, this.call.account.maxResponseBytes);
    const { date, 'retry-after': retryAfter } = response.headers;
    return {
      httpStatus: response.status,
      text: decoded.text,
      why: decoded.why,
      shown: showBody(decoded, body),
      retryAfter: typeof retryAfter === 'string' ? [retryAfter] : retryAfter,
      date: typeof date === 'string' ? date : undefined,
    };
  }
}
