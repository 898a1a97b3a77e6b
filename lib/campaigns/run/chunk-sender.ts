import { Logger } from '@nestjs/common';
import type { SendReceipt } from '../../dto/send-receipt.js';
import { OurSmsAbortedError } from '../../errors/oursms-aborted.error.js';
import { OurSmsError } from '../../errors/oursms.error.js';
import { OurSmsGatewayError, type GatewayErrorKind } from '../../errors/oursms-gateway.error.js';
import { OurSmsStorageError } from '../../errors/oursms-storage.error.js';
import { OurSmsValidationError } from '../../errors/oursms-validation.error.js';
import { oneLine } from '../../errors/one-line.js';
import type { GatewayClient } from '../../gateway/gateway-client.js';
import { normalizeNumber } from '../../message/normalize-number.js';
import { deliver, type Checkpoint, type DeliveryResult } from '../../sending/deliver.js';
import { keepQuietHours, type QuietedMessage } from '../../sending/keep-quiet-hours.js';
import { elapsedMs, localMoment, type Moment } from '../../sending/moment.js';
import type { MessagePolicy } from '../../sending/prepare-message.js';
import { canGuard, type RetryPolicy } from '../../sending/retry-policy.js';
import type { TurnSource } from '../../sending/turns.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { PauseReason } from '../campaign.types.js';
import type { CampaignChunk, CampaignRecord, ChunkResult } from '../store/campaign-record.js';
import type { GatewayMeeting } from './circuit-breaker.js';

/** Longest time that a `prevDups` of this module covers. */
const MAX_DOUBT_MS = 24 * 60 * 60_000;
/** When the last answer of the gateway is older, it is asked for the time. */
const TIME_KNOWN_MS = 60_000;

/** Faults of the account, not of the request: every other request would meet them too. */
const PAUSES: Partial<Record<GatewayErrorKind, PauseReason>> = { auth: 'auth', balance: 'credits', sender: 'sender' };

/** A request of a campaign to send now. */
export interface ChunkToSend {
  record: CampaignRecord;
  chunk: CampaignChunk;
  turns: TurnSource;
  /** When the first try whose outcome is unknown left. */
  doubt?: Moment;
  /** Milliseconds since 1970 by the clock of the server that keeps the store, where there is one. */
  storeTime: () => Promise<number | undefined>;
  /** Whether the request may leave: the campaign runs, and the request is still this process's. */
  mayLeave: () => boolean;
  /** Notes, durably, whether it may be in flight, and since when. */
  atWork: (isAtWork: boolean, since?: Moment) => Promise<void>;
  /** Aborts all waits: the campaign is paused, or the application shuts down. */
  stopping: AbortSignal;
}

/** Outcome of a request of a campaign. `met`: reaction of the gateway, if the request reached it. */
export type ChunkOutcome = { met?: GatewayMeeting } & (
  | { kind: 'result'; result: ChunkResult }
  /** It must be sent later. `doubt`: when a try that may have been sent left. */
  | { kind: 'later'; why: string; pause?: PauseReason; doubt?: Moment }
);

/** Sends the requests of campaigns, each so that every recipient gets the message at most once. */
export class ChunkSender {
  readonly #logger = new Logger('OurSmsCampaign');
  /** Campaigns for which a warning of quiet hours was logged. */
  readonly #warned = new WeakSet<CampaignRecord>();

  constructor(
    private readonly gateway: GatewayClient,
    private readonly policy: MessagePolicy,
    private readonly retry: RetryPolicy,
    private readonly telemetry: Telemetry,
  ) {}

  /** Never rejects for a fault of the gateway or the network. */
  async send(request: ChunkToSend): Promise<ChunkOutcome> {
    const { record, chunk, turns, stopping, doubt } = request;
    const { dests, body = record.message.body } = chunk;
    const { gateway, policy, retry, telemetry } = this;
    const diverted = policy.divertTo === undefined ? dests : [policy.divertTo];
    const prepared = this.#prepare({ ...record.message, body, dests: diverted });
    if ('later' in prepared) return { kind: 'later', why: prepared.later, pause: 'quietHours', doubt };
    const { message, warning } = prepared;
    if (warning !== undefined) this.#warnOnce(record, warning);
    const isGuarded = canGuard(retry, message);
    if (doubt && !isGuarded) return unknown(chunk, 'it was in flight when its process ended');
    const inDoubt = doubt && (await this.#ageOf(doubt, request));
    if (inDoubt && 'later' in inDoubt) return { kind: 'later', why: inDoubt.later, doubt, met: { kind: 'failed' } };
    if (inDoubt && 'unknown' in inDoubt) return unknown(chunk, inDoubt.unknown);
    const span = telemetry.startSend('campaign', message.dests.length);
    const result = await deliver(gateway, retry, {
      message,
      turns: { next: () => turns.next(stopping) },
      checkpoint: this.#checkpoint(request, isGuarded),
      doubt: inDoubt && { since: localMoment(), ageMs: inDoubt.ms },
      stopping,
      span,
    });
    span.end(result);
    const outcome = this.#outcomeOf(result, request, isGuarded);
    const { traceparent } = span;
    if (outcome.kind === 'later' || traceparent === undefined) return outcome;
    return { ...outcome, result: { ...outcome.result, traceparent } };
  }

  #warnOnce(record: CampaignRecord, warning: string): void {
    if (!this.#warned.has(record)) this.#logger.warn(`${warning} (campaign ${oneLine(record.id)})`);
    this.#warned.add(record);
  }

  #checkpoint(request: ChunkToSend, isGuarded: boolean): Checkpoint {
    const { mayLeave, atWork } = request;
    return {
      mayLeave,
      mark: async () => {
        const moment = isGuarded ? await this.#now(request, Infinity) : { wall: Date.now() };
        await atWork(true, moment);
        return moment;
      },
      clear: () => atWork(false),
    };
  }

