import { Logger } from '@nestjs/common';
import type { SendReceipt } from '../../dto/send-receipt.js';
import { OurSmsAbortedError } from '../../errors/oursms-aborted.error.js';
import { OurSmsError } from '../../errors/oursms.error.js';
import { OurSmsGatewayError, type GatewayErrorKind } from '../../errors/oursms-gateway.error.js';
import { OurSmsValidationError } from '../../errors/oursms-validation.error.js';
import { oneLine } from '../../errors/one-line.js';
import type { WireMessage } from '../../gateway/call.js';
import type { GatewayClient } from '../../gateway/gateway-client.js';
import { normalizeNumber } from '../../message/normalize-number.js';
import { keepQuietHours, type QuietedMessage } from '../../sending/keep-quiet-hours.js';
import { elapsedMs, localMoment, type Moment } from '../../sending/moment.js';
import type { MessagePolicy } from '../../sending/prepare-message.js';
import type { RateLimiter } from '../../sending/rate-limiter.js';
import { ClocksDisagree, type Attempt, type Retries, type UnknownOutcomeAction } from '../../sending/retries.js';
import type { PauseReason } from '../campaign.types.js';
import type { CampaignPace } from './campaign-pace.js';
import type { CampaignChunk, CampaignRecord, ChunkResult } from '../store/campaign-record.js';
import type { GatewayMeeting } from './gateway-trust.js';

/** A look-back longer than this is not asked of a gateway. */
const LONGEST_DOUBT_MS = 24 * 60 * 60_000;
/** The gateway is asked for the time when it was told longer ago. */
const TIME_TOLD_MS = 60_000;

/** Faults of the account, not of the request: every other one would meet them too. */
const PAUSES: Partial<Record<GatewayErrorKind, PauseReason>> = { auth: 'auth', balance: 'credits', sender: 'sender' };

/** What chunks are sent with. */
export interface ChunkSenderParts {
  gateway: GatewayClient;
  policy: MessagePolicy;
  retries: Retries;
  /** The account's. */
  limiter: RateLimiter;
  unknownOutcome: UnknownOutcomeAction;
}

/** A chunk that is to be sent now. */
export interface ChunkToSend {
  record: CampaignRecord;
  chunk: CampaignChunk;
  pace: CampaignPace;
  /** When a try began whose outcome is unknown. */
  doubt?: Moment;
  /** Milliseconds since 1970, by the clock of the store's server, where it has one. */
  storeTime: () => Promise<number | undefined>;
  /** Asked until the first byte of each try leaves: whether it may. */
  mayLeave: () => boolean;
  /** Notes, durably, whether it may be on the wire, and since when: what only waits for its turn when its process ends was not. */
  atWork: (isAtWork: boolean, began?: Moment) => Promise<void>;
  /** Ends all waiting: the campaign is paused, or the application ends. */
  stopping: AbortSignal;
}

/** What became of a chunk, and how the gateway met it, where it was asked. */
export type ChunkOutcome = { met?: GatewayMeeting } & (
  | { kind: 'result'; result: ChunkResult }
  /** It must be sent later. `doubt`: it may have been sent then. */
  | { kind: 'later'; why: string; pause?: PauseReason; doubt?: Moment }
);

class NotBegun extends Error {}

/** Sends the requests of campaigns, each so that no recipient gets the message twice. */
export class ChunkSender {
  readonly #logger = new Logger('OurSmsCampaign');
  /** Campaigns of which it was said that they go out in quiet hours. */
  readonly #warned = new WeakSet<CampaignRecord>();

  constructor(private readonly parts: ChunkSenderParts) {}

