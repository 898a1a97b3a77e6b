import { setTimeout as wait } from 'node:timers/promises';
import type { Dlr } from '../dto/dlr.js';
import type { Candidate, CandidateSource, FoundById, MatchedBy, TrackedFields } from './candidate.js';
import { chooseByDest, isPossible } from './choose-by-dest.js';
import { PageNotes } from './page-notes.js';

/** Longest wait of a page for answers to sends in flight that its reports may belong to. */
const IN_FLIGHT_MS = 3_000;

/** Number of reports of this process, by how they were matched. */
type MatchCounts = Record<MatchedBy, number> & { unmatched: number };

interface Match {
  candidate: Pick<Candidate, 'take'>;
  by: MatchedBy;
}

/** Finds the message that each report belongs to. */
export class ReportMatcher {
  readonly counts: MatchCounts = { msgId: 0, job: 0, dest: 0, unmatched: 0 };

  /** @param byDest Whether a report without known ids is matched by its recipient. */
  constructor(
    private readonly sources: readonly CandidateSource[],
    private readonly byDest: boolean,
  ) {}

  /**
   * Finds the message of each report, and adds its fields to the report.
   *
   * @returns The notes to write together with the page of the reports.
   * @throws {OurSmsStorageError} when the store cannot be read
   */
  async match(dlrs: readonly Dlr[]): Promise<PageNotes> {
    const notes = new PageNotes();
    const sources: CandidateSource[] = [];
    for (const source of this.sources) if (!(await source.isEmpty())) sources.push(source);
    if (sources.length === 0) {
      this.counts.unmatched += dlrs.length;
      return notes;
    }
    const byIds = await Promise.all(sources.map((source) => source.byIds(dlrs)));
    const found = dlrs.map((_, i) => byIds.map((matches) => matches[i]).find((match) => match !== undefined));
    const rest = dlrs.filter((_, i) => found[i] === undefined);
    const candidates = await candidatesOf(rest, sources);
    const until = performance.now() + IN_FLIGHT_MS;
    // In sequence: a matched report rules out messages for the next one.
    for (const [i, dlr] of dlrs.entries()) {
      const byId = found[i];
      const match = byId === undefined ? await this.#byRecipient(dlr, candidates.get(dlr) ?? [], until) : matchOf(byId);
      this.counts[match?.by ?? 'unmatched'] += 1;
      if (match) addTrackedFields(dlr, match.candidate.take(dlr, notes), match.by);
    }
    return notes;
  }

  async #byRecipient(dlr: Dlr, all: readonly Candidate[], until: number): Promise<Match | undefined> {
    if (all.length === 0) return undefined;
    const match = byIdAmong(dlr, all) ?? (await this.#choose(dlr, all));
    if (match) return match;
    // The answer to a send in flight may bring the id that decides.
    const inFlight = all.flatMap((one) => (one.inFlight && isPossible(dlr, one) ? [one.inFlight] : []));
    const hasId = dlr.jobId !== undefined || dlr.msgId !== undefined;
    const leftMs = until - performance.now();
    if (inFlight.length === 0 || !hasId || leftMs <= 0) return undefined;
    await Promise.race([Promise.all(inFlight), wait(leftMs, undefined, { ref: false })]);
    return this.#afterAnswer(dlr);
  }

  async #afterAnswer(dlr: Dlr): Promise<Match | undefined> {
    for (const source of this.sources) {
      const [byId] = await source.byIds([dlr]);
      if (byId !== undefined) return matchOf(byId);
    }
    const candidates = await candidatesOf([dlr], this.sources);
    return this.#choose(dlr, candidates.get(dlr) ?? []);
  }

  async #choose(dlr: Dlr, all: readonly Candidate[]): Promise<Match | undefined> {
    const candidate = this.byDest ? await chooseByDest(dlr, all) : undefined;
    return candidate && { candidate, by: 'dest' };
  }
}

/** Changes the report in place, since a copy of each would be slow. An unknown field stays unset. */
function addTrackedFields(dlr: Dlr & { traceparent?: string }, fields: TrackedFields, by: MatchedBy): void {
  const { reference, campaign, sentAt, traceparent } = fields;
  dlr.matched = by;
  dlr.sentAt = sentAt;
  if (reference !== undefined) dlr.reference = reference;
  if (campaign !== undefined) dlr.campaign = campaign;
  if (traceparent !== undefined) dlr.traceparent = traceparent;
}

const matchOf = (found: FoundById): Match | undefined => (found === 'gone' ? undefined : found);

/** Matches by ids that came after the lookup by ids. */
function byIdAmong(dlr: Dlr, all: readonly Candidate[]): Match | undefined {
  for (const by of ['msgId', 'jobId'] as const) {
    const candidate = all.find((one) => one[by] !== undefined && one[by] === dlr[by]);
    if (candidate && !candidate.isForgotten) return { candidate, by: by === 'jobId' ? 'job' : by };
  }
  return undefined;
}

async function candidatesOf(
  dlrs: readonly Dlr[],
  sources: readonly CandidateSource[],
): Promise<Map<Dlr, readonly Candidate[]>> {
  const all = new Map<Dlr, readonly Candidate[]>();
  for (const source of dlrs.length > 0 ? sources : []) {
    const found = await source.byDest(dlrs);
    for (const [i, dlr] of dlrs.entries()) all.set(dlr, [...(all.get(dlr) ?? []), ...(found[i] ?? [])]);
  }
  return all;
}
