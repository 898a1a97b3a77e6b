import type { NoteChange, QueueEngine } from '../../queue/durable-queue.js';
import type { CampaignReport, PauseReason } from '../campaign.types.js';
import type { CampaignNames, OpenNote } from './campaign-names.js';
import type { CampaignFacts, CampaignKey, CampaignRecord, IntakeCounts } from './campaign-record.js';

/** How long the report of a removed campaign stays readable for other processes, which may be suspended or cut off from Redis. */
const REMOVED_KNOWN_MS = 24 * 60 * 60_000;
const NOTES: readonly OpenNote[] = ['facts', 'ready', 'cancel', 'pause', 'hold'];
const NO_COUNTS: IntakeCounts = { total: 0, recipients: 0, invalid: 0, duplicate: 0, parts: 0 };

/**
 * Campaigns in the store, besides their requests.
 *
 * An unfinished campaign is a few notes, from which its state is derived. Each note states one fact: the campaign was cancelled;
 * a person paused it; the module paused it. So the note of one process never overwrites that of another. A finished campaign is
 * one record in place of the notes.
 */
export class CampaignRecords {
  constructor(
    private readonly engine: QueueEngine,
    private readonly names: CampaignNames,
  ) {}

  /** All unfinished campaigns, those whose recipients are being read included. */
  open(): Promise<CampaignRecord[]> {
    return this.#open(this.names.allOpen);
  }

  /** All finished campaigns. */
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

  /** Stores the facts of a campaign whose recipients are about to be read. */
  begin(facts: CampaignFacts): Promise<void> {
    return this.engine.note(this.names.open(facts, 'facts'), JSON.stringify(facts));
  }

  /** The note by which a campaign runs: all its recipients were read. */
  ready(key: CampaignKey, counts: IntakeCounts): NoteChange {
    return { name: this.names.open(key, 'ready'), text: JSON.stringify(counts) };
  }

  cancel(key: CampaignKey): Promise<void> {
    return this.engine.note(this.names.open(key, 'cancel'), new Date().toISOString());
  }

  /** @param resumesAt When the pause ends, if known. */
  pause(key: CampaignKey, reason: PauseReason, resumesAt?: string): Promise<void> {
    const text = resumesAt === undefined ? reason : `${reason} ${resumesAt}`;
    return this.engine.note(this.names.open(key, reason === 'user' ? 'pause' : 'hold'), text);
  }

  /** @param isByPerson Whether a person's pause ends as well. */
  resume(key: CampaignKey, isByPerson: boolean): Promise<void> {
    const notes: OpenNote[] = isByPerson ? ['pause', 'hold'] : ['hold'];
    return this.engine.change(notes.map((note) => ({ name: this.names.open(key, note) })));
  }

  /** Stores the report of a finished campaign, or a changed one. */
  end(record: CampaignRecord, report: CampaignReport): Promise<void> {
    const text = JSON.stringify({ ...record, state: report.state, reason: undefined, resumesAt: undefined, report });
    return this.engine.change([...this.#noOpenNotes(record), { name: this.names.over(record.id), text }]);
  }

  /** Reopens a finished campaign. */
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

  /** Keeps the report of a campaign that is about to be removed, for processes that have not seen its end. */
  async noteRemoval(key: CampaignKey, report: CampaignReport): Promise<void> {
    await this.engine.noteExpiring(this.names.removed(key), JSON.stringify(report), REMOVED_KNOWN_MS);
  }

  /** The report of a campaign that was removed within the last day. */
  async removed(key: CampaignKey): Promise<CampaignReport | undefined> {
    const text = await this.engine.readExpiring(this.names.removed(key));
    return text === undefined ? undefined : (JSON.parse(text) as CampaignReport);
  }

  /** Deletes the notes on an unfinished campaign. */
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

/** Undefined for notes without facts: a suspended process wrote them after the campaign had ended or was erased. */
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
