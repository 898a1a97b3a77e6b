/** How a call can be made to fail. */
export type TestFailure =
  'auth' | 'balance' | 'sender' | 'routing' | 'rateLimit' | 'server' | 'timeout' | 'unreachable' | 'garbage';
