/** Resolves as the promise does; rejects when that takes too long. Its later result is ignored. */
export function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it did not finish within ${timeoutMs} ms`)), timeoutMs);
    // A process that ends does not wait for it.
    timer.unref();
    const settle = (): void => clearTimeout(timer);
    promise.then(resolve, reject).then(settle, settle);
  });
}
