import type { HttpService } from '@nestjs/axios';
import type { AxiosResponse } from 'axios';
import type { Credits } from '../dto/credits.js';
import type { Dlr } from '../dto/dlr.js';
import type { SendReceipt } from '../dto/send-receipt.js';
import { credentialsOf, type GatewayAccount } from './account.js';
import { Call, type WireMessage } from './call.js';
import { encodeForm } from './encode-form.js';
import type { GatewayHttp } from './http-service.js';
import { judgeAnswer, type Answer } from './judge-answer.js';
import { FieldReader, isRecord, parseJson, toNumber } from './parse-json.js';
import { readDlrs, type DlrPage } from './read-dlrs.js';
import { readReceipt } from './read-receipt.js';
import { RequestTrace } from './request-trace.js';
import { toOurSmsError, unreadableAnswer } from './to-oursms-error.js';

/** How one send is made. */
export interface WireOptions {
  /** The HTTP method. The document prefers POST. */
  method?: 'POST' | 'GET';
  /** Ends the call. */
  signal?: AbortSignal;
  /** Parameters beyond the document's. */
  extra?: Readonly<Record<string, string | number | boolean>>;
}

/** The parameters of a message, in the document's order. @see OurSMS HTTP API, "1. Send Message" */
const MESSAGE_PARAMETERS = [
  'src',
  'dests',
  'body',
  'priority',
  'delay',
  'validity',
  'maxParts',
  'dlr',
  'prevDups',
  'msgClass',
] as const;

/** The three calls of the API on the wire: what goes out is checked before, what comes back is an answer or an error. */
export class GatewayClient {
  readonly #credentials: [string, string][];

  constructor(
    readonly account: GatewayAccount,
    private readonly http: GatewayHttp,
  ) {
    this.#credentials = credentialsOf(account.auth);
  }

  /** The account's HttpService, for interceptors. */
  get httpService(): HttpService {
    return this.http.service;
  }

  /** @see OurSMS HTTP API, "1. Send Message" */
  async send(message: WireMessage, skipped: number, options: WireOptions = {}): Promise<SendReceipt> {
    const call = new Call('send', this.account, message);
    const parameters = [...parametersOf(message), ...Object.entries(options.extra ?? {}).map(onWire)];
    const answer = await this.#request(call, options.method ?? 'POST', '/msgs', parameters, options.signal);
    const json = parseJson(answer.text);
    if (!json.ok) throw unreadableAnswer(call, answer.httpStatus, answer.text, json.why);
    if (!isRecord(json.value)) throw unreadableAnswer(call, answer.httpStatus, answer.text, 'it is not a JSON object');
    return readReceipt(json.value, skipped);
  }

  /**
   * Takes reports from the gateway, which deletes them there. The page is handed over as it came, so that it can be kept
   * before anything reads it.
   *
   * @see OurSMS HTTP API, "2. Download Dlrs"
   */
  async downloadDlrs(count?: number): Promise<DlrPage> {
    const call = new Call('downloadDlrs', this.account);
    const parameters: [string, string][] = count === undefined ? [] : [['count', String(count)]];
    const { httpStatus, text } = await this.#request(call, 'GET', '/inbox/dlrs', parameters);
    return { account: this.account.name, receivedAt: new Date().toISOString(), httpStatus, text };
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
    const { httpStatus, text } = await this.#request(call, 'GET', '/billing/credits', []);
    const json = parseJson(text);
    if (!json.ok) throw unreadableAnswer(call, httpStatus, text, json.why);
    const credits = isRecord(json.value)
      ? new FieldReader(json.value).number('credits', 'balance')
      : toNumber(json.value);
    if (credits === undefined) throw unreadableAnswer(call, httpStatus, text, 'it holds no number of credits');
    return { credits, raw: json.value };
  }

  /** Lets running requests end, then closes every connection. */
  close(): Promise<void> {
    return this.http.close();
  }

  async #request(
    call: Call,
    method: 'POST' | 'GET',
    path: string,
    parameters: [string, string][],
    signal?: AbortSignal,
  ): Promise<Answer> {
    const form = encodeForm([...this.#credentials, ...parameters]);
    const url = this.account.baseUrl + path;
    const trace = new RequestTrace();
    let answer: Answer;
    const target = method === 'POST' ? { url, data: form } : { url: `${url}?${form}` };
    try {
      const request = { ...target, method, signal, trace };
      const response: AxiosResponse<unknown> = await this.http.service.axiosRef.request(request);
      answer = toAnswer(response);
    } catch (thrown) {
      const ownTransport = this.http.service.axiosRef.defaults.adapter === this.http.adapter;
      throw toOurSmsError(thrown, call, trace, ownTransport);
    }
    judgeAnswer(answer, call);
    return answer;
  }
}

function toAnswer({ data, status, headers }: AxiosResponse<unknown>): Answer {
  const retryAfter: unknown = headers['retry-after'];
  return {
    httpStatus: status,
    // An interceptor may have parsed it.
    text: typeof data === 'string' ? data : (JSON.stringify(data) ?? ''),
    retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
  };
}

function parametersOf(message: WireMessage): [string, string][] {
  return MESSAGE_PARAMETERS.flatMap((name) => {
    const value = message[name];
    return value === undefined || value === null ? [] : [onWire([name, value])];
  });
}

/** Booleans are 0 and 1 on the wire, a list is joined by commas. */
function onWire([name, value]: [string, string | number | boolean | string[]]): [string, string] {
  return [name, typeof value === 'boolean' ? String(Number(value)) : String(value)];
}
