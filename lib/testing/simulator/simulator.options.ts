import { SimulatorClock } from './simulator-clock.js';
import type { PushRecord, RequestRecord, SentStatus } from './simulator.records.js';

/** An account at the simulated gateway. It needs a password, a token or an API key, and may have several of them. */
export interface SimulatorAccount {
  username: string;
  password?: string;
  /** Valid with the username or alone. */
  token?: string;
  /** The key of the JSON API. */
  apiKey?: string;
  /** The balance at the start. Default: 1000. */
  credits?: number;
  /** Address that this account's reports are pushed to, in place of the simulator's `webhook`. */
  webhook?: string;
  /** Sender names allowed as `src`; others are refused with 6307. Default: all are allowed, and none is listed. */
  senders?: readonly string[];
}

/** The shape of the answer to "2. Download Dlrs": a bare array, or an array under a field of this name. */
export type ReportEnvelope = 'array' | 'dlrs' | 'statuses' | 'items' | 'results' | 'data';

/** Options of the simulated gateway. Each field's initial value is its default. */
export class SimulatorEngineOptions {
  /** The accounts. Default: `demo` with the password `demo`, the token `demo-token`, the key `demo-key` and 1000 credits. */
  accounts: readonly SimulatorAccount[] = [
    { username: 'demo', password: 'demo', token: 'demo-token', apiKey: 'demo-key', credits: 1000 },
  ];

  /** The clock. Default: a new clock of real time. */
  clock: SimulatorClock = new SimulatorClock();

  /** Credits for each part to each recipient. */
  price = 1;

  /** Recipients without a route: a list of prefixes, or a function. They are counted as `rejected`. */
  unroutable: readonly string[] | ((dest: string) => boolean) = [];

  /** Milliseconds that the route delays a message beyond its `delay`. After its `validity`, the message expires. */
  routeDelayMs = 0;

  /**
   * Milliseconds from sending a message to its report: a number, or a function of the recipient and its position in the request,
   * from 0.
   */
  deliverAfterMs: number | ((dest: string, index: number) => number) = 0;

  /** Whether messages with `dlr` get a report. With `false`, the inbox has only reports of `pushReport`. */
  reports = true;

  /** Final status of a sent message. `undelivered` and `failed` do not reach the phone. */
  statusOf: (dest: string, body: string) => SentStatus = () => 'delivered';

  /** The shape of the answer to "2. Download Dlrs". */
  envelope: ReportEnvelope = 'array';

  /** Whether the balance is given as a JSON number or as a string of digits. */
  creditsAs: 'number' | 'string' = 'number';

  /** Whether the answer to a send lists the accepted messages with their ids. The real gateway does not always list them. */
  acceptedMsgs = true;

  /** Whether requests, messages, reports and pushes are recorded. Turn it off for long runs: totals remain. */
  record = true;

  /** Called with the record of each request, also when `record` is off. */
  onRequest: ((request: RequestRecord) => void) | undefined = undefined;

  /** Called with the record of each push, also when `record` is off. */
  onPush: ((push: PushRecord) => void) | undefined = undefined;
}

/**
 * Applies the defaults and checks the options.
 *
 * @throws RangeError for a number out of range; TypeError for accounts without a username or a secret, or with the same username,
 *   token or API key.
 */
export function resolveEngineOptions(given: Partial<SimulatorEngineOptions> = {}): SimulatorEngineOptions {
  const defaults = new SimulatorEngineOptions();
  const names = Object.keys(defaults) as (keyof SimulatorEngineOptions)[];
  const set = names.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]);
  const options = Object.assign(defaults, Object.fromEntries(set)) as SimulatorEngineOptions;
  for (const name of ['price', 'routeDelayMs'] as const) checkAmount(name, options[name]);
  if (typeof options.deliverAfterMs !== 'function') checkAmount('deliverAfterMs', options.deliverAfterMs);
  checkAccounts(options.accounts);
  return options;
}

function checkAccounts(accounts: readonly SimulatorAccount[]): void {
  for (const { username, password, token, apiKey, credits } of accounts) {
    if (!username) throw new TypeError('every simulator account needs a username');
    if (!password && !token && !apiKey) {
      throw new TypeError(`the simulator account ${username} needs a password, a token or an API key`);
    }
    checkAmount('credits', credits ?? 0);
  }
  for (const [name, shown] of DISTINCT) {
    const given = accounts.map((account) => account[name]).filter((value) => !!value);
    if (new Set(given).size < given.length) throw new TypeError(`two simulator accounts have the same ${shown}`);
  }
}

/** Fields that must differ between accounts. */
const DISTINCT = [
  ['username', 'username'],
  ['token', 'token'],
  ['apiKey', 'API key'],
] as const;

/** @throws RangeError when the value is not a finite number of 0 or more. */
export function checkAmount(name: string, value: number): void {
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`simulator: ${name} must be a number of 0 or more`);
}
