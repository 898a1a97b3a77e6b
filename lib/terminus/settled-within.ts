/** Result of a promise, or that there was none in time. */
export type Settled<T> = { kind: 'value'; value: T } | { kind: 'error' } | { kind: 'timeout' };

/** How a promise has settled by a deadline. Its later result is ignored, and its error is not told. */
export function settledWithin<T>(timeoutMs: number, promise: Promise<T>): Promise<Settled<T>> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'timeout' }), timeoutMs);
    promise
      .then(
        (value) => resolve({ kind: 'value', value }),
        () => resolve({ kind: 'error' }),
      )
      .finally(() => clearTimeout(timer));
  });
}
