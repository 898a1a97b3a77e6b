import type { HttpService } from '@nestjs/axios';
import type { Credits } from '../dto/credits.js';
import type { Dlr } from '../dto/dlr.js';
import type { SendReceipt } from '../dto/send-receipt.js';
import type { Senders } from '../dto/senders.js';
import type { WhoAmI } from '../dto/who-am-i.js';
import { closedError } from '../errors/closed-error.js';
import { OurSmsConfigError } from '../errors/oursms-config.error.js';
import type { OurSmsAbortedError } from '../errors/oursms-aborted.error.js';
import type { OurSmsGatewayError } from '../errors/oursms-gateway.error.js';
import { readableThrown } from '../errors/readable-thrown.js';
import type { GatewayAccount } from './account.js';
import { proxyVariable } from './bypassed-proxy.js';
import { Call, type WireMessage } from './call.js';
import { CallResult, type DlrDownload } from './call-result.js';
import type { Dialect, DialectRequest } from './dialect.js';
import type { DlrPage } from './dlr-page.js';
import { FieldReader } from './field-reader.js';
import { GatewayClock } from './gateway-clock.js';
import type { CallRequest, GatewayHttp } from './gateway-http.js';
import { GatewayHealth } from './gateway-health.js';
import { refusal } from './judge-answer.js';
import { isRecord, toNumber } from './parse-json.js';
import { readDlrs, type DlrReading } from './read-dlrs.js';
import { readReceipt } from './read-receipt.js';
import { readSenders } from './read-senders.js';
import { readWhoAmI } from './read-who-am-i.js';
import { abortedError, unreadableAnswer } from './to-oursms-error.js';
import { RequestTrace } from './transport.js';
import type { RequestBounds, SendMethod, WireOptions } from './wire-options.js';
import { withoutTraces } from './without-traces.js';

/** Makes the calls of either API. Their parameters are already checked. */
export class GatewayClient {
  readonly clock = new GatewayClock();
  readonly health = new GatewayHealth();
  #closed = false;
  #lastCredits: number | undefined;

  constructor(
    private readonly account: GatewayAccount,
    private readonly dialect: Dialect,
    private readonly http: GatewayHttp,
  ) {}

  /** The name of the account. */
  get accountName(): string {
    return this.account.name;
  }

  /** The balance in the last answer of `getCredits`; undefined before the first. */
  get lastCredits(): number | undefined {
    return this.#lastCredits;
  }

  /** The HTTP methods that a send may use: the JSON API has only POST. */
  get sendMethods(): readonly SendMethod[] {
    return this.dialect.sendMethods;
  }

  /** The account's HttpService, for interceptors. */
  get httpService(): HttpService {
    return this.http.service;
  }

  /** @see OurSMS HTTP API, "1. Send Message" */
  async send(message: WireMessage, skipped: number, options: WireOptions = {}): Promise<SendReceipt> {
    const call = new Call('send', this.account, message);
    const { method = 'POST', extra } = options;
    const result = await this.#request(call, this.dialect.send(message, method, extra), options);
    const { value, answer } = await result.read();
    if (!isRecord(value)) throw unreadableAnswer(call, answer.httpStatus, answer.shown, 'it is not a JSON object');
    return readReceipt(value, skipped, call);
  }

  /** The error of a send whose signal was aborted before the request left. */
  abortedSend(message: WireMessage): OurSmsAbortedError {
    return abortedError(new Call('send', this.account, message), 'notSent', "the caller's signal ended the call");
  }

  /**
   * Downloads reports; the gateway then deletes them. Returns the unparsed pages, so that the caller can store them before
   * anything reads them. An error is returned, not thrown.
   *
   * @see OurSMS HTTP API, "2. Download Dlrs"
   */
  async downloadDlrs(count?: number, bounds: RequestBounds = {}): Promise<DlrDownload> {
    const call = new Call('downloadDlrs', this.account);
    const result = await this.#request(call, this.dialect.downloadDlrs(count), bounds);
    const download = await result.download();
    this.health.note(download.error);
    return download;
  }

  /** The error that a page contains in place of reports; undefined when it contains none. */
  refusalIn(page: DlrPage, reading: DlrReading): OurSmsGatewayError | undefined {
    if (reading.ok || reading.failure === undefined) return undefined;
    const error = refusal(page, new Call('downloadDlrs', this.account), reading.failure);
    this.health.note(error);
    return error;
  }

