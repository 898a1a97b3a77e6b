import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { GatewaySimulator, RequestRecord } from 'nestjs-oursms/testing';

/** A download as the gateway saw it. */
export interface Download {
  /** The number of the life that made it. */
  life: number;
  /** When the gateway deleted its reports: milliseconds since 1970. */
  at: number;
  /** The reports in its answer, by `msgId`. */
  reports: readonly string[];
  /** The fault that was played on it. */
  fault?: string;
  /** When the last byte of the answer was handed to the operating system; undefined when that never happened. */
  answeredAt?: number;
}

const FINISHED = 'http.server.response.finish';

/** Keeps every download in the order in which the gateway processed them. */
export class DownloadsWatch {
  readonly downloads: Download[] = [];
  readonly #events = new EventEmitter<{ began: [Download]; answered: [Download] }>().setMaxListeners(0);
  readonly #open = new Map<string, Download>();
  #gateway: GatewaySimulator | undefined;
  #known = 0;

  /** @param lifeOf The life whose downloads ask for so many reports. */
  constructor(private readonly lifeOf: (asked: number) => number) {}

  watch(gateway: GatewaySimulator): void {
    this.#gateway = gateway;
    subscribe(FINISHED, this.#onFinished);
  }

  stop(): void {
    unsubscribe(FINISHED, this.#onFinished);
  }

  /** For the simulator's `onRequest`. */
  note({ params, fault, processed }: RequestRecord): void {
    const { handedOut = [] } = this.#gateway ?? {};
    const reports = handedOut.slice(this.#known).map(({ msgId }) => String(msgId));
    this.#known = handedOut.length;
    const asked = String(params.count);
    const download: Download = { life: this.lifeOf(Number(asked)), at: Date.now(), reports, fault };
    this.downloads.push(download);
    if (processed) this.#open.set(asked, download);
    this.#events.emit('began', download);
  }

  /** Resolves when a life has begun its download number `count` from now, or when that has been answered. */
  async nth(what: 'began' | 'answered', life: number, count: number, signal: AbortSignal): Promise<void> {
    for (let seen = 0; seen < count;) if ((await this.next(what, signal)).life === life) seen += 1;
  }

  /** The next download of any process that has started or was answered. */
  async next(what: 'began' | 'answered', signal: AbortSignal): Promise<Download> {
    const [download] = (await once(this.#events, what, { signal })) as [Download];
    return download;
  }

  /** Whether a life has a download on its way. One that has ended keeps what it had. */
  isDownloading(life: number): boolean {
    return [...this.#open.values()].some((download) => download.life === life);
  }

  readonly #onFinished = (message: unknown): void => {
    const { url, headers } = (message as { request: IncomingMessage }).request;
    if (headers.host !== `127.0.0.1:${this.#gateway?.port}`) return;
    const asked = /[?&]count=(\d+)/.exec(url ?? '')?.[1] ?? '';
    const download = this.#open.get(asked);
    if (download === undefined) return;
    this.#open.delete(asked);
    download.answeredAt = Date.now();
    this.#events.emit('answered', download);
  };
}
