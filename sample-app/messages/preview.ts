import {
  adviseMessage,
  describeText,
  normalizeNumber,
  simplifyText,
  type Advice,
  type TextDescription,
} from 'nestjs-oursms';
import type { PreviewDto } from './preview.dto.js';
import { QUIET_HOURS } from './quiet-hours.js';

/** What the page shows while a message is written. */
export type Preview = TextDescription & {
  /** What may keep it from arriving. */
  advice: Advice[];
  /** How many different numbers can be read in the recipients so far. */
  recipients: number;
  /** The text in cheaper characters, and how that travels. */
  simplified: string;
  simplifiedText: TextDescription;
};

/** Looks at a message that is still being written. Nothing is asked of the gateway: this runs with every keystroke. */
export function previewMessage({ dests = [], ...message }: PreviewDto): Preview {
  const numbers = dests.map((dest) => normalizeNumber(dest)).filter((result) => result.ok);
  const simplified = simplifyText(message.body);
  return {
    ...describeText(message.body),
    advice: adviseMessage(message, { quietHours: QUIET_HOURS }),
    recipients: new Set(numbers.map(({ number }) => number)).size,
    simplified,
    simplifiedText: describeText(simplified),
  };
}
