import { BehaviorSubject, defer, of, type Observable } from 'rxjs';
import type { CampaignProgress } from '../campaign.types.js';
import type { CampaignLedger } from '../store/campaign-ledger.js';
import type { CampaignRecord } from '../store/campaign-record.js';
import type { CampaignState } from './campaign-state.js';

/** Minimum milliseconds between two emissions of progress. */
export const TELL_EVERY_MS = 200;

/** Tells how far a campaign is, and how fast it goes. */
export class ProgressMeter {
  readonly #subject: BehaviorSubject<CampaignProgress>;
  #ranSince = performance.now();
  #settledBefore = 0;
  #telling: NodeJS.Timeout | undefined;

  constructor(
    private readonly account: string,
    private readonly state: CampaignState,
    private readonly ledger: CampaignLedger,
  ) {
    this.#subject = new BehaviorSubject(this.snapshot());
  }

  get progress(): Observable<CampaignProgress> {
    // A subject that has completed tells nothing any more.
    return defer(() => (this.state.isOver ? of(this.snapshot()) : this.#subject));
  }

  snapshot(): CampaignProgress {
    const isRunning = this.state.mode === 'running';
    const { total, pending } = this.ledger.counts;
    const seconds = (performance.now() - this.#ranSince) / 1_000;
    const perSecond = isRunning && seconds > 0 ? (total - pending - this.#settledBefore) / seconds : 0;
    const leftMs = perSecond > 0 ? Math.round((pending / perSecond) * 1_000) : undefined;
    return { ...progressOf(this.account, this.state.record, this.ledger), perSecond, leftMs };
  }

  /** It begins to run, or to run again. */
  restart(): void {
    this.#ranSince = performance.now();
    const { total, pending } = this.ledger.counts;
    this.#settledBefore = total - pending;
  }

  /** Emits the progress now. A scheduled one is emitted all the same: its callback is needed. */
  tell(): void {
    this.#subject.next(this.snapshot());
  }

  /** Emits the progress later, unless an earlier one is scheduled. @param onTold Called then. */
  tellIn(ms: number, onTold: () => void): void {
    if (this.#telling && ms >= TELL_EVERY_MS) return;
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => {
      this.#telling = undefined;
      this.tell();
      onTold();
    }, ms);
  }

  end(): void {
    clearTimeout(this.#telling);
    this.#subject.complete();
  }
}

/** How far a campaign is that does not run here. */
export function progressOf(account: string, record: CampaignRecord, ledger: CampaignLedger): CampaignProgress {
  const { id, state, reason, resumesAt, parts, startedAt, report } = record;
  const { finishedAt } = report ?? {};
  return {
    id,
    account,
    state,
    reason,
    resumesAt,
    parts,
    ...ledger.counts,
    startedAt,
    finishedAt,
    perSecond: 0,
    leftMs: undefined,
  };
}
