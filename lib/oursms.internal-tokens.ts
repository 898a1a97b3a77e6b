/** The options as the application gave them. */
export const RAW_OPTIONS = Symbol('OURSMS_RAW_OPTIONS');
/** The name of the account, `default` for the unnamed one. */
export const ACCOUNT = Symbol('OURSMS_ACCOUNT');
/** The checked and complete options. */
export const RESOLVED_OPTIONS = Symbol('OURSMS_RESOLVED_OPTIONS');
/** The account's GatewayClient. */
export const GATEWAY = Symbol('OURSMS_GATEWAY');
/** What the options say about every message. */
export const MESSAGE_POLICY = Symbol('OURSMS_MESSAGE_POLICY');
