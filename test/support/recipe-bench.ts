import { Logger, type INestApplication, type INestApplicationContext } from '@nestjs/common';
import { GatewaySimulator, type GatewaySimulatorOptions } from 'nestjs-oursms/testing';
import { LogRecorder, TestStorage } from './application.js';

/** An answer of a recipe. */
export interface RecipeAnswer {
  status: number;
  /** Undefined when the answer has no body. */
  body: unknown;
}

/**
 * A recipe of the sample application as its `bootstrap` starts it: on a free port of 127.0.0.1, at a simulated gateway, with a
 * directory of its own. The environment tells it, as its user would; that of a spec file is its own.
 */
export class RecipeBench {
  readonly logs = new LogRecorder();
  /** The recipe that was started last. */
  app!: INestApplicationContext;
  /** Its address. Empty when it has no server. */
  url = '';
  readonly #running: INestApplicationContext[] = [];

  private constructor(
    readonly gateway: GatewaySimulator,
    readonly storage: TestStorage,
  ) {}

  /** Starts the gateway, and sets the environment of recipes. Log lines go to {@link logs} from now on. */
  static async open(simulator: GatewaySimulatorOptions = {}, env: Record<string, string> = {}): Promise<RecipeBench> {
    const bench = new RecipeBench(await GatewaySimulator.start(simulator), await TestStorage.make());
    Logger.overrideLogger(bench.logs);
    const { jsonUrl } = bench.gateway;
    Object.assign(process.env, { OURSMS_BASE_URL: jsonUrl, OURSMS_STORAGE: bench.storage.path, PORT: '0', ...env });
    return bench;
  }

  /** Starts a recipe. Others that were started before run on. */
  async start(bootstrap: () => Promise<INestApplication | INestApplicationContext>): Promise<INestApplicationContext> {
    const app = await bootstrap();
    this.#running.push(app);
    this.app = app;
    this.url = 'getUrl' in app ? await app.getUrl() : '';
    return app;
  }

  /** Ends the recipes; gateway and directory stay. */
  async stop(): Promise<void> {
    for (const app of this.#running.splice(0)) await app.close();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.gateway.stop();
    await this.storage.remove();
    Logger.overrideLogger(['log', 'error', 'warn']);
  }

  get(path: string): Promise<RecipeAnswer> {
    return this.#ask(path);
  }

  post(path: string, body: unknown = {}): Promise<RecipeAnswer> {
    const headers = { 'content-type': 'application/json' };
    return this.#ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async #ask(path: string, init?: RequestInit): Promise<RecipeAnswer> {
    const response = await fetch(this.url + path, init);
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }
}
