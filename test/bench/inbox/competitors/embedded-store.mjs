import { openInbox } from './through-the-inbox.mjs';

/** Each page is durable before it is read. */
export const open = (baseUrl, path) => openInbox(baseUrl, { path });
