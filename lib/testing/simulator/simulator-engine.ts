import { AccountBook } from './account-book.js';
import { MessageDesk } from './message-desk.js';
import { MessageQueue } from './message-queue.js';
import { jsonResponse, Refusal } from './refusal.js';
import { RequestParameters } from './request-parameters.js';
import { CREDENTIAL_NAMES, readCount, SEND_NAMES } from './send-parameters.js';
import type { SimulatorClock } from './simulator-clock.js';
import { SimulatorLedger } from './simulator-ledger.js';
import { resolveEngineOptions, type ReportEnvelope, type SimulatorEngineOptions } from './simulator.options.js';
import type {
  MessageRecord,
  RequestRecord,
  SimulatorCall,
  SimulatorReport,
  SimulatorRequest,
  SimulatorResponse,
  SimulatorTotals,
} from './simulator.records.js';

/** Under which path the API stands. */
export const SIMULATOR_BASE_PATH = '/api-a';

interface CallRules {
  methods: readonly string[];
  names: readonly string[];
}

const CALLS: Record<SimulatorCall, CallRules> = {
  send: { methods: ['GET', 'POST'], names: [...CREDENTIAL_NAMES, ...SEND_NAMES] },
  dlrs: { methods: ['GET'], names: [...CREDENTIAL_NAMES, 'count'] },
  credits: { methods: ['GET'], names: CREDENTIAL_NAMES },
};

const PATHS = new Map<string, SimulatorCall>([
  [`${SIMULATOR_BASE_PATH}/msgs`, 'send'],
  [`${SIMULATOR_BASE_PATH}/inbox/dlrs`, 'dlrs'],
  [`${SIMULATOR_BASE_PATH}/billing/credits`, 'credits'],
]);

/** The API call that a path names, or undefined for a path outside the document. */
export function callOf(path: string): SimulatorCall | undefined {
  return PATHS.get(path);
}

/**
 * The simulated gateway without a socket: the API document, taken strictly.
 *
 * A request that the document does not allow is refused with the name of the parameter, where the real gateway may well be
 * lenient: an unknown or repeated parameter, a value out of range, a number with a `+`, parameters of a POST in its query.
 *
 * @see The API document: "1. Send Message", "2. Download Dlrs", "3. Get Credits Balance"
 */
export class SimulatorEngine {
  /** The time that the engine goes by. */
  readonly clock: SimulatorClock;
  readonly #options: SimulatorEngineOptions;
  readonly #accounts: AccountBook;
  readonly #ledger: SimulatorLedger;
  readonly #queue: MessageQueue;
  readonly #desk: MessageDesk;

  /** @throws RangeError or TypeError for options that make no sense. */
  constructor(options: Partial<SimulatorEngineOptions> = {}) {
    this.#options = resolveEngineOptions(options);
    this.clock = this.#options.clock;
    this.#accounts = new AccountBook(this.#options.accounts);
    this.#ledger = new SimulatorLedger(this.#options.record);
    this.#queue = new MessageQueue(this.#options, this.#ledger);
    this.#desk = new MessageDesk(this.#options, this.#queue, this.#ledger);
  }

  /** Every request, oldest first. Like the other records a live list: it grows as requests come in. */
  get requests(): readonly RequestRecord[] {
    return this.#settled().requests;
  }

  /** Every accepted message, in the order of acceptance. */
  get messages(): readonly MessageRecord[] {
    return this.#settled().messages;
  }

  /** Messages that reached phones, in order: those sent, except the ones `undelivered` or `failed`. */
  get delivered(): readonly MessageRecord[] {
    return this.#settled().delivered;
  }

  /** Every report handed out, and deleted by that, in order; whether the answer arrived or not. */
  get handedOut(): readonly SimulatorReport[] {
    return this.#settled().handedOut;
  }

  /** Counts since the start. */
  get totals(): Readonly<SimulatorTotals> {
    return { ...this.#settled().totals };
  }

  /** Messages that reached one phone, in order. */
  phone(dest: string): readonly MessageRecord[] {
    return this.#settled().phone(dest);
  }

  /** The reports in an account's inbox that were not handed out yet, oldest first. */
  waitingReports(username: string): SimulatorReport[] {
    this.#settled();
    return this.#accounts.get(username).inbox.waiting;
  }

  /** Puts any row into an account's inbox, behind what is there: a repeated one, one of an unknown status. */
  pushReport(username: string, row: SimulatorReport): void {
    this.#settled();
    this.#accounts.get(username).inbox.put(row);
  }

  /** An account's balance. */
  credits(username: string): number {
    return this.#accounts.get(username).credits;
  }

  /** Sets an account's balance: 0 or more. */
  setCredits(username: string, credits: number): void {
    this.#accounts.get(username).credits = credits;
  }

  /** Does what a request asks for, records it, and gives the answer. */
  handle(request: SimulatorRequest): SimulatorResponse {
    const response = this.process(request);
    this.record(request, { processed: true, status: response.status, reason: response.reason });
    return response;
  }

  /**
   * Does what a request asks for without recording the request: for a server that answers in its own way.
   *
   * @param options.envelope The shape of the answer to "2. Download Dlrs" this once.
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

  /** Records a request, with what the client got to see of it. */
  record(request: SimulatorRequest, outcome: Pick<RequestRecord, 'processed' | 'status' | 'reason' | 'fault'>): void {
    const { record: isKept, onRequest } = this.#options;
    this.#ledger.totals.requests += 1;
    if (!isKept && onRequest === undefined) return;
    const { method, path } = request;
    const params = new RequestParameters(request).all;
    const entry: RequestRecord = { at: this.clock.now(), method, path, call: callOf(path), params, ...outcome };
    if (isKept) this.#ledger.requests.push(entry);
    onRequest?.(entry);
  }

  #settled(): SimulatorLedger {
    this.#queue.settle(this.clock.now());
    return this.#ledger;
  }

  #answer(request: SimulatorRequest, now: number, envelope: ReportEnvelope): unknown {
    const call = callOf(request.path);
    if (call === undefined) throw new Refusal(404, 'no such path');
    const { methods, names } = CALLS[call];
    checkForm(request, methods);
    const values = new RequestParameters(request).strict(names, this.#accounts.secrets);
    const account = this.#accounts.authenticate(values);
    if (call === 'send') return this.#desk.send(account, values, now);
    if (call === 'credits')
      return { credits: this.#options.creditsAs === 'string' ? `${account.credits}` : account.credits };
    const rows = account.inbox.take(readCount(values));
    this.#ledger.noteHandedOut(rows);
    return envelope === 'array' ? rows : { [envelope]: rows };
  }
}

function checkForm({ method, query, contentType, body }: SimulatorRequest, methods: readonly string[]): void {
  if (!methods.includes(method)) {
    throw new Refusal(405, 'method not allowed', 405, { allow: methods.join(', ') });
  }
  if (method === 'GET') {
    if (body !== '') throw new Refusal(400, 'a GET takes its parameters in the query, and no body');
    return;
  }
  if (!/^application\/x-www-form-urlencoded\s*(;\s*charset="?utf-8"?\s*)?$/i.test(contentType ?? '')) {
    throw new Refusal(415, 'content type: must be application/x-www-form-urlencoded, in UTF-8');
  }
  if (query !== '') throw new Refusal(400, 'a POST takes its parameters in the body, and none in the query');
}
