/** Callers that wait for a change of a record. */
export class RecordWaits {
  /** By the id of the record. */
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Starts a wait for a change of any of these records, which aborts `signal`. Always call `end`. */
  begin(ids: readonly string[]): { signal: AbortSignal; end: () => void } {
    const controller = new AbortController();
    const wake = (): void => controller.abort();
    for (const id of ids) this.#waiting.set(id, (this.#waiting.get(id) ?? new Set()).add(wake));
    const end = (): void => {
      for (const id of ids) {
        const others = this.#waiting.get(id);
        others?.delete(wake);
        if (others?.size === 0) this.#waiting.delete(id);
      }
    };
    return { signal: controller.signal, end };
  }

  /** Ends the waits for this record, so that their callers read it again. */
  wake(id: string): void {
    for (const wake of this.#waiting.get(id) ?? []) wake();
  }
}
