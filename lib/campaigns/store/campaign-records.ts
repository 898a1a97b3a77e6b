import type { NoteChange, QueueEngine } from '../../queue/durable-queue.js';
import type { CampaignReport, PauseReason } from '../campaign.types.js';
import type { CampaignNames, OpenNote } from './campaign-names.js';
import type { CampaignFacts, CampaignKey, CampaignRecord, IntakeCounts } from './campaign-record.js';

/** A process that was suspended for longer, or that Redis did not answer, does not learn how a removed campaign ended. */
const REMOVED_KNOWN_MS = 24 * 60 * 60_000;
const NOTES: readonly OpenNote[] = ['facts', 'ready', 'cancel', 'pause', 'hold'];
const NO_COUNTS: IntakeCounts = { total: 0, recipients: 0, invalid: 0, duplicate: 0, parts: 0 };

/**
 * Campaigns in the store, besides their requests.
 *
 * While a campaign is not over that is a few notes, and its state is what follows from them. Each note says one thing: that it
 * was cancelled, that a person paused it, that the module did. So none that is written can undo what another process
 * has written meanwhile. When it is over, one record takes their place.
 */
export class CampaignRecords {
  constructor(
    private readonly engine: QueueEngine,
    private readonly names: CampaignNames,
  ) {}

  /** All that are not over, those whose recipients are being read included. */
  open(): Promise<CampaignRecord[]> {
    return this.#open(this.names.allOpen);
  }

  /** All that are over. */
  async *over(): AsyncIterable<CampaignRecord> {
    for await (const { text } of this.engine.notes(this.names.allOver)) yield JSON.parse(text) as CampaignRecord;
  }

  /** The campaign of an id; undefined when there is none, or its recipients are still being read. */
  async find(id: string): Promise<CampaignRecord | undefined> {
    return (await this.findAll(id)).campaign;
  }

  /** The campaign of an id, and the starts of that id that have not read all recipients: in progress, or interrupted. */
  async findAll(id: string): Promise<{ campaign?: CampaignRecord; preparing: CampaignRecord[] }> {
    const open = await this.#openOf(id);
    if (open.campaign) return open;
    const over = await this.engine.read(this.names.over(id));
    if (over !== undefined) return { ...open, campaign: JSON.parse(over) as CampaignRecord };
    // Another process may have reopened it between the two reads.
    return this.#openOf(id);
  }

  /** Its recipients are going to be read. */
  begin(facts: CampaignFacts): Promise<void> {
    return this.engine.note(this.names.open(facts, 'facts'), JSON.stringify(facts));
  }

  /** All its recipients were read: with this note, it runs. */
  ready(key: CampaignKey, counts: IntakeCounts): NoteChange {
    return { name: this.names.open(key, 'ready'), text: JSON.stringify(counts) };
  }

  cancel(key: CampaignKey): Promise<void> {
    return this.engine.note(this.names.open(key, 'cancel'), new Date().toISOString());
  }

  /** @param resumesAt When it is to be tried again, where that is known. */
  pause(key: CampaignKey, reason: PauseReason, resumesAt?: string): Promise<void> {
    const text = resumesAt === undefined ? reason : `${reason} ${resumesAt}`;
    return this.engine.note(this.names.open(key, reason === 'user' ? 'pause' : 'hold'), text);
  }

  /** @param isByPerson Whether a person's pause ends as well. */
  resume(key: CampaignKey, isByPerson: boolean): Promise<void> {
    const notes: OpenNote[] = isByPerson ? ['pause', 'hold'] : ['hold'];
    return this.engine.change(notes.map((note) => ({ name: this.names.open(key, note) })));
  }

  /** It is over, or was and its report has changed. */
  end(record: CampaignRecord, report: CampaignReport): Promise<void> {
    const text = JSON.stringify({ ...record, state: report.state, reason: undefined, resumesAt: undefined, report });
    return this.engine.change([...this.#noOpenNotes(record), { name: this.names.over(record.id), text }]);
  }

  /** It is not over any more. */
  reopen(record: CampaignRecord): Promise<void> {
    const { id, run, digest, message, rate, concurrency, startedAt } = record;
    const facts: CampaignFacts = { id, run, digest, message, rate, concurrency, startedAt };
    const { total, recipients, invalid, duplicate, parts } = record;
    return this.engine.change([
      ...this.#noOpenNotes(record).filter(({ name }) => !/\/(?:facts|ready)$/.test(name)),
      { name: this.names.open(record, 'facts'), text: JSON.stringify(facts) },
      this.ready(record, { total, recipients, invalid, duplicate, parts }),
      { name: this.names.over(id) },
    ]);
  }

  /** It is about to be removed: processes that have not seen its end yet find its report here. */
  async noteRemoval(key: CampaignKey, report: CampaignReport): Promise<void> {
    await this.engine.noteExpiring(this.names.removed(key), JSON.stringify(report), REMOVED_KNOWN_MS);
  }

  /** The report of a campaign that was removed; undefined when it was not, or more than a day ago. */
  async removed(key: CampaignKey): Promise<CampaignReport | undefined> {
    const text = await this.engine.readExpiring(this.names.removed(key));
    return text === undefined ? undefined : (JSON.parse(text) as CampaignReport);
  }

  /** Forgets the notes on a campaign that is not over. */
  forget(key: CampaignKey): Promise<void> {
    return this.engine.change(this.#noOpenNotes(key));
  }

  #noOpenNotes(key: CampaignKey): NoteChange[] {
    return NOTES.map((note) => ({ name: this.names.open(key, note) }));
  }

  async #openOf(id: string): Promise<{ campaign?: CampaignRecord; preparing: CampaignRecord[] }> {
    const all = await this.#open(this.names.openOf(id));
    const preparing = all.filter(({ state }) => state === 'preparing');
    return { campaign: all.find(({ state }) => state !== 'preparing'), preparing };
  }

  async #open(prefix: string): Promise<CampaignRecord[]> {
    const found = new Map<string, Partial<Record<OpenNote, string>>>();
    for await (const { name, text } of this.engine.notes(prefix)) {
      const end = name.lastIndexOf('/');
      const notes = found.get(name.slice(0, end)) ?? {};
      found.set(name.slice(0, end), { ...notes, [name.slice(end + 1)]: text });
    }
    return [...found.values()].flatMap((notes) => readNotes(notes) ?? []);
  }
}

/** Undefined for notes without facts: they were written late, on a campaign that was over or given up. */
function readNotes({
  facts,
  ready,
  cancel,
  pause,
  hold,
}: Partial<Record<OpenNote, string>>): CampaignRecord | undefined {
  if (facts === undefined) return undefined;
  const known = JSON.parse(facts) as CampaignFacts;
  if (ready === undefined) return { ...known, ...NO_COUNTS, state: 'preparing' };
  const record = { ...known, ...(JSON.parse(ready) as IntakeCounts) };
  const [reason, resumesAt] = ((pause ?? hold)?.split(' ') ?? []) as [PauseReason?, string?];
  if (cancel !== undefined) return { ...record, state: 'cancelled' };
  return reason === undefined ? { ...record, state: 'running' } : { ...record, state: 'paused', reason, resumesAt };
}
