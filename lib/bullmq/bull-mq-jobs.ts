import type { Job as BullJob } from 'bullmq';
import type { FaultOutcome } from '../queue/faulty-handler.js';
import type { BullMqAccess } from './bull-mq-access.js';
import { jobName } from './redis-keys.js';
import { noteArguments } from './redis-notes.js';

/** The priority of jobs that waited for a time: they come before those that did not. */
export const DUE = 1;
/** The priority of all others. */
export const PLAIN = 2;

/** A job that was taken from a queue. */
export interface TakenJob<T> {
  /** Its id in BullMQ. */
  bullId: string;
  /** Tells this hand-out from all others. */
  token: string;
  id: string;
  data: T;
  /** How often it was tried before it became a job. */
  attempts: number;
}

/** Tries of a job. */
export interface BegunTry {
  /** 1 for the first. */
  attempt: number;
  /** How often in a row its handler has rejected before. */
  faults: number;
  /** When the first try began that ended without an outcome: milliseconds since 1970. */
  doubtSince?: number;
  /** Mark of its handler at that time. */
  doubtMark?: string;
}

/** State of a job in BullMQ. */
interface BullData {
  data: string;
  opts: { oursms?: number };
}

/** The jobs of a queue, from delivery to the outcome of them. */
export class BullMqJobs<T> {
  constructor(private readonly access: BullMqAccess) {}

  /** The next job whose turn it is, or when the first that is delayed is due: milliseconds since 1970. */
  async take(token: string): Promise<{ job?: TakenJob<T>; dueAt?: number }> {
    const [found, bullId, , dueAt] = await this.access.link.run(
      async () => (await this.access.backend.moveToActive(token)) as [BullData | undefined, string?, number?, number?],
    );
    if (!found || bullId === undefined) return { dueAt: dueAt === undefined || dueAt <= 0 ? undefined : dueAt };
    const attempts = found.opts.oursms ?? 0;
    return { job: { bullId, token, id: jobName(bullId), data: JSON.parse(found.data) as T, attempts } };
  }

  /**
   * Notes, durably, that a job is handed to its handler.
   *
   * @param isIdle That is no beginning yet: see {@link atWork}.
   * @returns undefined when it belongs to someone else by now
   */
  async begin({ bullId, token, attempts }: TakenJob<T>, isIdle = false): Promise<BegunTry | undefined> {
    const { link, leaseMs } = this.access;
    const keys = [this.access.key(bullId), this.access.key('active')];
    const what = [bullId, token, leaseMs, isIdle ? '' : Date.now(), attempts];
    const begun = await link.script<[number, string, string, number] | null>('oursms:begin', ...keys, ...what);
    if (begun === null) return undefined;
    const [attempt, doubt, mark, faults] = begun;
    return doubt === ''
      ? { attempt, faults }
      : { attempt, faults, doubtSince: Number(doubt), doubtMark: mark || undefined };
  }

  /** Notes, durably, whether a job is begun that was handed to its handler. @returns Whether it is still ours */
  async atWork({ bullId, token }: TakenJob<T>, isAtWork: boolean, mark = ''): Promise<boolean> {
    const { link, leaseMs } = this.access;
    const keys = [this.access.key(bullId), this.access.key('active')];
    const what = [bullId, token, leaseMs, isAtWork ? Date.now() : '', mark];
    return (await link.script<number>('oursms:work', ...keys, ...what)) === 1;
  }

  /** Makes an outcome durable, unless the job belongs to someone else by now: then nothing is changed. */
  async settle({ bullId, token }: TakenJob<T>, attempt: number, outcome: FaultOutcome<T>): Promise<void> {
    const { access } = this;
    const { noteNames, noteTexts } = access.keys;
    const job = { id: bullId, opts: { attempts: 1 } } as BullJob;
    const isKept = outcome.kind === 'again' ? '1' : '0';
    const ours = [access.key(bullId), access.key('active'), noteNames, noteTexts, access.added];
    const notes = noteArguments(outcome.notes ?? []);
    const untouched = { 'oursms:idle': '' };
    // What cannot be written as JSON throws here.
    const data = outcome.kind === 'done' || outcome.data === undefined ? {} : { data: JSON.stringify(outcome.data) };
    await access.link.runLast(() =>
      access.transaction((multi, backend) => {
        multi.runCommand('oursms:settle', [...ours, bullId, token, access.leaseMs, isKept, ...notes]);
        if (outcome.kind === 'done') {
          backend.execCommand(multi, 'moveToFinished', backend.moveToCompletedArgs(job, '1', true, token));
        } else if (outcome.kind === 'again') {
          const tries = outcome.uncounted ? attempt - 1 : attempt;
          const fieldsToUpdate = {
            ...data,
            'oursms:tries': tries,
            'oursms:since': '',
            ...untouched,
            'oursms:faults': outcome.faults ?? 0,
            priority: DUE,
          };
          const inMs = Math.max(0, Math.ceil(outcome.inMs));
          const args = backend.moveToDelayedArgs(bullId, Date.now(), token, inMs, { fieldsToUpdate });
          backend.execCommand(multi, 'moveToDelayed', args);
        } else {
          // It is as a new one already, so that it is one by whatever means it is retried.
          const fresh = {
            'oursms:tries': 0,
            'oursms:since': '',
            'oursms:doubt': '',
            ...untouched,
            'oursms:faults': 0,
            priority: PLAIN,
          };
          const fields = { ...data, ...fresh, 'oursms:failure': String(attempt) };
          const args = backend.moveToFailedArgs(job, outcome.reason, false, token, false, fields);
          backend.execCommand(multi, 'moveToFinished', args);
          multi.runCommand('oursms:failed-last', [access.key('failed'), access.key(bullId), bullId, token]);
        }
      }),
    );
  }

  /** Puts a job back in its place, as it was taken. */
  async putBack({ bullId, token }: TakenJob<T>): Promise<void> {
    await this.access.link.runLast(() => this.access.backend.moveJobFromActiveToWait(bullId, token));
  }

  /** Keeps the locks of jobs. @returns the tokens of those that are lost */
  renew(jobs: readonly TakenJob<T>[]): Promise<string[]> {
    const { access } = this;
    const keys = [access.key('active'), access.key('stalled')];
    const ours = jobs.flatMap(({ bullId, token }) => [bullId, token]);
    return access.link.script('oursms:renew', ...keys, access.key(''), access.leaseMs, ...ours);
  }

  /** Puts back the jobs of processes that have vanished. */
  async recover(): Promise<void> {
    await this.access.link.run(() => this.access.backend.moveStalledJobsToWait());
  }

  /** How many jobs all processes together have at a time; undefined: as many as they want. */
  async limit(total: number | undefined): Promise<void> {
    const { queue } = this.access;
    await this.access.link.run<unknown>(() =>
      total === undefined ? queue.removeGlobalConcurrency() : queue.setGlobalConcurrency(total),
    );
  }
}
