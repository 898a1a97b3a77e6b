import type { Span } from '@opentelemetry/api';
import type { SendReceipt } from '../dto/send-receipt.js';
import { OurSmsGatewayError } from '../errors/oursms-gateway.error.js';
import { OurSmsError } from '../errors/oursms.error.js';
import type { SendEnd, SendOrigin, SendSpan } from '../telemetry/telemetry.js';
import type { AccountMetrics } from './account-metrics.js';
import { ATTRIBUTES, type SendOutcome } from './attributes.js';
import { errorType, markFailed } from './error-type.js';
import { toTraceparent } from './traceparent.js';

/** Span and metrics of a send. */
export class TracedSend implements SendSpan {
  readonly traceparent: string | undefined;
  readonly #startedAt = performance.now();
  #tries = 0;

  constructor(
    private readonly span: Span,
    private readonly metrics: AccountMetrics | undefined,
    private readonly origin: SendOrigin,
    private readonly recipients: number,
  ) {
    this.traceparent = toTraceparent(span.spanContext());
  }

  tryLeaves(tries: number): void {
    this.#tries = tries;
    this.span.addEvent('oursms.try', { [ATTRIBUTES.tryNumber]: tries });
  }

  tryFailed(tries: number, error: unknown): void {
    this.span.addEvent('oursms.try.failed', {
      [ATTRIBUTES.tryNumber]: tries,
      [ATTRIBUTES.errorType]: errorType(error),
      // Only an OurSmsError states whether the request left.
      [ATTRIBUTES.outcome]: error instanceof OurSmsError ? error.outcome : 'unknown',
    });
  }

  end(result: SendEnd): void {
    const outcome = outcomeOf(result);
    const type = errorOf(result);
    this.span.setAttribute(ATTRIBUTES.outcome, outcome);
    this.span.setAttribute(ATTRIBUTES.tries, this.#tries);
    if (result.kind === 'sent') this.#noteReceipt(result.receipt);
    if (result.kind === 'failed' && result.error instanceof OurSmsGatewayError) {
      this.span.setAttribute(ATTRIBUTES.httpStatus, result.error.httpStatus);
    }
    if (type !== undefined) markFailed(this.span, type);
    this.span.end();
    const isAttempt = this.#tries > 0 && outcome !== 'withdrawn';
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    const { origin, recipients } = this;
    this.metrics?.sent({ origin, recipients, outcome, isAttempt, errorType: type, seconds });
  }

  #noteReceipt({ jobId, accepted, rejected, duplicates, acceptedMsgs }: SendReceipt): void {
    const msgId = this.recipients === 1 ? acceptedMsgs[0]?.msgId : undefined;
    if (jobId !== undefined) this.span.setAttribute(ATTRIBUTES.jobId, jobId);
    if (msgId !== undefined) this.span.setAttribute(ATTRIBUTES.messageId, msgId);
    if (accepted !== undefined) this.span.setAttribute(ATTRIBUTES.accepted, accepted);
    if (rejected !== undefined) this.span.setAttribute(ATTRIBUTES.rejected, rejected);
    if (duplicates !== undefined) this.span.setAttribute(ATTRIBUTES.duplicates, duplicates);
  }
}

function outcomeOf(result: SendEnd): SendOutcome {
  if (result.kind === 'sent') return 'sent';
  if (result.doubt) return 'unknown';
  return result.kind === 'failed' ? 'notSent' : 'withdrawn';
}

/** A withdrawn send counts as failed only when one of its tries may have been sent. */
function errorOf(result: SendEnd): string | undefined {
  if (result.kind === 'failed') return errorType(result.error);
  if (result.kind === 'sent' || !result.doubt) return undefined;
  return errorType((result.doubt as { error?: unknown }).error);
}
