import type { ShownBody } from '../gateway/decode-body.js';
import type { DlrPage } from '../gateway/dlr-page.js';
import type { UnreadableDlrs } from './dlr-events.js';

/** How much of a page could be read. Without it, the page is shown as it is kept. */
interface PartlyRead {
  dlrs: readonly unknown[];
  shown: ShownBody;
}

/** Describes a download that could not be read, with all that came. */
export function describeUnreadable(id: string, page: DlrPage, why: string, reading?: PartlyRead): UnreadableDlrs {
  const { account, receivedAt, text, encoding = 'utf8', contentType, contentEncoding } = page;
  const shown: ShownBody = reading?.shown ?? { raw: text, rawEncoding: encoding };
  const said = shown.rawEncoding === 'base64' ? { contentType, contentEncoding } : {};
  return { id, account, receivedAt, why, salvaged: reading?.dlrs.length ?? 0, ...shown, ...said };
}
