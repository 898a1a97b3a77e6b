import type { InjectionToken } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { Dlr } from '../dto/dlr.js';
import { providerAddress } from '../gateway/account.js';
import { readDlrs } from '../gateway/read-dlrs.js';
import { OURSMS_DLR } from '../inbox/dlr-events.js';
import { openAccount, type Account } from '../module/account.js';
// Imported early: the time that Jest takes to transform it would otherwise count towards the timeout of a test.
import '../module/account-lifecycle.js';
import type { StoragePlace } from '../module/account-storage.js';
import { ACCOUNT, ACCOUNT_NAME, DEFAULT_ACCOUNT, RAW_OPTIONS } from '../module/internal-tokens.js';
import { OurSmsApplication } from '../module/oursms.application.js';
import type { OurSmsAuth } from '../options/oursms.options.js';
import { resolveOptions, type ResolvedOptions } from '../options/resolve-options.js';
import { StoredEngine } from '../queue/stored-engine.js';
import { SimulatorEngine } from './simulator/simulator-engine.js';
import type { RequestRecord, SimulatorReport } from './simulator/simulator.records.js';
import { engineTransport, type TestFailure } from './testing-transport.js';

/** A request that the gateway accepted. */
export interface SentMessage {
  /** The account that sent it; `default` for the unnamed one. */
  account: string;
  src: string;
  /** Normalised. */
  dests: string[];
  body: string;
  /**
   * Every parameter but the credentials, as sent: `dlr` is `'1'` or `'0'`. With an API key, the fields of the
   * JSON as text: `dlr` is `'true'` or `'false'`.
   */
  params: Record<string, string>;
}

/** The used part of Nest's TestingModuleBuilder: `@nestjs/testing` is not imported. */
interface OverridableBuilder<Builder> {
  overrideProvider(token: InjectionToken): {
    useFactory(options: { factory: (...args: never[]) => unknown; inject: InjectionToken[] }): Builder;
  };
}

/**
 * A gateway in memory for an application's tests: no network, no account. Only the transport is simulated: validation, encoding,
 * the parsing of answers and the errors are the real ones.
 *
 * @example
 * const sms = new OurSmsTesting();
 * const module = await sms.override(Test.createTestingModule({ imports: [AppModule] })).compile();
 * await module.get(LoginService).sendCode('0501234567');
 * expect(sms.sent[0]).toMatchObject({ dests: ['966501234567'] });
 * await module.close();
 */
export class OurSmsTesting {
  /** Sent messages, oldest first. */
  readonly sent: SentMessage[] = [];
  readonly #engines = new Map<string, { engine: SimulatorEngine; username: string }>();
  readonly #failures: TestFailure[] = [];
  #credits: number;
  #moduleRef: ModuleRef | undefined;

  /** @param options.credits The balance of each account. Default: 1000. */
  constructor(options: { credits?: number } = {}) {
    this.#credits = options.credits ?? 1000;
  }

  /**
   * Replaces the gateway for every account of the application under test; its options may lack credentials. Reports are stored in
   * memory, so parallel tests share no directory. Close the testing module at the end: a poller runs until then.
   */
  override<Builder extends OverridableBuilder<Builder>>(builder: Builder): Builder {
    const factory = (
      raw: unknown,
      name: string,
      application: OurSmsApplication,
      moduleRef: ModuleRef,
    ): Promise<Account> => this.open(testOptions(raw, name), application, moduleRef);
    return builder
      .overrideProvider(ACCOUNT)
      .useFactory({ factory, inject: [RAW_OPTIONS, ACCOUNT_NAME, OurSmsApplication, ModuleRef] });
  }

  /** Removes the records of sent messages, and the failures of {@link failNext} that are left. */
  clear(): void {
    this.sent.length = 0;
    this.#failures.length = 0;
  }

