import type { CampaignReport, CampaignState as Mode, PauseReason } from '../campaign.types.js';
import type { CampaignRecord } from '../store/campaign-record.js';
import type { CampaignRecords } from '../store/campaign-records.js';

interface Current {
  mode: Mode;
  reason?: PauseReason;
  resumesAt?: string;
}

/**
 * The state of a campaign in this process, and the only place that changes it. A campaign is always in one of these modes:
 *
 * - `preparing`: its recipients are being read. Nothing was sent, and no object of this class exists yet.
 * - `running`: its requests are sent.
 * - `paused`: nothing is sent, for a `reason`. A pause by the user (`user`) takes the place of one by the module, and only the
 *   user ends it. Pauses for `credits`, `quietHours` and `gateway` end by themselves; `auth` and `sender` end with `resume()` or
 *   a restart, which may have brought other credentials.
 * - `cancelled`: nothing more is sent. Requests that were in flight still end; then the campaign is over.
 * - over (`done`, `cancelled` or `lost`, with a report): it never changes again in this process. `resolveUnknown` can reopen it
 *   in the store; that is another object then.
 *
 * Several processes may send the same campaign. What each writes to the store is a note of its own, so that no write undoes
 * another one, and each adopts what it reads there.
 */
export class CampaignState {
  #current: Current;
  #report: CampaignReport | undefined;
  /** How many changes of this process are being written, and when the last one was. */
  #changing = 0;
  #changedAt = 0;

  /** @param facts The campaign as it was read. Everything but its state is constant. */
  constructor(
    readonly facts: Readonly<CampaignRecord>,
    private readonly records: CampaignRecords,
  ) {
    const { state: mode, reason, resumesAt, report } = facts;
    this.#current = { mode, reason, resumesAt };
    this.#report = report;
  }

  get mode(): Mode {
    return this.#current.mode;
  }

  /** Why it is paused. */
  get reason(): PauseReason | undefined {
    return this.#current.reason;
  }

  /** When the pause ends, if known. ISO 8601, UTC. */
  get resumesAt(): string | undefined {
    return this.#current.resumesAt;
  }

  /** The report of a campaign that is over. */
  get report(): CampaignReport | undefined {
    return this.#report;
  }

  get isOver(): boolean {
    return this.#report !== undefined;
  }

  /** The campaign as it is now. */
  get record(): CampaignRecord {
    const { mode: state, reason, resumesAt } = this.#current;
    return { ...this.facts, state, reason, resumesAt, report: this.#report };
  }

  /** Whether {@link pause} would change the state. */
  canPause(reason: PauseReason): boolean {
    return this.mode === 'running' || (this.mode === 'paused' && reason === 'user');
  }

  /**
   * Pauses the campaign at once; resolves when the pause is durable.
   *
   * @param waitMs Milliseconds until the pause ends, if known.
   */
  async pause(reason: PauseReason, waitMs?: number): Promise<void> {
    const resumesAt = waitMs === undefined ? undefined : new Date(Date.now() + waitMs).toISOString();
    await this.#change({ mode: 'paused', reason, resumesAt }, () => this.records.pause(this.facts, reason, resumesAt));
  }

  /** Ends a pause once the change is durable. @param isByUser Whether a pause by the user ends as well. */
  async resume(isByUser: boolean): Promise<void> {
    await this.records.resume(this.facts, isByUser);
    await this.#change({ mode: 'running' });
  }

  /** Cancels the campaign once the change is durable. */
  async cancel(): Promise<void> {
    if (this.mode !== 'cancelled') await this.records.cancel(this.facts);
    await this.#change({ mode: 'cancelled' });
  }

  /**
   * Adopts changes of other processes.
   *
   * @param seen The campaign as it was read from the store.
   * @param seenAt When the read started (`performance.now()`): it does not contain later changes of this process.
   * @returns Whether anything changed.
   */
  adopt({ state: mode, reason, resumesAt }: CampaignRecord, seenAt: number): boolean {
    if (this.isOver || this.#changing > 0 || this.#changedAt >= seenAt) return false;
    const { mode: hadMode, reason: hadReason, resumesAt: hadResumesAt } = this.#current;
    if (mode === hadMode && reason === hadReason && resumesAt === hadResumesAt) return false;
    this.#current = { mode, reason, resumesAt };
    return true;
  }

  /** Ends the campaign. @returns False when it was over already, with another report. */
  end(report: CampaignReport): boolean {
    if (this.#report !== undefined && this.#report !== report) return false;
    this.#current = { mode: report.state };
    this.#report = report;
    return true;
  }

  /** Changes the state at once. While the change is being written, {@link adopt} changes nothing. */
  async #change(next: Current, write?: () => Promise<void>): Promise<void> {
    if (this.isOver) return;
    this.#current = next;
    this.#changing += 1;
    try {
      await write?.();
    } finally {
      this.#changing -= 1;
      this.#changedAt = performance.now();
    }
  }
}
