import type { Account } from './account.js';
import type { LoopbackListener } from './loopback-listener.js';
import type { PushFaultPlan } from './push-faults.js';
import type { SimulatorEngine } from './simulator-engine.js';
import { WebhookPusher } from './webhook-pusher.js';
import { resolveWebhook, type SimulatorWebhook, type WebhookTarget } from './webhook.options.js';

/** The pushers of a simulator: one for each account with a webhook. The webhook can change while they run. */
export class WebhookPushers {
  #webhooks: ReadonlyMap<Account, SimulatorWebhook> = new Map();
  #pushers: readonly WebhookPusher[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #stopping = new AbortController();
  #change: Promise<void> = Promise.resolve();

  constructor(
    private readonly faults: PushFaultPlan,
    private readonly engine: SimulatorEngine,
    private readonly listener: LoopbackListener,
  ) {}

  /** Number of reports not yet answered with 2xx. */
  get pending(): number {
    return this.#pushers.reduce((sum, { pending }) => sum + pending, 0);
  }

  /**
   * Changes the webhook; undefined: reports wait in the inbox. Reports not yet answered with 2xx move to the new destination.
   * Calls take effect one after another.
   *
   * @throws TypeError or RangeError for an invalid webhook: nothing changes.
   */
  async pushTo(target: WebhookTarget | undefined): Promise<void> {
    const webhooks = new Map(this.engine.accounts.flatMap((account) => webhookOf(account, target)));
    this.#change = this.#change.then(() => this.#replace(webhooks));
    return this.#change;
  }

  async stop(): Promise<void> {
    await this.#change;
    await this.#stopPushers();
  }

  async #stopPushers(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #replace(webhooks: ReadonlyMap<Account, SimulatorWebhook>): Promise<void> {
    await this.#stopPushers();
    const unsent = this.#pushers.map((pusher) => [pusher.account, pusher.takePending()] as const);
    const before = this.#webhooks;
    for (const account of this.engine.accounts) account.reportQueues = queuesOf(account, webhooks.get(account));
    for (const [account, reports] of unsent) {
      // Reports that are also in the inbox must not be added to it again.
      const queues = before.get(account)?.alsoInInbox
        ? account.reportQueues.filter((queue) => queue !== account.inbox)
        : account.reportQueues;
      for (const report of reports) for (const queue of queues) queue.put(report);
    }
    this.#webhooks = webhooks;
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    this.#pushers = [...webhooks].map(
      ([account, webhook]) => new WebhookPusher(account, webhook, this.faults, this.engine, this.listener, signal),
    );
    this.#running = Promise.all(this.#pushers.map((pusher) => pusher.run()));
  }
}

/** The webhook of an account: its own address has precedence over that of the simulator. */
function webhookOf(account: Account, target: WebhookTarget | undefined): [Account, SimulatorWebhook][] {
  const all = typeof target === 'string' ? { url: target } : target;
  const url = account.settings.webhook ?? all?.url;
  return url === undefined ? [] : [[account, resolveWebhook({ ...all, url })]];
}

function queuesOf({ inbox, outgoing }: Account, webhook: SimulatorWebhook | undefined): Account['reportQueues'] {
  if (webhook === undefined) return [inbox];
  return webhook.alsoInInbox ? [inbox, outgoing] : [outgoing];
}