  /** Sets the balance of every account; each message costs its parts. */
  setCredits(credits: number): void {
    this.#credits = credits;
    for (const { engine, username } of this.#engines.values()) engine.setCredits(username, credits);
  }

  /** Makes the next API call of any account fail. Each further call of `failNext` adds a failure. Failed calls are not retried. */
  failNext(failure: TestFailure): void {
    this.#failures.push(failure);
  }

  /**
   * Emits a report as `oursms.dlr` and waits for its listeners. The gateway creates no reports, also for messages with `dlr: true`.
   *
   * @param row The report as the gateway would send it; by default, `status` is `delivered` and `msgId` is generated.
   * @param account The account of the report. Default: the unnamed one.
   * @returns The report as the listeners got it.
   * @throws The error of a listener with `@OnDlr()`.
   */
  async emitDlr(row: SimulatorReport = {}, account = DEFAULT_ACCOUNT): Promise<Dlr> {
    if (this.#moduleRef === undefined) throw new Error('OurSmsTesting: compile and init the testing module first');
    const text = JSON.stringify([reportRow(row)]);
    const page = { account, receivedAt: new Date().toISOString(), httpStatus: 200, text };
    const reading = await readDlrs(page, text.length);
    const [dlr] = reading.ok ? reading.dlrs : [];
    if (dlr === undefined) throw new Error('OurSmsTesting: the report cannot be read');
    await this.#moduleRef.get(EventEmitter2, { strict: false }).emitAsync(OURSMS_DLR, dlr);
    return dlr;
  }

  /**
   * Puts a report into the gateway's inbox: the application's poller, or its next `downloadDlrs()`, downloads it.
   *
   * @param row The report as the gateway would send it; by default, `status` is `delivered` and `msgId` is generated.
   * @param account The account of the report. Default: the unnamed one.
   */
  pushDlr(row: SimulatorReport = {}, account = DEFAULT_ACCOUNT): void {
    const opened = this.#engines.get(account);
    if (opened === undefined) throw new Error(`OurSmsTesting: no account ${account} of a compiled testing module`);
    opened.engine.pushReport(opened.username, reportRow(row));
  }

  /** Opens an account on a gateway in memory. @internal */
  async open(options: ResolvedOptions, application: OurSmsApplication, moduleRef: ModuleRef): Promise<Account> {
    const { name, auth } = options.gateway;
    this.#moduleRef = moduleRef;
    const { username = 'testing', ...secret } = { username: undefined, ...auth };
    const engine = new SimulatorEngine({
      accounts: [{ username, ...secret, credits: this.#credits }],
      reports: false,
      onRequest: (request) => this.#record(request, name),
    });
    this.#engines.set(name, { engine, username });
    const transport = engineTransport(engine, () => this.#failures.shift());
    return openAccount(options, application, { openTransport: () => Promise.resolve(transport), place: inMemory });
  }

  #record({ call, status, params }: RequestRecord, account: string): void {
    if (call !== 'send' || status !== 200) return;
    const shown = Object.entries(params).filter(([name]) => !['username', 'password', 'token'].includes(name));
    const { src = '', dests = '', body = '' } = params;
    this.sent.push({ account, src, dests: dests.split(','), body, params: Object.fromEntries(shown) });
  }
}

const reportRow = (row: SimulatorReport): SimulatorReport => ({
  msgId: `test-${crypto.randomUUID()}`,
  status: 'delivered',
  ...row,
});

/**
 * The application's options, changed for tests: credentials and address of a test account of the same API, because a machine
 * that runs tests has none; no retries, so that a test sees each failure.
 *
 * @internal
 */
export function testOptions(raw: unknown, account: string): ResolvedOptions {
  const auth = testAuth(Object(raw) as { auth?: unknown });
  const options = resolveOptions(typeof raw === 'object' && raw !== null ? { ...raw, auth } : raw, account);
  const gateway = { ...options.gateway, baseUrl: providerAddress(auth) };
  return { ...options, gateway, retry: { ...options.retry, attempts: 1 } };
}

function testAuth({ auth }: { auth?: unknown }): OurSmsAuth {
  const given = Object(auth) as Record<string, unknown>;
  const hasApiACredentials = given.token !== undefined || given.password !== undefined;
  if ('apiKey' in given && !hasApiACredentials) return { apiKey: 'testing' };
  return { username: 'testing', token: 'testing' };
}

/** Parallel tests share no directory. */
const inMemory: StoragePlace = {
  open: () => Promise.resolve(StoredEngine.inMemory()),
  exists: () => Promise.resolve(false),
};
