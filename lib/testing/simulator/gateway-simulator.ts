import { setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { isProcessed, type Fault } from './fault-kinds.js';
import { FaultPlan } from './fault-plan.js';
import { replyFor } from './fault-replies.js';
import { LoopbackListener } from './loopback-listener.js';
import { PushFaultPlan } from './push-faults.js';
import { jsonResponse } from './refusal.js';
import { deliverReply } from './reply-delivery.js';
import { readRequest } from './request-reader.js';
import type { SimulatorClock } from './simulator-clock.js';
import { routeOf, SIMULATOR_BASE_PATH } from './routes.js';
import { SimulatorEngine } from './simulator-engine.js';
import type { SimulatorEngineOptions } from './simulator.options.js';
import type {
  MessageRecord,
  PushRecord,
  RequestRecord,
  SimulatorReport,
  SimulatorRequest,
  SimulatorResponse,
  SimulatorTotals,
} from './simulator.records.js';
import { WebhookPushers } from './webhook-pushers.js';
import type { WebhookTarget } from './webhook.options.js';

/** Options of {@link GatewaySimulator}. */
export interface GatewaySimulatorOptions extends Partial<SimulatorEngineOptions> {
  /** The port on 127.0.0.1. Default: 0, a free one. */
  port?: number;
  /**
   * Address on this machine that reports are pushed to, as the provider pushes them to the webhook set in its dashboard. Pushed
   * reports are not in the inbox. Default: none, reports wait to be downloaded.
   */
  webhook?: WebhookTarget;
}

/**
 * A simulated OurSMS gateway on a port of this machine: it validates both APIs strictly, injects faults on demand, and records
 * requests, messages that reached phones, and reports that were downloaded or pushed.
 *
 * @example
 * const gateway = await GatewaySimulator.start();
 * // baseUrl: gateway.url, auth: { username: 'demo', password: 'demo' }
 * // baseUrl: gateway.jsonUrl, auth: { apiKey: 'demo-key' }
 * gateway.faults.next('resetAfter', { on: 'send' });
 * gateway.phone('966501234567');
 * await gateway.stop();
 */
export class GatewaySimulator {
  /** The gateway without its HTTP server. */
  readonly engine: SimulatorEngine;
  /** Faults of the next requests. */
  readonly faults = new FaultPlan();
  /** Faults of the next pushes. */
  readonly pushFaults = new PushFaultPlan();
  readonly #listener = new LoopbackListener((req, res) => void this.#serve(req, res));
  readonly #stopping = new AbortController();
  #reopening = new AbortController();
  #stopped: Promise<void> | undefined;
  readonly #pushers: WebhookPushers;

  private constructor(options: GatewaySimulatorOptions) {
    this.engine = new SimulatorEngine(options);
    setMaxListeners(0, this.#stopping.signal);
    this.#pushers = new WebhookPushers(this.pushFaults, this.engine, this.#listener);
  }

  /**
   * Starts a simulator on 127.0.0.1.
   *
   * @throws The error of Node's `listen`: `EADDRINUSE` when the port is taken. TypeError for a webhook on another machine.
   */
  static async start(options: GatewaySimulatorOptions = {}): Promise<GatewaySimulator> {
    const simulator = new GatewaySimulator(options);
    try {
      await simulator.#pushers.pushTo(options.webhook);
      await simulator.#listener.open(options.port ?? 0);
    } catch (error) {
      await simulator.stop();
      throw error;
    }
    return simulator;
  }

  /** The base URL of the API document, such as `http://127.0.0.1:4321/api-a`: for a password or a token. */
  get url(): string {
    return `http://127.0.0.1:${this.port}${SIMULATOR_BASE_PATH}`;
  }

  /** The base URL of the JSON API, such as `http://127.0.0.1:4321`: for an API key. */
  get jsonUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The port. It stays the same after `refuseConnections`. */
  get port(): number {
    return this.#listener.port;
  }

  /** Number of open connections. */
  get openSockets(): number {
    return this.#listener.openSockets;
  }

  /** Clock of the simulator. */
  get clock(): SimulatorClock {
    return this.engine.clock;
  }

  /** @see SimulatorEngine.requests */
  get requests(): readonly RequestRecord[] {
    return this.engine.requests;
  }

  /** @see SimulatorEngine.messages */
  get messages(): readonly MessageRecord[] {
    return this.engine.messages;
  }

  /** @see SimulatorEngine.delivered */
  get delivered(): readonly MessageRecord[] {
    return this.engine.delivered;
  }

  /** @see SimulatorEngine.handedOut */
  get handedOut(): readonly SimulatorReport[] {
    return this.engine.handedOut;
  }

  /** @see SimulatorEngine.pushes */
  get pushes(): readonly PushRecord[] {
    return this.engine.pushes;
  }

  /** Number of reports to push that were not yet answered with 2xx. */
  get pendingPushes(): number {
    return this.#pushers.pending;
  }

  /** @see SimulatorEngine.totals */
  get totals(): Readonly<SimulatorTotals> {
    return this.engine.totals;
  }

  /** @see SimulatorEngine.phone */
  phone(dest: string): readonly MessageRecord[] {
    return this.engine.phone(dest);
  }

  /** @see SimulatorEngine.waitingReports */
  waitingReports(username: string): SimulatorReport[] {
    return this.engine.waitingReports(username);
  }

  /** @see SimulatorEngine.pushReport */
  pushReport(username: string, row: SimulatorReport): void {
    this.engine.pushReport(username, row);
  }

  /**
   * Replaces the option `webhook`: reports are now pushed there, also those that were not yet answered with 2xx. Accounts with
   * their own webhook keep it. Reports in the inbox stay there.
   *
   * @param webhook undefined: all reports not yet answered with 2xx, and new ones, go into the inbox.
   * @throws TypeError for a webhook on another machine (nothing changes); Error after {@link stop}.
   */
  async pushTo(webhook: WebhookTarget | undefined): Promise<void> {
    if (this.#stopped !== undefined) throw stopped();
    await this.#pushers.pushTo(webhook);
  }

  /** @see SimulatorEngine.credits */
  credits(username: string): number {
    return this.engine.credits(username);
  }

  /** @see SimulatorEngine.setCredits */
  setCredits(username: string, credits: number): void {
    this.engine.setCredits(username, credits);
  }

  /**
   * Behaves like a crashed gateway: closes open connections and refuses new ones (`ECONNREFUSED`). Messages, reports and records
   * remain.
   *
   * @param options.forMs Listens again after this many milliseconds of real time. Default: not until `acceptConnections`.
   */
  async refuseConnections(options: { forMs?: number } = {}): Promise<void> {
    this.#reopening.abort();
    this.#reopening = new AbortController();
    await this.#listener.close();
    if (options.forMs !== undefined) void this.#acceptAfter(options.forMs, this.#reopening.signal);
  }

  /**
   * Listens again, on the same port.
   *
   * @throws The error of Node's `listen` when another process has taken the port meanwhile; Error after {@link stop}.
   */
  async acceptConnections(): Promise<void> {
    if (this.#stopped !== undefined) throw stopped();
    this.#reopening.abort();
    await this.#listener.open(this.port);
  }

  /** Closes the port and every connection. The records stay readable. Further calls have no effect. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    this.#reopening.abort();
    await this.#listener.close();
    await this.#pushers.stop();
  }

  async #acceptAfter(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await wait(ms, undefined, { signal });
      await this.acceptConnections();
    } catch {
      // It accepts connections already, was stopped, or another process has the port: clients remain refused.
    }
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    // A client that closes its connection reacts to a fault: the simulator has no error.
    res.on('error', () => undefined);
    const request = await readRequest(req).catch(() => undefined);
    if (request === undefined) return void res.destroy();
    try {
      const call = routeOf(request.path)?.call;
      const { fault, latencyMs } = call === undefined ? { latencyMs: 0 } : this.faults.take(call);
      await this.#reply(request, res, fault, latencyMs);
    } catch (error) {
      this.#fail(res, error);
    }
  }

  async #reply(
    request: SimulatorRequest,
    res: ServerResponse,
    fault: Fault | undefined,
    latencyMs: number,
  ): Promise<void> {
    const response = isProcessed(fault) ? this.#process(request, fault) : undefined;
    const reply = replyFor(fault, response);
    this.engine.record(request, {
      processed: response !== undefined,
      status: reply?.status,
      reason: response?.reason,
      fault: fault?.kind ?? (latencyMs > 0 ? 'latency' : undefined),
    });
    const { signal } = this.#stopping;
    if (latencyMs > 0) await wait(latencyMs, undefined, { signal });
    // The clock of the simulator, not that of the machine: a test may have advanced it.
    res.setHeader('date', new Date(this.clock.now()).toUTCString());
    await deliverReply(res, reply, fault, signal);
  }

  /** Answers with the error that a callback of the options threw; not after a stop or when the client has closed. */
  #fail(res: ServerResponse, error: unknown): void {
    if (this.#stopping.signal.aborted || res.headersSent || res.destroyed) return void res.destroy();
    const message = `the simulator itself failed: ${error instanceof Error ? error.message : 'unknown error'}`;
    const { headers, body } = jsonResponse(500, { errorCode: 500, message });
    res.writeHead(500, headers).end(body);
  }

  #process(request: SimulatorRequest, fault: Fault | undefined): SimulatorResponse {
    return this.engine.process(request, fault?.kind === 'envelope' ? { envelope: fault.envelope } : {});
  }
}

const stopped = (): Error => new Error('the simulator was stopped: start another');
