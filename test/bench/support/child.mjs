import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * A child process that is asked one thing at a time: `ask(question)` resolves to its answer. A child that ends by itself
 * rejects what was asked.
 */
export class Child {
  #process;
  #exited;

  constructor(file, args = [], execArgv = []) {
    this.#process = fork(fileURLToPath(file), args, { execArgv });
    this.#exited = once(this.#process, 'exit');
  }

  /** The first thing it says by itself. */
  async hears() {
    const died = this.#exited.then(([code]) => {
      throw new Error(`a benchmark process ended with ${code}`);
    });
    const [answer] = await Promise.race([once(this.#process, 'message'), died]);
    return answer;
  }

  async ask(question) {
    const answer = this.hears();
    this.#process.send(question);
    return answer;
  }

  /** Lets it end by itself: children go when their parent hangs up. */
  async end() {
    if (this.#process.connected) this.#process.disconnect();
    await this.#exited;
  }
}
