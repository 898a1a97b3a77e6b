/** Balance of the account. @see OurSMS HTTP API, "3. Get Credits Balance" */
export interface Credits {
  /** The remaining credits. It can be a fraction. */
  credits: number;
  /** The whole answer as the gateway sent it. */
  raw: unknown;
}
