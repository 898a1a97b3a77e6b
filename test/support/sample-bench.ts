import { startSampleApp, type SampleApp } from '../../sample-app/start-sample-app.js';
import { TestStorage } from './application.js';

/** An answer of the sample application. */
export interface Answer<T> {
  status: number;
  json: T;
}

/** A server-sent event. */
export interface SampleEvent<T> {
  type: string;
  id: string;
  data: T;
}

/** The sample application with a directory of its own, which outlives its restarts. */
export class SampleBench {
  #app: SampleApp | undefined;

  private constructor(
    readonly storage: TestStorage,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  static async start(env: NodeJS.ProcessEnv = {}): Promise<SampleBench> {
    const storage = await TestStorage.make();
    const bench = new SampleBench(storage, { OURSMS_STORAGE: storage.path, ...env });
    try {
      await bench.restart();
    } catch (error) {
      await bench.close();
      throw error;
    }
    return bench;
  }

  /** Such as `http://127.0.0.1:3000`. */
  get url(): string {
    return this.running.url;
  }

  get running(): SampleApp {
    if (this.#app === undefined) throw new Error('the sample application is not running');
    return this.#app;
  }

  /** Ends the application, unless it has ended, and starts it again: at the same address when a page shall find it. */
  async restart(port = 0): Promise<void> {
    await this.stop();
    this.#app = await startSampleApp({ env: this.env, port, logger: false });
  }

  async stop(): Promise<void> {
    const app = this.#app;
    this.#app = undefined;
    await app?.app.close();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.storage.remove();
  }

  get<T>(path: string): Promise<Answer<T>> {
    return this.#ask(path, {});
  }

  post<T>(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Answer<T>> {
    const json = { 'content-type': 'application/json', ...headers };
    return this.#ask(path, { method: 'POST', headers: json, body: JSON.stringify(body) });
  }

  delete<T>(path: string, headers: Record<string, string> = {}): Promise<Answer<T>> {
    return this.#ask(path, { method: 'DELETE', headers });
  }

  /** Reads the stream until an event fits, then leaves. */
  async event<T>(fits: (event: SampleEvent<T>) => boolean): Promise<SampleEvent<T>> {
    const leave = new AbortController();
    const signal = AbortSignal.any([leave.signal, AbortSignal.timeout(20_000)]);
    const response = await fetch(`${this.url}/dlrs`, { signal });
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const events = (text + chunk).split('\n\n');
      text = events.pop() ?? '';
      const found = events.map((event) => readEvent<T>(event)).find((event) => event.id !== '' && fits(event));
      if (found === undefined) continue;
      leave.abort();
      return found;
    }
    throw new Error('the stream ended without the event');
  }

  async #ask<T>(path: string, request: RequestInit): Promise<Answer<T>> {
    const response = await fetch(this.url + path, request);
    return { status: response.status, json: (await response.json()) as T };
  }
}

function readEvent<T>(text: string): SampleEvent<T> {
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? '';
  return { type: field('event') || 'message', id: field('id'), data: JSON.parse(field('data') || 'null') as T };
}
