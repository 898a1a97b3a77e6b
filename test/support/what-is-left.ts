/** Ends something that a suite has started. */
type End = () => Promise<unknown>;

const left = new Set<End>();
let isOver = false;

/**
 * Notes how to end what a suite is about to start: a test that fails or times out may not come to that.
 *
 * @returns Forgets it: it has ended.
 * @throws Error once the suite has ended
 */
export function endWithSuite(end: End): () => void {
  if (isOver) throw new Error('the suite has ended: nothing is started any more');
  left.add(end);
  return () => left.delete(end);
}

/** Ends what is left, and lets nothing start any more: for the last `afterAll` of a suite. */
export async function endWhatIsLeft(): Promise<void> {
  isOver = true;
  await Promise.allSettled([...left].map((end) => end()));
}

/** Ends one thing after the other, also when one of them fails. @throws the first error */
export async function endAll(...ends: (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const end of ends) {
    try {
      await end();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/** Waits until all have come to their end, also when one fails: it must not go on beside the next test. @throws the first error */
export async function allEnded<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
