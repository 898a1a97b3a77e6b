import { BehaviorSubject, defer, of, type Observable } from 'rxjs';
import type { CampaignProgress } from '../campaign.types.js';
import type { CampaignLedger } from '../store/campaign-ledger.js';
import type { CampaignRecord } from '../store/campaign-record.js';
import type { CampaignState } from './campaign-state.js';

/** Minimum milliseconds between two emissions of progress. */
export const EMIT_EVERY_MS = 200;

/** Measures and emits the progress of a campaign. */
export class ProgressMeter {
  readonly #subject: BehaviorSubject<CampaignProgress>;
  #ranSince = performance.now();
  #settledBefore = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly account: string,
    private readonly state: CampaignState,
    private readonly ledger: CampaignLedger,
  ) {
    this.#subject = new BehaviorSubject(this.snapshot());
  }

  get progress(): Observable<CampaignProgress> {
    // A completed subject emits no value to a late subscriber.
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

  /** Measures the speed from now on: the campaign starts or resumes. */
  restart(): void {
    this.#ranSince = performance.now();
    const { total, pending } = this.ledger.counts;
    this.#settledBefore = total - pending;
  }

  /** Emits the progress now. A scheduled emission stays: its callback is needed. */
  emit(): void {
    this.#subject.next(this.snapshot());
  }

  /** Schedules an emission, unless an earlier one is scheduled. @param onEmitted Called after it. */
  emitIn(ms: number, onEmitted: () => void): void {
    if (this.#timer && ms >= EMIT_EVERY_MS) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.emit();
      onEmitted();
    }, ms);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#subject.complete();
  }
}

/** Progress of a campaign that this process does not send. */
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
