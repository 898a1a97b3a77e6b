import { Logger } from '@nestjs/common';
import { oneLine } from '../../errors/one-line.js';
import type { QueueEngine } from '../../queue/durable-queue.js';
import type { CampaignReport } from '../campaign.types.js';
import type { CampaignLedger } from '../store/campaign-ledger.js';
import type { CampaignNames } from '../store/campaign-names.js';
import type { CampaignRecord } from '../store/campaign-record.js';
import { CampaignRecords } from '../store/campaign-records.js';
import { withRight, type HeldRight } from '../../queue/hold-right.js';

/** What the end of a campaign is seen by. */
export interface CampaignEndParts {
  engine: QueueEngine;
  names: CampaignNames;
  account: string;
  record: CampaignRecord;
  ledger: CampaignLedger;
  /** How many requests are not settled, in all processes. */
  pending: () => Promise<number>;
  stopping: AbortSignal;
}

/** Sees that a campaign is over, and makes its report, once for all processes. */
export class CampaignEnd {
  readonly #logger = new Logger('OurSmsCampaign');
  readonly #records: CampaignRecords;

  constructor(private readonly parts: CampaignEndParts) {
    this.#records = new CampaignRecords(parts.engine, parts.names);
  }

  /** The report, if nothing is left; `busy` when somebody else is looking, or changes what is left. */
  async look(): Promise<CampaignReport | 'open' | 'busy'> {
    const { engine, names, record, pending } = this.parts;
    if ((await pending()) > 0) return 'open';
    const outcome = await withRight(engine, names.right(record.id, 'end'), (right) => this.#lookAlone(right));
    return outcome ? outcome.done : 'busy';
  }

  /** It is gone from the store, which was not told to remove it, and this process has not seen its end. */
  reportUnseen(): CampaignReport {
    const { record, ledger } = this.parts;
    const { pending, total } = ledger.counts;
    if (pending <= 0) return this.#report(record.state === 'cancelled' ? 'cancelled' : 'done');
    this.#logger.error(
      `Campaign ${oneLine(record.id)} is gone from the store, which must have lost it. ` +
        `What became of ${pending} of its ${total} recipients is not known here: some may have got the message`,
    );
    return this.#report('lost');
  }

  #report(state: CampaignReport['state']): CampaignReport {
    const { account, record, ledger } = this.parts;
    const { id, parts, startedAt } = record;
    return { id, account, state, parts, startedAt, ...ledger.counts, finishedAt: new Date().toISOString() };
  }

  async #lookAlone(right: HeldRight): Promise<CampaignReport | 'open'> {
    const { record, ledger, pending, stopping } = this.parts;
    const kept = await this.#records.find(record.id);
    if (kept?.run !== record.run) return 'open';
    // The first report stays.
    if (kept.report) return kept.report;
    if ((await pending()) > 0 || stopping.aborted) return 'open';
    await ledger.countKept();
    const report = this.#report(kept.state === 'cancelled' ? 'cancelled' : 'done');
    await right.check();
    await this.#records.end(record, report);
    this.#tell(report);
    return report;
  }

  #tell({ id, state, sent, rejected, invalid, duplicate, notSent, unknown }: CampaignReport): void {
    this.#logger.log(
      `Campaign ${oneLine(id)} is ${state}: ${sent} sent, ${rejected} rejected, ${invalid} invalid, ${duplicate} duplicates, ${notSent} not sent, ${unknown} unknown`,
    );
  }
}
