import type { HttpService } from '@nestjs/axios';
import type { Credits } from '../dto/credits.js';
import type { Dlr } from '../dto/dlr.js';
import type { SendReceipt } from '../dto/send-receipt.js';
import { closedError } from '../errors/closed-error.js';
import { credentialsOf, type GatewayAccount } from './account.js';
import { proxyVariable } from './bypassed-proxy.js';
import { Call, type WireMessage } from './call.js';
import { encodeForm } from './encode-form.js';
import { FieldReader } from './field-reader.js';
import type { GatewayHttp, HttpAnswer } from './gateway-http.js';
import { judgeAnswer, type Answer } from './judge-answer.js';
import { messageParameters } from './message-parameters.js';
import { isRecord, toNumber } from './parse-json.js';
import { countDlrs, readDlrs, type DlrDownload, type DlrPage } from './read-dlrs.js';
import { readReceipt } from './read-receipt.js';
import { toOurSmsError, unreadableAnswer } from './to-oursms-error.js';
import { RequestTrace } from './transport.js';
import { withoutTraces } from './without-traces.js';

/** What ends a request, or keeps it from leaving. */
export interface RequestBounds {
  /** Ends the call. */
  signal?: AbortSignal;
  /** Asked when the first byte is about to leave: false, and none does; the call fails as if its signal had ended it. */
  mayStart?: () => boolean;
}

/** How one send is made. */
export interface WireOptions extends RequestBounds {
  /** The HTTP method. The document prefers POST. */
  method?: 'POST' | 'GET';
  /** Parameters beyond the document's. */
  extra?: Readonly<Record<string, string | number | boolean>>;
}

/** The three calls of the API on the wire: what goes out is checked before, what comes back is an answer or an error. */
export class GatewayClient {
  readonly #credentials: string;
  #closed = false;

  constructor(
    private readonly account: GatewayAccount,
    private readonly http: GatewayHttp,
  ) {
    this.#credentials = encodeForm(credentialsOf(account.auth));
  }

  /** The name of the account. */
  get accountName(): string {
    return this.account.name;
  }

  /** The account's HttpService, for interceptors. */
  get httpService(): HttpService {
    return this.http.service;
  }

  /** @see OurSMS HTTP API, "1. Send Message" */
  async send(message: WireMessage, skipped: number, options: WireOptions = {}): Promise<SendReceipt> {
    const call = new Call('send', this.account, message);
    const { method = 'POST', extra, ...bounds } = options;
    const parameters = encodeForm(messageParameters(message, extra));
    const answer = await this.#request(call, method, '/msgs', parameters, bounds);
    const value = judgeAnswer(answer, call);
    if (!isRecord(value)) throw unreadableAnswer(call, answer.httpStatus, answer.text, 'it is not a JSON object');
    return readReceipt(value, skipped, call);
  }

  /**
   * Takes reports from the gateway, which deletes them there. The page is handed over as it came, so that it can be kept
   * before anything reads it.
   *
   * @see OurSMS HTTP API, "2. Download Dlrs"
   */
  async downloadDlrs(count?: number, bounds: RequestBounds = {}): Promise<DlrDownload> {
    const call = new Call('downloadDlrs', this.account);
    const parameters = count === undefined ? '' : `count=${count}`;
    const answer = await this.#request(call, 'GET', '/inbox/dlrs', parameters, bounds);
    const value = judgeAnswer(answer, call, { readable: false });
    const { httpStatus, text } = answer;
    const page = { account: this.account.name, receivedAt: new Date().toISOString(), httpStatus, text };
    return { page, reports: text.trim() === '' ? 0 : countDlrs(value) };
  }

  /** The reports of a page. @throws {OurSmsResponseError} with the page in `rawBody()` when it cannot be read */
  readDlrs(page: DlrPage): Dlr[] {
    const reading = readDlrs(page);
    if (reading.ok) return reading.dlrs;
    throw unreadableAnswer(new Call('downloadDlrs', this.account), page.httpStatus, page.text, reading.why);
  }

  /** @see OurSMS HTTP API, "3. Get Credits Balance" */
  async getCredits(): Promise<Credits> {
    const call = new Call('getCredits', this.account);
    const answer = await this.#request(call, 'GET', '/billing/credits', '');
    const raw = judgeAnswer(answer, call);
    const credits = isRecord(raw) ? new FieldReader(raw).number('credits', 'balance') : toNumber(raw);
    if (credits !== undefined) return { credits, raw };
    throw unreadableAnswer(call, answer.httpStatus, answer.text, 'it holds no number of credits');
  }

  /** The setting that asks for a proxy which this account's requests do not go through; undefined when there is none. */
  bypassedProxy(env: NodeJS.ProcessEnv): string | undefined {
    if (!this.http.isDirect) return undefined;
    // false says: no proxy, whatever the environment has.
    const { proxy } = this.http.service.axiosRef.defaults;
    if (proxy) return "axios' default `proxy`";
    return proxy === false ? undefined : proxyVariable(this.account.baseUrl, env);
  }

  /** Refuses new calls, lets running requests end, then closes every connection. */
  close(): Promise<void> {
    this.#closed = true;
    return this.http.close();
  }

  async #request(
    call: Call,
    method: 'POST' | 'GET',
    path: string,
    parameters: string,
    { signal, mayStart }: RequestBounds = {},
  ): Promise<Answer> {
    if (this.#closed) throw closedError(call.operation, this.account.name);
    const form = parameters === '' ? this.#credentials : `${this.#credentials}&${parameters}`;
    const url = this.account.baseUrl + path;
    const trace = new RequestTrace();
    const target = method === 'POST' ? { url, data: form } : { url: `${url}?${form}` };
    try {
      return toAnswer(await withoutTraces(() => this.http.request({ ...target, method, signal, mayStart, trace })));
    } catch (thrown) {
      throw toOurSmsError(thrown, call, trace, this.http.usesOwnTransport);
    }
  }
}

function toAnswer({ data, status, headers }: HttpAnswer): Answer {
  const retryAfter = headers['retry-after'];
  return {
    httpStatus: status,
    text: typeof data === 'string' ? data : (JSON.stringify(data) ?? ''),
    retryAfter: [retryAfter].flat().filter((header) => typeof header === 'string'),
  };
}
