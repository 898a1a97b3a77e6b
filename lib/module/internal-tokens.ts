/** The options as the application gave them. */
export const RAW_OPTIONS = Symbol('OURSMS_RAW_OPTIONS');
/** The OurSmsApplication that all accounts share. */
export const APPLICATION = Symbol('OURSMS_APPLICATION');
/** The name of the account, `default` for the unnamed one. */
export const ACCOUNT = Symbol('OURSMS_ACCOUNT');
/** What only an application that starts needs: see bootstrap.ts. */
export const BOOTSTRAP = Symbol('OURSMS_BOOTSTRAP');
/** The checked and complete options. */
export const RESOLVED_OPTIONS = Symbol('OURSMS_RESOLVED_OPTIONS');
/** The account's GatewayClient. */
export const GATEWAY = Symbol('OURSMS_GATEWAY');
/** The account's Outbox. */
export const OUTBOX = Symbol('OURSMS_OUTBOX');
/** The account's OurSmsLifecycle. */
export const LIFECYCLE = Symbol('OURSMS_LIFECYCLE');
/** The account's Turns: the rate limiter of all that it sends. */
export const TURNS = Symbol('OURSMS_TURNS');
/** The StoragePlace of the account's queues. */
export const STORAGE_PLACE = Symbol('OURSMS_STORAGE_PLACE');
/** The account's OurSmsStorage. */
export const STORAGE = Symbol('OURSMS_STORAGE');
/** The account's OurSmsCampaigning. */
export const CAMPAIGNING = Symbol('OURSMS_CAMPAIGNING');
/** The account's OurSmsReceiving. */
export const RECEIVING = Symbol('OURSMS_RECEIVING');
