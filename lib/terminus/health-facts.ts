import type { AccountHealth, MessageFacts, ReportFacts } from '../module/account-health.js';

/** What is known of an account when its health is judged. */
export interface HealthFacts {
  /** `timeout`: it did not answer in time. */
  store: 'writable' | 'notWritable' | 'timeout';
  /** Undefined for an account that receives no reports. */
  reports: ReportFacts | undefined | 'notReadable' | 'timeout';
  /** Undefined for an account that tracks nothing, or has not needed its store yet. */
  messages: MessageFacts | undefined | 'notReadable' | 'timeout';
  /** Undefined when they could not be read. */
  credits: number | undefined | 'timeout';
  gateway: AccountHealth['gatewayState'];
}
