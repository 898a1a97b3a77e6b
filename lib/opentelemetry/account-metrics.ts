import type { Attributes, BatchObservableCallback, Meter, Observable } from '@opentelemetry/api';
import type { DlrStatus } from '../dto/dlr.js';
import {
  SEND_ORIGINS,
  type AccountReadings,
  type ReportSource,
  type SendOrigin,
  type TelemetryAccount,
} from '../telemetry/telemetry.js';
import { ATTRIBUTES, attributesOf, SEND_OUTCOMES, type SendOutcome } from './attributes.js';

/** Seconds. @see OpenTelemetry, "Semantic conventions for messaging client metrics" */
const OPERATION_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** Seconds: a phone answers at once, or when it is switched on again. */
const DELIVERY_SECONDS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 18_000, 36_000, 108_000];

const duration = (
  description: string,
  explicitBucketBoundaries: number[],
): Parameters<Meter['createHistogram']>[1] => ({
  description,
  unit: 's',
  advice: { explicitBucketBoundaries },
});

/** Metrics of an account. None of them carries an id. */
export class AccountMetrics {
  readonly #instruments: ReturnType<typeof instrumentsOf>;
  readonly #account: Attributes;
  readonly #send: Attributes;
  readonly #receive: Attributes;
  readonly #process: Attributes;
  #callback: BatchObservableCallback | undefined;

  constructor(
    private readonly meter: Meter,
    account: TelemetryAccount,
  ) {
    this.#instruments = instrumentsOf(meter);
    this.#account = { [ATTRIBUTES.account]: account.name };
    this.#send = attributesOf('send', account);
    this.#receive = attributesOf('receive', account);
    this.#process = attributesOf('process', account);
    // Counters start at 0: a query sees no increase when the first value is 1, so an alarm would miss the first unknown outcome.
    for (const origin of SEND_ORIGINS) for (const outcome of SEND_OUTCOMES) this.#countSend(origin, outcome, 0);
  }

  /** Records a send that has ended. @param isAttempt Whether one of its tries may have left. */
  sent(send: {
    origin: SendOrigin;
    recipients: number;
    outcome: SendOutcome;
    isAttempt: boolean;
    errorType: string | undefined;
    seconds: number;
  }): void {
    const { origin, recipients, outcome, isAttempt, errorType, seconds } = send;
    const { operationDuration, sentMessages } = this.#instruments;
    this.#countSend(origin, outcome, 1);
    if (!isAttempt) return;
    const attributes = { ...this.#send, ...errorAttributes(errorType) };
    operationDuration.record(seconds, attributes);
    sentMessages.add(recipients, attributes);
  }

  /** Records a download or a push that has ended. */
  received(source: ReportSource, errorType: string | undefined, seconds: number): void {
    const attributes = { ...this.#receive, [ATTRIBUTES.reportSource]: source, ...errorAttributes(errorType) };
    this.#instruments.operationDuration.record(seconds, attributes);
  }

  /** Counts reports that were read for the first time. */
  consumed(source: ReportSource, reports: number): void {
    this.#instruments.consumedMessages.add(reports, { ...this.#receive, [ATTRIBUTES.reportSource]: source });
  }

  /** Records a report whose listeners have settled. */
  processed(errorType: string | undefined, seconds: number): void {
    this.#instruments.processDuration.record(seconds, { ...this.#process, ...errorAttributes(errorType) });
  }

  /** Records a message that has its final status. */
  settled(status: DlrStatus, seconds: number): void {
    this.#instruments.deliveryDuration.record(seconds, { ...this.#account, [ATTRIBUTES.reportStatus]: status });
  }

  /** Reads the state of the account once for each collection, until {@link close}. */
  observe(read: () => Promise<AccountReadings>): void {
    this.close();
    const { credits, inboxWaiting, inboxOldestAge, inboxGaps, campaignPending } = this.#instruments;
    this.#callback = async (result) => {
      const readings = await read();
      const observe = (observable: Observable, value: number | undefined): void => {
        if (value !== undefined) result.observe(observable, value, this.#account);
      };
      observe(credits, readings.credits);
      observe(inboxWaiting, readings.inbox?.waiting);
      observe(inboxOldestAge, readings.inbox && readings.inbox.oldestMs / 1_000);
      observe(inboxGaps, readings.inbox?.gaps);
      observe(campaignPending, readings.campaignPending);
    };
    this.meter.addBatchObservableCallback(this.#callback, this.#observables);
  }

  /** Ends {@link observe}. */
  close(): void {
    if (this.#callback) this.meter.removeBatchObservableCallback(this.#callback, this.#observables);
    this.#callback = undefined;
  }

  #countSend(origin: SendOrigin, outcome: SendOutcome, count: number): void {
    const attributes = { ...this.#account, [ATTRIBUTES.origin]: origin, [ATTRIBUTES.outcome]: outcome };
    this.#instruments.sends.add(count, attributes);
  }

  get #observables(): Observable[] {
    const { credits, inboxWaiting, inboxOldestAge, inboxGaps, campaignPending } = this.#instruments;
    return [credits, inboxWaiting, inboxOldestAge, inboxGaps, campaignPending];
  }
}

const errorAttributes = (errorType: string | undefined): Attributes =>
  errorType === undefined ? {} : { [ATTRIBUTES.errorType]: errorType };

const instrumentsOf = (meter: Meter) => ({
  operationDuration: meter.createHistogram(
    'messaging.client.operation.duration',
    duration('Duration of sends to the gateway and of downloads from it', OPERATION_SECONDS),
  ),
  processDuration: meter.createHistogram(
    'messaging.process.duration',
    duration('Duration of the delivery of a report to its listeners', OPERATION_SECONDS),
  ),
  deliveryDuration: meter.createHistogram(
    'oursms.delivery.duration',
    duration('Time from the send of a message to the report of its final status', DELIVERY_SECONDS),
  ),
  sentMessages: meter.createCounter('messaging.client.sent.messages', {
    description: 'Messages that were sent to the gateway, one for each recipient',
    unit: '{message}',
  }),
  consumedMessages: meter.createCounter('messaging.client.consumed.messages', {
    description: 'Delivery reports that came from the gateway',
    unit: '{message}',
  }),
  sends: meter.createCounter('oursms.sends', { description: 'Sends by outcome', unit: '{send}' }),
  credits: meter.createObservableGauge('oursms.credits', {
    description: 'The last balance that the gateway reported',
    unit: '{credit}',
  }),
  inboxWaiting: meter.createObservableGauge('oursms.inbox.waiting', {
    description: 'Delivery reports that wait for a listener',
    unit: '{report}',
  }),
  inboxOldestAge: meter.createObservableGauge('oursms.inbox.oldest_age', {
    description: 'Age of the oldest delivery report, or download, that is not handled yet',
    unit: 's',
  }),
  inboxGaps: meter.createObservableGauge('oursms.inbox.gaps', {
    description: 'Downloads whose reports may be lost, since the store was made',
    unit: '{gap}',
  }),
  campaignPending: meter.createObservableGauge('oursms.campaign.pending', {
    description: 'Recipients of campaigns that have no outcome yet',
    unit: '{recipient}',
  }),
});
