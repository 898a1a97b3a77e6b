import { openInbox } from './through-the-inbox.mjs';

/** The same way, through the memory of the process. */
export const open = (baseUrl) => openInbox(baseUrl, 'memory');
