import type { ShownBody } from '../gateway/decode-body.js';
import type { DlrPage } from '../gateway/dlr-page.js';
import type { UnreadableDlrs } from './dlr-events.js';

/** The part of a page that could be read. */
interface PartialReading {
  dlrs: readonly unknown[];
  shown: ShownBody;
}

/** Describes a page that could not be read. @param reading Unset: the body is shown as it is stored. */
export function describeUnreadable(id: string, page: DlrPage, why: string, reading?: PartialReading): UnreadableDlrs {
  const { account, receivedAt, text, encoding = 'utf8', contentType, contentEncoding } = page;
  const shown: ShownBody = reading?.shown ?? { raw: text, rawEncoding: encoding };
  const headers = shown.rawEncoding === 'base64' ? { contentType, contentEncoding } : {};
  return { id, account, receivedAt, why, salvaged: reading?.dlrs.length ?? 0, ...shown, ...headers };
}
