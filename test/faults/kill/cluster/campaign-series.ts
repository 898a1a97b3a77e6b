import { setTimeout as wait } from 'node:timers/promises';
import type { CampaignReport } from 'nestjs-oursms';
import type { GatewaySimulator } from 'nestjs-oursms/testing';
import { normalized } from '../../../support/campaign-bench.js';
import type { Seeded } from '../../../support/seeded.js';
import { accountForCampaign, type CampaignAccount } from '../campaign-account.js';
import type { CampaignLists } from '../campaign-process.js';
import type { Instance, SharedOrder } from './instance.js';

/** What campaigns are sent with. */
export interface CampaignSeriesParts {
  /** Names the run. */
  seed: number;
  random: Seeded;
  gateway: GatewaySimulator;
  isGuarded: boolean;
  /** The instances that there are, by their places. */
  instances: () => readonly Instance[];
  /** How many troubles there were so far. */
  troubles: () => number;
}

const LOOK_MS = 20;
/** No campaign has more recipients. */
const NUMBERS_EACH = 10_000;

/** Campaigns, one after the other, each sent by all instances together. */
export class CampaignSeries {
  readonly accounts: CampaignAccount[] = [];
  #order: SharedOrder | undefined;
  /** Which place starts the campaign; undefined: all of them. */
  #starter: number | undefined;
  readonly #reports = new Map<number, CampaignReport>();
  #isEnding = false;
  #giveUpAt = Infinity;
  #running: Promise<void> | undefined;

  constructor(private readonly parts: CampaignSeriesParts) {}

  begin(): void {
    this.#running = this.#run();
  }

  /** Takes on an instance that has started at a place. */
  welcome(place: number, instance: Instance): void {
    instance.on('done', ({ id, report }) => {
      if (id === this.#order?.id) this.#reports.set(place, report);
    });
    this.#tell(place, instance);
  }

  /** Nothing disturbs it from now on: resolves when the running campaign has come to its end, or had its time. */
  async end(patienceMs: number): Promise<void> {
    this.#isEnding = true;
    this.#giveUpAt = Date.now() + patienceMs;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let number = 0; !this.#isEnding; number++) {
      const before = this.parts.troubles();
      this.#reports.clear();
      this.#order = this.#next(number);
      const { random, instances } = this.parts;
      this.#starter = random.next(2) === 0 ? undefined : random.next(instances().length);
      for (const [place, instance] of instances().entries()) this.#tell(place, instance);
      while (this.#reports.size < instances().length && !this.#isOverdue()) await wait(LOOK_MS);
      const lists = this.#reports.size > 0 ? await this.#lists(this.#order.id) : undefined;
      this.accounts.push(this.#account(this.#order, this.parts.troubles() - before + 1, lists));
      random.pick(instances()).ask({ kind: 'remove', id: this.#order.id });
    }
  }

  #isOverdue(): boolean {
    return Date.now() > this.#giveUpAt;
  }

  #tell(place: number, instance: Instance): void {
    const starts = this.#starter === undefined || this.#starter === place;
    if (this.#order) instance.ask({ kind: 'campaign', order: this.#order, starts });
  }

  /** Many small requests or few large ones, held back by a rate or by what is on its way. */
  #next(number: number): SharedOrder {
    const { random, seed } = this.parts;
    const count = 2_000 + 100 * random.next(NUMBERS_EACH / 100 - 20);
    return {
      ...{ id: `campaign ${number}/${seed}`, body: `Half price on day ${number}` },
      ...{ count, texts: random.pick([0, 40, 120]), from: number * NUMBERS_EACH, sendsAgain: false },
      ...{ concurrency: 2 + random.next(6), rate: random.pick([undefined, 10, 30]) },
    };
  }

  async #lists(id: string): Promise<CampaignLists | undefined> {
    while (!this.#isOverdue()) {
      const instance = this.parts.random.pick(this.parts.instances());
      const answer = await instance.answer({ kind: 'lists', id }, AbortSignal.timeout(10_000));
      if (answer?.id === id) return answer.lists;
      await wait(LOOK_MS);
    }
    return undefined;
  }

  #account(order: SharedOrder, kills: number, lists?: CampaignLists): CampaignAccount {
    const { gateway, isGuarded, instances } = this.parts;
    const [first, last] = [normalized(order.from), normalized(order.from + order.count - 1)];
    const requests = gateway.requests.filter(({ call, params }) => {
      const [dest = ''] = (params.dests ?? '').split(',', 1);
      return call === 'send' && dest >= first && dest <= last;
    });
    const [report, ...others] = this.#reports.values();
    const account = accountForCampaign({
      ...{ order, isGuarded, kills },
      gateway: { requests, phone: (dest) => gateway.phone(dest) },
      end: report && lists && { report, lists },
    });
    const different = others.filter((other) => JSON.stringify(other) !== JSON.stringify(report));
    if (different.length > 0)
      account.faults.push(`${order.id}: instances report differently: ${JSON.stringify([report, ...different])}`);
    if (others.length + 1 < instances().length) account.faults.push(`${order.id}: not all instances report on it`);
    return account;
  }
}
