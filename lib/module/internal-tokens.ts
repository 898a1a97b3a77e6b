/** Name of the account that was registered without one. */
export const DEFAULT_ACCOUNT = 'default';

/** The options as the application gave them. */
export const RAW_OPTIONS = Symbol('OURSMS_RAW_OPTIONS');
/** The name of the account: {@link DEFAULT_ACCOUNT} for the unnamed one. */
export const ACCOUNT_NAME = Symbol('OURSMS_ACCOUNT_NAME');
/** The opened `Account`. */
export const ACCOUNT = Symbol('OURSMS_ACCOUNT');
/** The `AccountLifecycle`, whose hooks Nest calls. */
export const LIFECYCLE = Symbol('OURSMS_LIFECYCLE');
/** The token of the `AccountHealth` of an account, which health indicators look for in the whole application. */
export const getHealthToken = (account: string): string => `OurSmsHealth:${account}`;
/** The token of the `AccountWebhook` of an account, which its controllers look for in the whole application. */
export const getWebhookToken = (account: string): string => `OurSmsWebhook:${account}`;
