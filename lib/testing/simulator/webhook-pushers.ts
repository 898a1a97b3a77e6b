import type { Account } from './account.js';
import type { LoopbackListener } from './loopback-listener.js';
import type { PushFaultPlan } from './push-faults.js';
import type { SimulatorEngine } from './simulator-engine.js';
import { WebhookPusher } from './webhook-pusher.js';
import { resolveWebhook, type SimulatorWebhook, type WebhookTarget } from './webhook.options.js';

/** The pushers of a simulator: one for each account that has a webhook. Where they push to can be changed while they run. */
export class WebhookPushers {
  #webhooks: ReadonlyMap<Account, SimulatorWebhook> = new Map();
  #pushers: readonly WebhookPusher[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #ending = new AbortController();
  #change: Promise<void> = Promise.resolve();

  constructor(
    private readonly faults: PushFaultPlan,
    private readonly engine: SimulatorEngine,
    private readonly listener: LoopbackListener,
  ) {}

  /** Reports that have not been answered with 2xx. */
  get pending(): number {
    return this.#pushers.reduce((sum, { pending }) => sum + pending, 0);
  }

  /**
   * Pushes to another address from now on; undefined: reports wait in the inbox. Reports that were not answered with 2xx go the new
   * way. Changes follow one another.
   *
   * @throws TypeError or RangeError for a webhook that makes no sense: nothing has changed then.
   */
  async pushTo(target: WebhookTarget | undefined): Promise<void> {
    const webhooks = new Map(this.engine.accounts.flatMap((account) => webhookOf(account, target)));
    this.#change = this.#change.then(() => this.#replace(webhooks));
    return this.#change;
  }

  /** Ends the pushing. */
  async stop(): Promise<void> {
    await this.#change;
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #replace(webhooks: ReadonlyMap<Account, SimulatorWebhook>): Promise<void> {
    await this.#end();
    const unsent = this.#pushers.map((pusher) => [pusher.account, pusher.takeBack()] as const);
    const before = this.#webhooks;
    for (const account of this.engine.accounts) account.ways = waysOf(account, webhooks.get(account));
    for (const [account, reports] of unsent) {
      // Those that are in the inbox as well must not be there twice.
      const ways = before.get(account)?.alsoInInbox
        ? account.ways.filter((way) => way !== account.inbox)
        : account.ways;
      for (const report of reports) for (const way of ways) way.put(report);
    }
    this.#webhooks = webhooks;
    this.#ending = new AbortController();
    const { signal } = this.#ending;
    this.#pushers = [...webhooks].map(
      ([account, webhook]) => new WebhookPusher(account, webhook, this.faults, this.engine, this.listener, signal),
    );
    this.#running = Promise.all(this.#pushers.map((pusher) => pusher.run()));
  }
}

/** The webhook of an account: its own address goes before that of the simulator. */
function webhookOf(account: Account, target: WebhookTarget | undefined): [Account, SimulatorWebhook][] {
  const all = typeof target === 'string' ? { url: target } : target;
  const url = account.settings.webhook ?? all?.url;
  return url === undefined ? [] : [[account, resolveWebhook({ ...all, url })]];
}

function waysOf({ inbox, outgoing }: Account, webhook: SimulatorWebhook | undefined): Account['ways'] {
  if (webhook === undefined) return [inbox];
  return webhook.alsoInInbox ? [inbox, outgoing] : [outgoing];
}