  /**
   * The reports of a download.
   *
   * @throws {OurSmsResponseError} with the page in `rawBody()` when it cannot be read
   * @throws {OurSmsError} the error of the download, when it returned no reports
   */
  async readDlrs({ pages, error }: DlrDownload): Promise<Dlr[]> {
    const call = new Call('downloadDlrs', this.account);
    let dlrs: Dlr[] = [];
    let fault = error;
    for (const { page } of pages) {
      const reading = await readDlrs(page, this.account.maxResponseBytes);
      if (reading.ok) dlrs = dlrs.concat(reading.dlrs);
      else if (reading.failure) fault ??= refusal(page, call, reading.failure);
      else fault ??= unreadableAnswer(call, page.httpStatus, reading.shown, reading.why);
    }
    if (fault !== undefined && dlrs.length === 0) throw fault;
    return dlrs;
  }

  /** @see OurSMS HTTP API, "3. Get Credits Balance" */
  async getCredits(): Promise<Credits> {
    try {
      const credits = await this.#readCredits();
      this.health.note();
      return credits;
    } catch (error) {
      this.health.note(error);
      throw error;
    }
  }

  async #readCredits(): Promise<Credits> {
    const call = new Call('getCredits', this.account);
    const result = await this.#request(call, this.dialect.getCredits());
    const { value: raw, answer } = await result.read();
    const credits = isRecord(raw) ? new FieldReader(raw).number('credits', 'balance') : toNumber(raw);
    if (credits === undefined) {
      throw unreadableAnswer(call, answer.httpStatus, answer.shown, 'it contains no number of credits');
    }
    this.#lastCredits = credits;
    return { credits, raw };
  }

  /** @throws {OurSmsConfigError} for an account of api-a, which does not have this call */
  async whoAmI(): Promise<WhoAmI> {
    const call = new Call('whoAmI', this.account);
    const result = await this.#request(call, this.#jsonOnly(call, this.dialect.whoAmI?.()));
    const { value, answer } = await result.read();
    if (isRecord(value)) return readWhoAmI(value);
    throw unreadableAnswer(call, answer.httpStatus, answer.shown, 'it is not a JSON object');
  }

  /** @throws {OurSmsConfigError} for an account of api-a, which does not have this call */
  async getSenders(): Promise<Senders> {
    const call = new Call('getSenders', this.account);
    const result = await this.#request(call, this.#jsonOnly(call, this.dialect.getSenders?.()));
    return readSenders((await result.read()).value);
  }

  /** The setting that names a proxy which this account's requests bypass; undefined when there is none. */
  bypassedProxy(env: NodeJS.ProcessEnv): string | undefined {
    if (!this.http.isDirect) return undefined;
    // false means: no proxy, even when the environment names one.
    const { proxy } = this.http.service.axiosRef.defaults;
    if (proxy) return "axios' default `proxy`";
    return proxy === false ? undefined : proxyVariable(this.account.baseUrl, env);
  }

  /** Refuses new calls, waits for requests in flight, then closes every connection. */
  close(): Promise<void> {
    this.#closed = true;
    return this.http.close();
  }

  #jsonOnly({ operation }: Call, request: DialectRequest | undefined): DialectRequest {
    if (request !== undefined) return request;
    throw new OurSmsConfigError(
      `${operation} (account ${this.account.name}): the API of a password or token (api-a) has no such call. Give auth: { apiKey }, made in the dashboard, to use the JSON API.`,
    );
  }

  async #request(
    call: Call,
    { path, method, data, headers }: DialectRequest,
    { signal, mayStart }: RequestBounds = {},
  ): Promise<CallResult> {
    if (this.#closed) throw closedError(call.operation, this.account.name);
    // Before the request: axios uses the interceptors that exist when the request starts.
    const trace = new RequestTrace(this.http.seesEveryAdapter);
    const url = this.account.baseUrl + path;
    const request: CallRequest = { method, url, headers, data, signal, mayStart, trace };
    let settled: PromiseSettledResult<unknown>;
    try {
      settled = { status: 'fulfilled', value: await withoutTraces(() => this.http.request(request)) };
    } catch (thrown) {
      settled = { status: 'rejected', reason: readableThrown(thrown) };
    }
    const result = new CallResult(call, trace, settled, signal?.aborted === true);
    if (result.headers) this.clock.note(result.headers.date);
    return result;
  }
}
