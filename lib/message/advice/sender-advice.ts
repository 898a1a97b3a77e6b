import { describeText } from '../describe-text.js';
import { SAUDI_RULES, type AdvisableMessage, type Advice } from './advice.js';

/** Maximum length of a sender name: 10 octets of 7-bit characters. @see 3GPP TS 23.040, 9.1.2.5 */
const MAX_NAME_UNITS = 11;
/** Maximum digits of a number. @see ITU-T E.164, 6.2.1 */
const MAX_NUMBER_DIGITS = 15;

const PROMOTIONAL_SUFFIX = /-ad$/i;

/** Whether a message counts as promotional: by its class, or by a sender name that ends in `-AD`. */
export function isPromotional({ src, msgClass }: AdvisableMessage): boolean {
  return msgClass === 'promotional' || PROMOTIONAL_SUFFIX.test(src ?? '');
}

/** Advice on the sender: its length, its characters, and whether it fits the class. */
export function adviseOnSender({ src = '', msgClass }: AdvisableMessage): Advice[] {
  if (src === '') return [];
  const digits = /^\+?(\d+)$/.exec(src)?.[1];
  return digits === undefined ? adviseOnName(src, msgClass) : adviseOnNumber(digits);
}

function adviseOnNumber({ length }: string): Advice[] {
  if (length <= MAX_NUMBER_DIGITS) return [];
  return [
    {
      code: 'senderTooLong',
      message: `The sender number has ${length} digits, and a phone number has at most ${MAX_NUMBER_DIGITS}.`,
      source: 'ITU-T E.164, 6.2.1',
    },
  ];
}

function adviseOnName(src: string, msgClass: AdvisableMessage['msgClass']): Advice[] {
  const { encoding, units } = describeText(src);
  const hasPromotionalSuffix = PROMOTIONAL_SUFFIX.test(src);
  const advice: Advice[] = [];
  if (units > MAX_NAME_UNITS) {
    advice.push({
      code: 'senderTooLong',
      message: `The sender name takes ${units} characters and has room for ${MAX_NAME_UNITS}: it may be cut or refused.`,
      source: `3GPP TS 23.040, 9.1.2.5 (10 octets are ${MAX_NAME_UNITS} characters of 7 bits)`,
    });
  }
  if (encoding !== 'GSM-7') {
    advice.push({
      code: 'senderNotGsm',
      message: 'The sender name has characters that the sender field cannot carry: use Latin letters and digits.',
      source: '3GPP TS 23.040, 9.1.2.5: sender names are written in the GSM 7-bit alphabet of TS 23.038',
    });
  }
  if (msgClass === 'promotional' && !hasPromotionalSuffix) {
    advice.push({
      code: 'promotionalWithoutAd',
      message: `The message is promotional and its sender name does not end in -AD, which belongs inside the ${MAX_NAME_UNITS} characters.`,
      source: SAUDI_RULES,
    });
  }
  if (msgClass === 'transactional' && hasPromotionalSuffix) {
    advice.push({
      code: 'transactionalWithAd',
      message: 'The message is transactional and its sender name ends in -AD, which marks a promotional one.',
      source: SAUDI_RULES,
    });
  }
  return advice;
}
