/** Subject of a piece of advice. */
export type AdviceCode =
  | 'senderTooLong'
  | 'senderNotGsm'
  | 'promotionalWithoutAd'
  | 'transactionalWithAd'
  | 'shortenedUrl'
  | 'url'
  | 'otpWithoutPurpose'
  | 'quietHours';

/** A warning about a message. It never blocks sending: the owner of a sender name may know better than a rule of thumb. */
export interface Advice {
  /** Machine-readable subject. */
  code: AdviceCode;
  /** The risk and the remedy, in one sentence. It contains neither text nor sender. */
  message: string;
  /** Origin of the rule, and its certainty. */
  source: string;
}

/** The fields of a message that advice is based on, as `OurSmsService.send` takes them. All may be missing. */
export interface AdvisableMessage {
  /** The sender. Without it, there is no advice about the sender. */
  src?: string;
  /** The text. */
  body?: string;
  /** The class that determines the route. */
  msgClass?: 'transactional' | 'promotional';
  /** Minutes that the gateway holds the message before it is sent. */
  delay?: number;
}

/** Clients get the Saudi rules from their providers: no sentence here quotes the regulator. */
export const SAUDI_RULES =
  'Rules of the Saudi regulator (CST) on bulk SMS, as SMS providers hand them on; ask yours for the wording in force';
