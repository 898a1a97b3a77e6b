import { context, ROOT_CONTEXT, SpanKind, type Attributes, type Tracer } from '@opentelemetry/api';
import type { Dlr } from '../dto/dlr.js';
import type {
  AccountReadings,
  ProcessSpan,
  ReceiveSpan,
  ReportSource,
  SendOrigin,
  SendSpan,
  SentFacts,
  Telemetry,
  TelemetryAccount,
} from '../telemetry/telemetry.js';
import type { AccountMetrics } from './account-metrics.js';
import { ATTRIBUTES, attributesOf, spanName } from './attributes.js';
import { TracedProcess } from './traced-process.js';
import { TracedReceive } from './traced-receive.js';
import { TracedSend } from './traced-send.js';
import { fromTraceparent } from './traceparent.js';

/** Records spans and metrics of an account with the API of OpenTelemetry. */
export class OpenTelemetryPort implements Telemetry {
  readonly #send: Attributes;
  readonly #receive: Attributes;
  readonly #process: Attributes;

  /** @param metrics Unset: only spans are recorded. */
  constructor(
    account: TelemetryAccount,
    private readonly tracer: Tracer,
    private readonly metrics: AccountMetrics | undefined,
  ) {
    this.#send = attributesOf('send', account);
    this.#receive = attributesOf('receive', account);
    this.#process = attributesOf('process', account);
  }

  startSend(origin: SendOrigin, recipients: number): SendSpan {
    const attributes: Attributes = { ...this.#send, [ATTRIBUTES.origin]: origin };
    if (recipients > 1) attributes[ATTRIBUTES.batchCount] = recipients;
    // The active context of a campaign is that of the code that started, resumed or read it, perhaps days ago.
    const parent = origin === 'campaign' ? ROOT_CONTEXT : context.active();
    const span = this.tracer.startSpan(spanName('send'), { kind: SpanKind.PRODUCER, attributes }, parent);
    return new TracedSend(span, this.metrics, origin, recipients);
  }

  startReceive(source: ReportSource): ReceiveSpan {
    const attributes = { ...this.#receive, [ATTRIBUTES.reportSource]: source };
    // The gateway sends the request of a push.
    const kind = source === 'push' ? SpanKind.CONSUMER : SpanKind.CLIENT;
    // Timers of the poller inherit the context of the code that armed the first one.
    const parent = source === 'poll' ? ROOT_CONTEXT : context.active();
    const span = this.tracer.startSpan(spanName('receive'), { kind, attributes }, parent);
    return new TracedReceive(span, this.metrics, source);
  }

  consumed(source: ReportSource, reports: number): void {
    this.metrics?.consumed(source, reports);
  }

  startProcess({ msgId, jobId, status, receivedAt, via }: Dlr, sent: SentFacts = {}): ProcessSpan {
    const sender = sent.traceparent === undefined ? undefined : fromTraceparent(sent.traceparent);
    const attributes: Attributes = {
      ...this.#process,
      [ATTRIBUTES.reportStatus]: status,
      [ATTRIBUTES.reportSource]: via,
    };
    if (msgId !== undefined) attributes[ATTRIBUTES.messageId] = msgId;
    if (jobId !== undefined) attributes[ATTRIBUTES.jobId] = jobId;
    const links = sender && [{ context: sender }];
    const span = this.tracer.startSpan(
      spanName('process'),
      { kind: SpanKind.CONSUMER, attributes, links },
      // The active context is that of another report, or of a timer.
      ROOT_CONTEXT,
    );
    return new TracedProcess(span, this.metrics, status, receivedAt, sent.sentAt);
  }

  observe(read: () => Promise<AccountReadings>): void {
    this.metrics?.observe(read);
  }

  close(): void {
    this.metrics?.close();
  }
}
