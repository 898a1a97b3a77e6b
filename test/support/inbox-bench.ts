import { DlrInbox, OurSmsModule, type Dlr, type DlrInboxStats, type OurSmsModuleOptions } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { DEMO, DlrListener, startApplication, TestStorage, type TestApplication } from './application.js';

/** Holds up whoever passes, until it is opened. */
export class Gate {
  #open: () => void = () => undefined;
  readonly #opened = new Promise<void>((resolve) => (this.#open = resolve));

  pass(): Promise<void> {
    return this.#opened;
  }

  open(): void {
    this.#open();
  }
}

/** A gateway and a directory that outlive the applications which are started on them, one after the other. */
export class InboxBench {
  /** What all of the listeners handled, restarts or not. */
  readonly handled: Dlr[] = [];
  /** Called before a report counts as handled. */
  onReport: (dlr: Dlr) => unknown = () => undefined;
  application!: TestApplication;
  gateway!: GatewaySimulator;
  storage!: TestStorage;
  /** Options of the application's `EventEmitterModule`. */
  emitter: { wildcard?: boolean } = {};
  #running = false;
  #pushed = 0;

  get face(): DlrInbox {
    return this.application.app.get(DlrInbox);
  }

  /** Listens to an event, from now on. */
  listenWith(event: string, listener: (payload: unknown) => unknown): void {
    this.application.app.get(EventEmitter2).on(event, listener);
  }

  /** Starts an application with a listener. */
  async start(
    options: Partial<OurSmsModuleOptions>,
    onReport: (dlr: Dlr) => unknown = () => undefined,
    listen: Record<string, unknown[]> = {},
  ): Promise<this> {
    this.onReport = onReport;
    await this.startWithoutListener(options, listen, true);
    return this;
  }

  async startWithoutListener(
    options: Partial<OurSmsModuleOptions>,
    listen: Record<string, unknown[]> = {},
    listens = false,
  ): Promise<void> {
    this.gateway ??= await GatewaySimulator.start();
    this.storage ??= await TestStorage.make();
    const account = OurSmsModule.forRoot({ baseUrl: this.gateway.url, auth: DEMO, storage: this.storage, ...options });
    const early = {
      provide: 'EARLY_LISTENERS',
      inject: [EventEmitter2],
      useFactory: (emitter: EventEmitter2) => {
        for (const [event, heard] of Object.entries(listen)) emitter.on(event, (payload) => void heard.push(payload));
        return true;
      },
    };
    this.application = await startApplication([account], [early, ...(listens ? [DlrListener] : [])], this.emitter);
    this.#running = true;
    if (!listens) return;
    const listener = this.application.app.get(DlrListener);
    listener.onReport = async (dlr) => {
      await this.onReport(dlr);
      this.handled.push(dlr);
    };
  }

  /** Puts reports into the gateway's inbox: m0, m1, … */
  push(count: number, row: Record<string, unknown> = {}): void {
    for (let i = 0; i < count; i++) {
      this.gateway.pushReport('demo', { msgId: `m${this.#pushed++}`, status: 'delivered', ...row });
    }
  }

  downloads(): number {
    return this.gateway.requests.filter(({ call }) => call === 'dlrs').length;
  }

  async untilStats(what: string, condition: (stats: DlrInboxStats) => boolean, timeoutMs = 10_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const stats = await this.face.stats();
      if (condition(stats)) return;
      if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain: ${what}; ${JSON.stringify(stats)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Ends the application. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    await this.application.close();
  }

  async remove(): Promise<void> {
    await this.stop();
    await this.gateway?.stop();
    await this.storage?.remove();
  }
}
