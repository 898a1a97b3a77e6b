/**
 * What only an application that starts needs. It is loaded then, in one piece, so that importing the module stays cheap.
 */
export { openGateway } from '../gateway/open-gateway.js';
export { OurSmsLifecycle } from './oursms.lifecycle.js';
export { OurSmsCampaigning } from './oursms.campaigning.js';
export { OurSmsStorage, storagePlace } from './account-storage.js';
export { OurSmsReceiving } from './oursms.receiving.js';
export { resolveOptions } from '../options/resolve-options.js';
export { Outbox } from '../sending/outbox.js';
export { Turns } from '../sending/turns.js';