  #outcomeOf(result: DeliveryResult, { chunk, doubt: before }: ChunkToSend, isGuarded: boolean): ChunkOutcome {
    if (result.kind === 'sent') {
      const isDiverted = this.policy.divertTo !== undefined;
      const { jobId, confirmedByTwin = 0 } = result.receipt;
      // Reports of messages that the first try sent have an unknown id: that of the first try.
      const ids = confirmedByTwin > 0 ? {} : { jobId };
      return {
        kind: 'result',
        result: { ...readResult(result.receipt, chunk, isDiverted), ...ids },
        met: { kind: 'took' },
      };
    }
    const doubt = before ?? result.doubt?.since;
    if (result.kind === 'withdrawn') return { kind: 'later', why: result.why, doubt };
    if (result.error instanceof OurSmsError) return this.#judge(result.error, chunk, isGuarded, doubt);
    return { kind: 'later', why: 'an internal error of nestjs-oursms', doubt };
  }

  #judge(error: OurSmsError, chunk: CampaignChunk, isGuarded: boolean, doubt: Moment | undefined): ChunkOutcome {
    const kind = error instanceof OurSmsGatewayError ? error.kind : undefined;
    const pause = kind === undefined || error.outcome === 'unknown' ? undefined : PAUSES[kind];
    const met = failedBy(error);
    const later = { kind: 'later', why: error.message, pause, doubt, met } as const;
    if (doubt) return isGuarded ? later : { ...unknown(chunk, error.message), met };
    if (pause !== undefined || error.retryable) return later;
    const { length: recipients } = chunk.dests;
    return { kind: 'result', result: { recipients, fate: 'notSent', reason: error.message }, met };
  }

  /** Age of a try in doubt; or why its outcome stays unknown, or why its age cannot be found out yet. */
  async #ageOf(doubt: Moment, request: ChunkToSend): Promise<{ ms: number } | { unknown: string } | { later: string }> {
    const now = await this.#now(request, TIME_KNOWN_MS).catch(() => undefined);
    if (!now) return { later: 'its store did not say the time' };
    const ms = elapsedMs(doubt, now);
    if (ms !== undefined && ms <= MAX_DOUBT_MS) return { ms };
    if (ms !== undefined) return { unknown: 'it was in flight when its process ended, more than a day ago' };
    // The clock of the gateway may settle it.
    if (!this.gateway.clock.wasHeardWithin(TIME_KNOWN_MS)) return { later: 'the gateway does not answer' };
    return { unknown: 'it was in flight when its process ended, and the clocks disagree on how long ago that was' };
  }

  /** This moment by all available clocks. Asks the gateway if it has not answered within the last `withinMs`. */
  async #now({ storeTime }: ChunkToSend, withinMs: number): Promise<Moment> {
    const { gateway } = this;
    if (!gateway.clock.wasHeardWithin(withinMs)) await gateway.getCredits().catch(() => undefined);
    const store = await storeTime();
    return { ...localMoment(), store, gateway: gateway.clock.now(withinMs) };
  }

  /** Why a campaign may not be sent now: quiet hours that refuse it. */
  refusal({ message }: CampaignRecord): string | undefined {
    const prepared = this.#prepare(message);
    return 'later' in prepared ? prepared.later : undefined;
  }

  #prepare<T extends Parameters<typeof keepQuietHours>[0]>(message: T): QuietedMessage<T> | { later: string } {
    try {
      return keepQuietHours(message, this.policy, new Date());
    } catch (error) {
      if (error instanceof OurSmsValidationError) return { later: error.message };
      throw error;
    }
  }
}

/** Undefined when this process or its store is at fault, and not the gateway. */
const failedBy = (error: OurSmsError): GatewayMeeting | undefined =>
  error instanceof OurSmsAbortedError || error instanceof OurSmsStorageError
    ? undefined
    : { kind: 'failed', retryAfterMs: error instanceof OurSmsGatewayError ? error.retryAfterMs : undefined };

const unknown = ({ dests }: CampaignChunk, reason: string): ChunkOutcome => ({
  kind: 'result',
  result: { recipients: dests.length, fate: 'unknown', reason },
});

/** Result of a request by its receipt. */
function readResult(receipt: SendReceipt, { dests }: CampaignChunk, isDiverted: boolean): ChunkResult {
  const { accepted, rejected, duplicates, confirmedByTwin = 0, rejectedMsgs } = receipt;
  const recipients = dests.length;
  const all = isDiverted ? 1 : recipients;
  const refused =
    accepted === undefined ? (rejected ?? 0) + (duplicates ?? 0) - confirmedByTwin : all - accepted - confirmedByTwin;
  if (refused <= 0) return { recipients, fate: 'sent' };
  if (isDiverted || refused >= recipients) return { recipients, fate: 'sent', rejected: recipients };
  const named = new Set(rejectedMsgs.map(({ dest }) => respelled(dest)));
  const rejectedDests = dests.filter((dest) => named.has(dest));
  // The gateway names more than it counts: which ones were rejected is unknown.
  if (rejectedDests.length > refused) return { recipients, fate: 'sent', rejected: refused };
  return { recipients, fate: 'sent', rejected: refused, rejectedDests };
}

/** The gateway may spell a number differently. */
function respelled(dest = ''): string | undefined {
  const read = normalizeNumber(dest, { country: 'any' });
  return read.ok ? read.number : undefined;
}
