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

/** A warning about a message. It blocks nothing: who registered the sender knows better than any rule of thumb. */
export interface Advice {
  /** Its subject, for programs. */
  code: AdviceCode;
  /** The risk and the remedy, in one sentence. It quotes neither text nor sender. */
  message: string;
  /** Where the rule comes from, and how sure that is. */
  source: string;
}

/** The part of a message that advice is based on: as `OurSmsService.send` takes it, perhaps incomplete. */
export interface AdvisableMessage {
  /** The sender. Without one, nothing is said about it. */
  src?: string;
  /** The text. */
  body?: string;
  /** The class it is routed by. */
  msgClass?: 'transactional' | 'promotional';
  /** Minutes that the gateway holds the message before it is sent. */
  delay?: number;
}

/** Saudi rules reach a client through its provider: none of these sentences is the regulator's own. */
export const SAUDI_RULES =
  'Rules of the Saudi regulator (CST) on bulk SMS, as SMS providers hand them on; ask yours for the wording in force';
