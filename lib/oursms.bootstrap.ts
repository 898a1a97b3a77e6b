/**
 * What only an application that starts needs. It is loaded then, in one piece, so that importing the module stays cheap.
 */
export { openGateway } from './gateway/open-gateway.js';
export { OurSmsLifecycle } from './oursms.lifecycle.js';
export { OurSmsCampaigning } from './oursms.campaigning.js';
export { OurSmsStorage, storagePlace } from './oursms.open-storage.js';
export { OurSmsReceiving } from './oursms.receiving.js';
export { resolveOptions } from './oursms.resolve-options.js';
export { Outbox } from './outbox/outbox.js';
export { RateLimiter } from './outbox/rate-limiter.js';
export { Retries } from './outbox/retries.js';
