import { Logger } from '@nestjs/common';
import { oneLine } from '../../errors/one-line.js';
import type { Job, QueueEngine, Verdict } from '../../queue/durable-queue.js';
import type { Moment } from '../../sending/moment.js';
import type { TurnSource } from '../../sending/turns.js';
import type { PauseReason } from '../campaign.types.js';
import type { CampaignNames } from '../store/campaign-names.js';
import type { CampaignChunk, CampaignRecord, ChunkJob, ChunkResult } from '../store/campaign-record.js';
import type { ChunkOutcome, ChunkSender } from './chunk-sender.js';
import type { GatewayTrust } from './gateway-trust.js';

const LONGEST_RETRY_MS = 60_000;

/** What the requests of a campaign are handled with. */
export interface ChunkHandlerParts {
  engine: QueueEngine;
  names: CampaignNames;
  sender: ChunkSender;
  /** Its state is looked at whenever it counts. */
  record: CampaignRecord;
  turns: TurnSource;
  /** Ends all waiting: nothing more is to be sent for now. */
  stopping: AbortSignal;
  trust: GatewayTrust;
  /** The account cannot send this campaign now. `waitMs`: for so long, where that is known. */
  onPause: (reason: PauseReason, why: string, waitMs?: number) => void;
  /** There is a result, which is durable next. */
  onResult: (name: string, result: ChunkResult) => void;
}

/** Sends a request of a campaign, or not, and says what becomes of it. */
export class ChunkHandler {
  readonly #logger = new Logger('OurSmsCampaign');

  constructor(private readonly parts: ChunkHandlerParts) {}

  async handle(job: Job<ChunkJob>): Promise<Verdict<ChunkJob>> {
    const { engine, names, record, sender, turns, trust, stopping } = this.parts;
    const doubt = doubtOf(job);
    if (record.state === 'paused') return { kind: 'again', inMs: 0, data: inDoubt(doubt), uncounted: true };
    const text = await engine.read(names.list(record, 'chunk') + job.id);
    // Not a verdict: it stays where it is, and the campaign does not end without it.
    if (text === undefined)
      throw new Error(`the recipients of request ${job.id} of campaign ${oneLine(record.id)} are gone`);
    const chunk = JSON.parse(text) as CampaignChunk;
    if (record.state === 'cancelled') {
      const fate = job.interrupted || doubt !== undefined ? 'unknown' : 'notSent';
      return this.#keep(job.id, { recipients: chunk.dests.length, fate, reason: 'the campaign was cancelled' });
    }
    const mayLeave = (): boolean => record.state === 'running' && !stopping.aborted && job.isHeld();
    const atWork = (isAtWork: boolean, began?: Moment): Promise<void> =>
      job.atWork(isAtWork, began && JSON.stringify(began));
    const storeTime = (): Promise<number | undefined> => engine.time();
    const outcome = await trust.inTurn(() =>
      sender.send({ record, chunk, turns, doubt, storeTime, mayLeave, stopping, atWork }),
    );
    this.#pauseAfter(outcome);
    if (outcome.kind === 'result') return this.#keep(job.id, outcome.result);
    const data = inDoubt(outcome.doubt);
    if (stopping.aborted || !mayLeave()) return { kind: 'again', inMs: 0, data, uncounted: true };
    const inMs = Math.min(1_000 * 2 ** Math.min(job.attempt - 1, 10), LONGEST_RETRY_MS);
    this.#logger.warn(`A request of campaign ${oneLine(record.id)} is tried again in ${inMs} ms. ${outcome.why}`);
    return { kind: 'again', inMs, data };
  }

  /** Pauses the campaign when there is a reason to. Not awaited: that waits for this very chunk. */
  #pauseAfter(outcome: ChunkOutcome): void {
    const { trust, onPause } = this.parts;
    const waitMs = outcome.met && trust.note(outcome.met);
    const why = outcome.kind === 'later' ? outcome.why : (outcome.result.reason ?? '');
    if (outcome.kind === 'later' && outcome.pause) onPause(outcome.pause, why);
    else if (waitMs !== undefined) onPause('gateway', why, waitMs);
  }

  #keep(id: string, result: ChunkResult): Verdict<ChunkJob> {
    const name = this.parts.names.list(this.parts.record, 'result') + id;
    this.parts.onResult(name, result);
    return { kind: 'done', notes: [{ name, text: JSON.stringify(result) }] };
  }
}

/** When the first try began whose outcome is unknown; by one clock alone where an earlier version noted it. */
function doubtOf({ data, interruptedAt, interruptedMark }: Job<ChunkJob>): Moment | undefined {
  if (data.doubt) return data.doubt;
  if (data.doubtSince !== undefined) return { wall: data.doubtSince };
  if (interruptedAt === undefined) return undefined;
  return interruptedMark === undefined ? { wall: interruptedAt } : (JSON.parse(interruptedMark) as Moment);
}

const inDoubt = (doubt: Moment | undefined): ChunkJob => ({ doubt, doubtSince: doubt?.wall });
