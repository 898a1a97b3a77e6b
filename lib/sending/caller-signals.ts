/** Signal of one send, which is aborted with the signal of its caller. */
interface FollowedSignal {
  signal?: AbortSignal;
  /** Stops following the caller's signal: call it when the send has ended. */
  end: () => void;
}

/**
 * Gives each send its own signal, which follows the signal of its caller. Node warns of a leak at more than ten listeners:
 * the caller's signal gets one listener, also when many sends share it.
 */
export class CallerSignals {
  readonly #followers = new WeakMap<AbortSignal, { sends: Set<AbortController>; stop: () => void }>();

  follow(signal: AbortSignal | undefined): FollowedSignal {
    if (signal === undefined || signal.aborted) return { signal, end: () => undefined };
    const followers = this.#followersOf(signal);
    const send = new AbortController();
    followers.sends.add(send);
    const end = (): void => {
      followers.sends.delete(send);
      if (followers.sends.size === 0) followers.stop();
    };
    return { signal: send.signal, end };
  }

  #followersOf(signal: AbortSignal): { sends: Set<AbortController>; stop: () => void } {
    const known = this.#followers.get(signal);
    if (known) return known;
    const sends = new Set<AbortController>();
    const abort = (): void => {
      for (const send of sends) send.abort(signal.reason);
    };
    const stop = (): void => {
      signal.removeEventListener('abort', abort);
      this.#followers.delete(signal);
    };
    signal.addEventListener('abort', abort, { once: true });
    const followers = { sends, stop };
    this.#followers.set(signal, followers);
    return followers;
  }
}