  /** Never rejects for what the gateway or the network does. */
  async send(request: ChunkToSend): Promise<ChunkOutcome> {
    const { record, chunk, stopping } = request;
    const { dests, body = record.message.body } = chunk;
    const { policy, retries } = this.parts;
    const diverted = policy.divertTo === undefined ? dests : [policy.divertTo];
    let { doubt } = request;
    const prepared = this.#prepare({ ...record.message, body, dests: diverted });
    if ('later' in prepared) return { kind: 'later', why: prepared.later, pause: 'quietHours', doubt };
    const { message, warning } = prepared;
    if (warning !== undefined && !this.#warned.has(record))
      this.#logger.warn(`${warning} (campaign ${oneLine(record.id)})`);
    this.#warned.add(record);
    const canGuard = this.parts.unknownOutcome === 'guarded' && !message.delay;
    if (doubt && !canGuard) return unknown(chunk, 'it was on the wire when its process ended');
    const inDoubt = doubt && (await this.#ageOf(doubt, request));
    if (inDoubt && 'later' in inDoubt) return { kind: 'later', why: inDoubt.later, doubt, met: { kind: 'failed' } };
    if (inDoubt && 'unknown' in inDoubt) return unknown(chunk, inDoubt.unknown);
    const attempt: Attempt = async (onTurn) => {
      let began: Moment = { wall: Date.now() };
      const begin = async (): Promise<void> => {
        if (canGuard) began = await this.#now(request, Infinity);
        await request.atWork(true, began);
      };
      const leave = async (): Promise<WireMessage> => {
        // What is in doubt already is known to be.
        if (!doubt) await begin().catch(() => Promise.reject(new NotBegun()));
        return onTurn();
      };
      try {
        return await this.#try(leave, request);
      } catch (error) {
        // Nothing else is thrown than our errors; if it were, the request may have left.
        const mayHaveLeft = error instanceof OurSmsError ? error.outcome === 'unknown' : !(error instanceof NotBegun);
        if (mayHaveLeft) doubt ??= began;
        // It may wait for long before the next try.
        if (!doubt) await request.atWork(false).catch(() => undefined);
        throw error;
      }
    };
    try {
      const receipt = await retries.send(message, attempt, { stopping, inDoubtMs: inDoubt?.ms });
      return { kind: 'result', result: read(receipt, chunk, policy.divertTo !== undefined), met: { kind: 'took' } };
    } catch (error) {
      if (error instanceof OurSmsError) return this.#judge(error, chunk, canGuard, doubt);
      if (error instanceof ClocksDisagree) return { kind: 'later', why: error.message, doubt };
      const why = error instanceof NotBegun ? 'it may not leave now' : 'a fault of this module';
      return { kind: 'later', why, doubt };
    }
  }

  /** One request, when its turn has come. @param leave Called then: gives the message as it must go out. */
  #try(leave: () => Promise<WireMessage>, { pace, mayLeave, stopping }: ChunkToSend): Promise<SendReceipt> {
    return pace.run(
      (turn) =>
        this.parts.limiter.run(
          'bulk',
          async () => {
            await turn.renew();
            if (stopping.aborted || !mayLeave()) throw new NotBegun();
            const message = await leave();
            let isRefused = false;
            const mayStart = (): boolean => {
              isRefused = !mayLeave();
              return !isRefused;
            };
            try {
              return await this.parts.gateway.send(message, 0, { mayStart });
            } catch (error) {
              throw isRefused && error instanceof OurSmsAbortedError ? new NotBegun() : error;
            }
          },
          stopping,
        ),
      stopping,
    );
  }

  #judge(error: OurSmsError, chunk: CampaignChunk, canGuard: boolean, doubt: Moment | undefined): ChunkOutcome {
    const kind = error instanceof OurSmsGatewayError ? error.kind : undefined;
    const pause = kind === undefined || error.outcome === 'unknown' ? undefined : PAUSES[kind];
    const met = failedBy(error);
    const later = { kind: 'later', why: error.message, pause, doubt, met } as const;
    if (doubt) return canGuard ? later : { ...unknown(chunk, error.message), met };
    if (pause !== undefined || error.retryable) return later;
    const { length: recipients } = chunk.dests;
    return { kind: 'result', result: { recipients, fate: 'notSent', reason: error.message }, met };
  }

  /** How long ago a try in doubt began; or why it must stay unknown, or wait until that can be found out. */
  async #ageOf(doubt: Moment, request: ChunkToSend): Promise<{ ms: number } | { unknown: string } | { later: string }> {
    const now = await this.#now(request, TIME_TOLD_MS).catch(() => undefined);
    if (!now) return { later: 'its store does not tell the time' };
    const ms = elapsedMs(doubt, now);
    if (ms !== undefined && ms <= LONGEST_DOUBT_MS) return { ms };
    if (ms !== undefined) return { unknown: 'it was on the wire when its process ended, more than a day ago' };
    // It may be the clock that settles it.
    if (!this.parts.gateway.clock.wasHeardWithin(TIME_TOLD_MS)) return { later: 'the gateway does not answer' };
    return { unknown: 'it was on the wire when its process ended, and the clocks do not tell how long ago that was' };
  }

  /** This moment by all clocks at hand. The gateway is asked when it has not answered in the last so many milliseconds. */
  async #now({ storeTime }: ChunkToSend, withinMs: number): Promise<Moment> {
    const { gateway } = this.parts;
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
      return keepQuietHours(message, this.parts.policy, new Date());
    } catch (error) {
      if (error instanceof OurSmsValidationError) return { later: error.message };
      throw error;
    }
  }
}

/** A request that was not to go is no fault of the gateway. */
const failedBy = (error: OurSmsError): GatewayMeeting | undefined =>
  error instanceof OurSmsAbortedError
    ? undefined
    : { kind: 'failed', retryAfterMs: error instanceof OurSmsGatewayError ? error.retryAfterMs : undefined };

const unknown = ({ dests }: CampaignChunk, reason: string): ChunkOutcome => ({
  kind: 'result',
  result: { recipients: dests.length, fate: 'unknown', reason },
});

/** What a receipt says of each recipient, as far as it says anything. */
function read(receipt: SendReceipt, { dests }: CampaignChunk, isDiverted: boolean): ChunkResult {
  const { accepted, rejected, duplicates, confirmedByTwin = 0, rejectedMsgs } = receipt;
  const recipients = dests.length;
  const all = isDiverted ? 1 : recipients;
  const refused =
    accepted === undefined ? (rejected ?? 0) + (duplicates ?? 0) - confirmedByTwin : all - accepted - confirmedByTwin;
  if (refused <= 0) return { recipients, fate: 'sent' };
  if (isDiverted || refused >= recipients) return { recipients, fate: 'sent', rejected: recipients };
  const named = new Set(rejectedMsgs.map(({ dest }) => respelled(dest)));
  const rejectedDests = dests.filter((dest) => named.has(dest));
  // More than it counts: which of them were rejected is not known.
  if (rejectedDests.length > refused) return { recipients, fate: 'sent', rejected: refused };
  return { recipients, fate: 'sent', rejected: refused, rejectedDests };
}

/** The gateway may spell a number in another way than it was given. */
function respelled(dest = ''): string | undefined {
  const read = normalizeNumber(dest, { country: 'any' });
  return read.ok ? read.number : undefined;
}
