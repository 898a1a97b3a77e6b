/** The user that an API key belongs to. A field that the gateway did not send is `undefined`. */
export interface WhoAmI {
  userId?: string;
  username?: string;
  email?: string;
  /** The whole answer as the gateway sent it. */
  raw: unknown;
}
