import { Logger } from '@nestjs/common';
import { oneLine } from '../../errors/one-line.js';
import type { CampaignReport } from '../campaign.types.js';
import type { CampaignLedger } from '../store/campaign-ledger.js';
import { CampaignRecords } from '../store/campaign-records.js';
import type { CampaignContext } from './campaign-context.js';
import type { CampaignState } from './campaign-state.js';
import { withLock, type HeldLock } from '../../queue/exclusive-lock.js';

/** Detects the end of a campaign, and makes its report, once for all processes. */
export class CampaignEnd {
  readonly #logger = new Logger('OurSmsCampaign');
  readonly #records: CampaignRecords;

  /** @param pending Counts the unsettled requests of all processes. */
  constructor(
    private readonly context: CampaignContext,
    private readonly state: CampaignState,
    private readonly ledger: CampaignLedger,
    private readonly pending: () => Promise<number>,
  ) {
    this.#records = new CampaignRecords(context.engine, context.names);
  }

  /** The report, if no request is left; `busy` while another process has the lock. */
  async check(): Promise<CampaignReport | 'open' | 'busy'> {
    const { engine, names } = this.context;
    if ((await this.pending()) > 0) return 'open';
    const outcome = await withLock(engine, names.lock(this.state.facts.id, 'end'), (lock) => this.#checkAlone(lock));
    return outcome ? outcome.done : 'busy';
  }

  /** Report of a campaign that is gone from the store without having been removed, and whose end this process has not seen. */
  reportMissing(): CampaignReport {
    const { pending, total } = this.ledger.counts;
    if (pending <= 0) return this.#report(this.state.mode === 'cancelled' ? 'cancelled' : 'done');
    this.#logger.error(
      `Campaign ${oneLine(this.state.facts.id)} was lost by its store. ` +
        `The outcome of ${pending} of its ${total} recipients is unknown: some may have got the message`,
    );
    return this.#report('lost');
  }

  #report(state: CampaignReport['state']): CampaignReport {
    const { id, parts, startedAt } = this.state.facts;
    const { account } = this.context;
    return { id, account, state, parts, startedAt, ...this.ledger.counts, finishedAt: new Date().toISOString() };
  }

  async #checkAlone(lock: HeldLock): Promise<CampaignReport | 'open'> {
    const { facts } = this.state;
    const kept = await this.#records.find(facts.id);
    if (kept?.run !== facts.run) return 'open';
    // The first report stays.
    if (kept.report) return kept.report;
    if ((await this.pending()) > 0 || this.context.stopping.aborted) return 'open';
    await this.ledger.countKept();
    const report = this.#report(kept.state === 'cancelled' ? 'cancelled' : 'done');
    await lock.check();
    await this.#records.end(facts, report);
    this.#log(report);
    return report;
  }

  #log({ id, state, sent, rejected, invalid, duplicate, notSent, unknown }: CampaignReport): void {
    this.#logger.log(
      `Campaign ${oneLine(id)} is ${state}: ${sent} sent, ${rejected} rejected, ${invalid} invalid, ${duplicate} duplicates, ${notSent} not sent, ${unknown} unknown`,
    );
  }
}
