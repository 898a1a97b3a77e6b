import { setTimeout as wait } from 'node:timers/promises';
import type { Life } from '../account-for.js';
import { Instance } from './instance.js';
import type { Still } from './moves.js';
import { settingsOf, type InstancePlan } from './settings.js';

/** What the instances of all places have in common. */
export type PlacesPlan = Omit<InstancePlan, 'place' | 'life'>;

const END_MS = 30_000;

interface Running {
  life: Life;
  instance: Instance;
}

/** The places that instances run at, one after the other: each has its directory, if there is any. */
export class Places {
  readonly lives: Life[] = [];
  /** When which life was made to stand still. */
  readonly still: Still[] = [];
  /** What was wrong with instances. */
  readonly faults: string[] = [];
  readonly #running: Running[] = [];
  readonly #processes = new Set<Instance>();
  #spare: Instance | undefined;

  /** @param began Told of each instance that has begun. */
  constructor(
    private readonly plan: PlacesPlan,
    private readonly began: (place: number, instance: Instance) => void = () => undefined,
  ) {}

  /** The instances that there are, by their places. */
  get instances(): readonly Instance[] {
    return this.#running.map(({ instance }) => instance);
  }

  /** The lives that there are, by their places. */
  get current(): readonly Life[] {
    return this.#running.map(({ life }) => life);
  }

  /** Lets a process load everything, so that it is there at once when it is needed. */
  prepare(): void {
    this.#spare ??= this.#load();
  }

  begin(place: number): void {
    const number = this.lives.length;
    const instance = this.#spare ?? this.#load();
    this.#spare = undefined;
    // Tells the downloads of instances from each other: no two of their lives ask for as many.
    const life: Life = { number, asked: 20 + (number % 480) };
    this.lives.push(life);
    this.#running[place] = { life, instance };
    instance.on('fault', ({ what }) => this.faults.push(`life ${number}: ${what}`));
    void instance.ended.then(({ code, signal, said }) => {
      if (life.signal !== signal) this.faults.push(`life ${number} ended with ${signal ?? code}: ${said}`);
    });
    instance.start(settingsOf({ ...this.plan, place, life }));
    this.began(place, instance);
  }

  /** Kills the instance of a place, and lets another begin there. */
  async kill(place: number): Promise<void> {
    await this.remove(place);
    this.begin(place);
  }

  /** Kills the instance of a place. */
  remove(place: number): Promise<void> {
    return this.#end(this.#at(place), 'SIGKILL');
  }

  /** Kills all instances at once, so that no process memory is left. */
  async killAll(): Promise<void> {
    await Promise.all(this.#running.map((running) => this.#end(running, 'SIGKILL')));
    for (const place of this.#running.keys()) this.begin(place);
  }

  /** Lets the instance of a place stand still. */
  async freeze(place: number, ms: number): Promise<void> {
    const { life, instance } = this.#at(place);
    const still: Still = { life: life.number, from: Date.now(), to: Infinity };
    this.still.push(still);
    instance.signal('SIGSTOP');
    await wait(ms);
    instance.signal('SIGCONT');
    still.to = Date.now();
  }

  /** Ends all, and lets none begin. */
  async end(): Promise<void> {
    await Promise.all(this.#running.map((running) => this.#end(running, 'SIGTERM')));
  }

  /** Leaves no process behind, whatever happened. */
  async clear(): Promise<void> {
    for (const one of this.#processes) one.signal('SIGKILL');
    await Promise.all([...this.#processes].map(({ ended }) => ended));
  }

  #at(place: number): Running {
    return this.#running[place] as Running;
  }

  #load(): Instance {
    const loaded = new Instance();
    this.#processes.add(loaded);
    void loaded.ended.then(() => this.#processes.delete(loaded));
    return loaded;
  }

  async #end({ life, instance }: Running, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (life.endedAt !== undefined) return;
    life.signal = signal;
    life.signalledAt = Date.now();
    instance.signal(signal);
    const tooLong = setTimeout(() => instance.signal('SIGKILL'), END_MS);
    life.exit = await instance.ended;
    clearTimeout(tooLong);
    life.endedAt = Date.now();
  }
}
