import type { SendReceipt } from '../../dto/send-receipt.js';
import { OurSmsError } from '../../errors/oursms.error.js';
import { OurSmsGatewayError, type GatewayErrorKind } from '../../errors/oursms-gateway.error.js';
import { OurSmsValidationError } from '../../errors/oursms-validation.error.js';
import type { GatewayClient } from '../../gateway/gateway-client.js';
import { keepQuietHours } from '../keep-quiet-hours.js';
import type { MessagePolicy } from '../prepare-message.js';
import type { RateLimiter } from '../rate-limiter.js';
import type { Retries, UnknownOutcomeAction } from '../retries.js';
import type { PauseReason } from './campaign.types.js';
import type { CampaignChunk, CampaignRecord, ChunkResult } from './campaign-record.js';

/** A look-back longer than this is not asked of a gateway. */
const LONGEST_DOUBT_MS = 24 * 60 * 60_000;

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
  /** The campaign's own limit. */
  limiter: RateLimiter;
  /** When a try began that ended without a verdict: milliseconds since 1970. */
  interruptedAt?: number;
  stopping: AbortSignal;
}

/** What became of a chunk: a result, or it must be sent later. `doubtSince`: it may have been sent since then. */
export type ChunkOutcome =
  { kind: 'result'; result: ChunkResult } | { kind: 'later'; why: string; pause?: PauseReason; doubtSince?: number };

class NotBegun extends Error {}

/** Sends the requests of campaigns, each so that no recipient gets the message twice. */
export class ChunkSender {
  constructor(private readonly parts: ChunkSenderParts) {}

  /** Never rejects for what the gateway or the network does. */
  async send({ record, chunk, limiter, interruptedAt, stopping }: ChunkToSend): Promise<ChunkOutcome> {
    const { dests, body = record.message.body } = chunk;
    const began = Date.now();
    const doubtSince = chunk.doubtSince ?? interruptedAt;
    const { policy, retries, gateway } = this.parts;
    const diverted = policy.divertTo === undefined ? dests : [policy.divertTo];
    const prepared = this.#prepare({ ...record.message, body, dests: diverted });
    if ('later' in prepared) return { kind: 'later', why: prepared.later, pause: 'quietHours', doubtSince };
    const { message } = prepared;
    const canGuard = this.parts.unknownOutcome === 'guarded' && !message.delay;
    const inDoubtMs = doubtSince === undefined ? undefined : began - doubtSince;
    // A clock that was set back tells nothing about how long ago that was.
    if (inDoubtMs !== undefined && !(canGuard && inDoubtMs >= 0 && inDoubtMs <= LONGEST_DOUBT_MS)) {
      return unknown(chunk, 'it was on the wire when its process ended');
    }
    try {
      const receipt = await retries.send(
        message,
        (wired) => {
          const send = (): Promise<SendReceipt> => {
            // Its turn never came: the application is ending.
            if (stopping.aborted) throw new NotBegun();
            return gateway.send(wired, 0, {});
          };
          return limiter.run('bulk', () => this.parts.limiter.run('bulk', async () => send(), stopping), stopping);
        },
        { stopping, inDoubtMs },
      );
      return { kind: 'result', result: read(receipt, chunk, policy.divertTo !== undefined) };
    } catch (error) {
      if (error instanceof NotBegun) return { kind: 'later', why: 'the application is ending', doubtSince };
      // Nothing else is thrown; if it were, the request may have left.
      if (!(error instanceof OurSmsError))
        return { kind: 'later', why: 'a fault of this module', doubtSince: doubtSince ?? began };
      return this.#judge(error, chunk, canGuard, doubtSince ?? (error.outcome === 'unknown' ? began : undefined));
    }
  }

  #judge(error: OurSmsError, chunk: CampaignChunk, canGuard: boolean, doubtSince: number | undefined): ChunkOutcome {
    const kind = error instanceof OurSmsGatewayError ? error.kind : undefined;
    const pause = kind === undefined || error.outcome === 'unknown' ? undefined : PAUSES[kind];
    const later = { kind: 'later', why: error.message, pause, doubtSince } as const;
    if (doubtSince !== undefined) return canGuard ? later : unknown(chunk, error.message);
    if (pause !== undefined || error.retryable) return later;
    return { kind: 'result', result: { ...chunk, fate: 'notSent', reason: error.message } };
  }

  #prepare<T extends Parameters<typeof keepQuietHours>[0]>(message: T): { message: T } | { later: string } {
    try {
      return keepQuietHours(message, this.parts.policy, new Date());
    } catch (error) {
      if (error instanceof OurSmsValidationError) return { later: error.message };
      throw error;
    }
  }
}

const unknown = ({ dests, body }: CampaignChunk, reason: string): ChunkOutcome => ({
  kind: 'result',
  result: { dests, body, fate: 'unknown', reason },
});

/** What a receipt says of each recipient, as far as it says anything. */
function read(receipt: SendReceipt, { dests, body }: CampaignChunk, isDiverted: boolean): ChunkResult {
  const { accepted, rejected, duplicates, confirmedByTwin = 0, rejectedMsgs } = receipt;
  const all = isDiverted ? 1 : dests.length;
  const refused =
    accepted === undefined ? (rejected ?? 0) + (duplicates ?? 0) - confirmedByTwin : all - accepted - confirmedByTwin;
  if (refused <= 0) return { dests, body, fate: 'sent' };
  const rejectedDests = rejectedMsgs.map(({ dest }) => dest).filter((dest) => dest !== undefined);
  if (isDiverted) return { dests, body, fate: 'sent', rejected: dests.length, rejectedDests: dests };
  return { dests, body, fate: 'sent', rejected: Math.min(refused, dests.length), rejectedDests };
}
