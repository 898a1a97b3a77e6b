import { AccountRegistry } from './account-registry.js';
import type { Account } from './account.js';
import { readApiA } from './api-a-request.js';
import { readJsonApi, recordedFields } from './json-request.js';
import { MessageQueue } from './message-queue.js';
import type { ParsedRequest } from './parsed-request.js';
import { jsonResponse, Refusal } from './refusal.js';
import { RequestParameters } from './request-parameters.js';
import { routeOf, type Route } from './routes.js';
import { SendHandler } from './send-handler.js';
import type { SimulatorClock } from './simulator-clock.js';
import { SimulatorLedger } from './simulator-ledger.js';
import { resolveEngineOptions, type ReportEnvelope, type SimulatorEngineOptions } from './simulator.options.js';
import type {
  MessageRecord,
  PushRecord,
  RequestRecord,
  SimulatorReport,
  SimulatorRequest,
  SimulatorResponse,
  SimulatorTotals,
} from './simulator.records.js';

/**
 * The simulated gateway without a socket: api-a and the JSON API on the same accounts, both validated strictly.
 *
 * It refuses each request that the APIs do not allow, and names the parameter, where the real gateway may be lenient: an unknown
 * or repeated parameter, a value out of range or of another type, a number with a `+`, parameters of a POST in its query.
 *
 * @see The API document: "1. Send Message", "2. Download Dlrs", "3. Get Credits Balance"
 */
export class SimulatorEngine {
  /** Clock of the engine. */
  readonly clock: SimulatorClock;
  readonly #options: SimulatorEngineOptions;
  readonly #accounts: AccountRegistry;
  readonly #ledger: SimulatorLedger;
  readonly #queue: MessageQueue;
  readonly #sendHandler: SendHandler;

  /** @throws RangeError or TypeError for invalid options. */
  constructor(options: Partial<SimulatorEngineOptions> = {}) {
    this.#options = resolveEngineOptions(options);
    this.clock = this.#options.clock;
    this.#accounts = new AccountRegistry(this.#options.accounts);
    this.#ledger = new SimulatorLedger(this.#options.record);
    this.#queue = new MessageQueue(this.#options, this.#ledger);
    this.#sendHandler = new SendHandler(this.#options, this.#queue, this.#ledger);
  }

  /** Every request, oldest first. This list, like the other records, is live: it grows with each request. */
  get requests(): readonly RequestRecord[] {
    return this.#settled().requests;
  }

  /** Every accepted message, in the order of acceptance. */
  get messages(): readonly MessageRecord[] {
    return this.#settled().messages;
  }

  /** Messages that reached phones, in order: all that were sent, except `undelivered` and `failed`. */
  get delivered(): readonly MessageRecord[] {
    return this.#settled().delivered;
  }

  /** Every report that a download took from an inbox, in order, whether the answer arrived or not. */
  get handedOut(): readonly SimulatorReport[] {
    return this.#settled().handedOut;
  }

  /** Every finished push of reports, in order. */
  get pushes(): readonly PushRecord[] {
    return this.#ledger.pushes;
  }

  /** Counts since the start. */
  get totals(): Readonly<SimulatorTotals> {
    return { ...this.#settled().totals };
  }

  /** Messages that reached one phone, in order. */
  phone(dest: string): readonly MessageRecord[] {
    return this.#settled().phone(dest);
  }

  /** The reports in an account's inbox that were not yet downloaded, oldest first. */
  waitingReports(username: string): SimulatorReport[] {
    this.#settled();
    return this.#accounts.get(username).inbox.waiting;
  }

  /**
   * Adds a row to the end of an account's inbox, or pushes it when there is a webhook. Any row is allowed, such as a repeated
   * report or an unknown status.
   */
  pushReport(username: string, row: SimulatorReport): void {
    this.#settled();
    this.#accounts.get(username).addReport(row);
  }

  /** The accounts, whose reports are pushed. @internal */
  get accounts(): readonly Account[] {
    return this.#accounts.all;
  }

  /** Executes what is due by now. @internal */
  settle(): void {
    this.#settled();
  }

  /** Records a push. @internal */
  recordPush(push: Omit<PushRecord, 'at'>): void {
    const entry = { at: this.clock.now(), ...push };
    this.#ledger.notePush(entry);
    this.#options.onPush?.(entry);
  }

  /** An account's balance. */
  credits(username: string): number {
    return this.#accounts.get(username).credits;
  }

  /** Sets an account's balance. @throws RangeError for a negative number, or one that is not finite. */
  setCredits(username: string, credits: number): void {
    this.#accounts.get(username).credits = credits;
  }

  /** Executes a request, records it, and returns the answer. */
  handle(request: SimulatorRequest): SimulatorResponse {
    const response = this.process(request);
    this.record(request, { processed: true, status: response.status, reason: response.reason });
    return response;
  }

  /**
   * Executes a request without recording it, for a server that changes the answer.
   *
   * @param options.envelope The shape of this one answer to "2. Download Dlrs".
   */
  process(request: SimulatorRequest, options: { envelope?: ReportEnvelope } = {}): SimulatorResponse {
    const now = this.clock.now();
    this.#queue.settle(now);
    try {
      const response = jsonResponse(200, this.#answer(request, now, options.envelope ?? this.#options.envelope));
      this.#queue.settle(now);
      return response;
    } catch (error) {
      if (error instanceof Refusal) return error.toResponse();
      throw error;
    }
  }

  /** Records a request with the outcome that the client saw. */
  record(request: SimulatorRequest, outcome: Pick<RequestRecord, 'processed' | 'status' | 'reason' | 'fault'>): void {
    const { record: isKept, onRequest } = this.#options;
    this.#ledger.totals.requests += 1;
    if (!isKept && onRequest === undefined) return;
    const { method, path, authorization } = request;
    const { api, call } = routeOf(path) ?? {};
    const isJson = api === 'json' && method === 'POST';
    const params = isJson ? recordedFields(request) : new RequestParameters(request).all;
    const entry: RequestRecord = { at: this.clock.now(), method, path, api, call, params, authorization, ...outcome };
    if (isKept) this.#ledger.requests.push(entry);
    onRequest?.(entry);
  }

  #settled(): SimulatorLedger {
    this.#queue.settle(this.clock.now());
    return this.#ledger;
  }

  #answer(request: SimulatorRequest, now: number, envelope: ReportEnvelope): unknown {
    const route = routeOf(request.path);
    if (route === undefined) throw new Refusal(404, 'no such path');
    const read = route.api === 'json' ? readJsonApi : readApiA;
    return this.#execute(route, read(request, route, this.#accounts), now, envelope);
  }

  #execute(
    { call }: Route,
    { account, message, count }: ParsedRequest,
    now: number,
    envelope: ReportEnvelope,
  ): unknown {
    if (message !== undefined) return this.#sendHandler.send(account, message, now);
    if (call === 'credits')
      return { credits: this.#options.creditsAs === 'string' ? `${account.credits}` : account.credits };
    if (call === 'me') return account.user;
    if (call === 'senders') return { srcs: account.senders.slice(0, count) };
    const rows = account.inbox.take(count ?? 0);
    this.#ledger.noteHandedOut(rows);
    return envelope === 'array' ? rows : { [envelope]: rows };
  }
}
