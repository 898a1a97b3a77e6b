import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const EARLY_MS = 100;

const isPoller = (name) => name.endsWith('/poller');

/** Engines with one guarantee taken out: the account of the tests must find what that does. */
const FAULTS = {
  /** Every instance gets the lease, and keeps it. */
  everyoneLeads(engine) {
    const exclusive = engine.exclusive.bind(engine);
    const lease = { isValid: () => true, release: () => Promise.resolve() };
    engine.exclusive = (name) => (isPoller(name) ? Promise.resolve({ ...lease }) : exclusive(name));
  },
  /** A lease is never lost. */
  leasesLastForEver(engine) {
    const exclusive = engine.exclusive.bind(engine);
    engine.exclusive = async (name) => {
      const lease = await exclusive(name);
      if (lease && isPoller(name)) lease.isValid = () => true;
      return lease;
    };
  },
  /** A redelivered job looks new. */
  forgetsInterruptions(engine) {
    changeJobs(engine, { interrupted: false, interruptedAt: undefined, interruptedMark: undefined });
  },
  /** A job is never lost to another instance. */
  jobsAreHeldForEver(engine) {
    changeJobs(engine, { isHeld: () => true });
  },
  /** A download is acknowledged a moment before it is stored. */
  acknowledgesEarly(engine) {
    changeQueues(engine, (queue, name) => {
      if (!name.endsWith('/pages')) return;
      const add = queue.add.bind(queue);
      queue.add = async (jobs, notes = []) => {
        for (const { name: note } of notes) await engine.forget(note);
        void wait(EARLY_MS).then(() => add(jobs).catch(() => undefined));
      };
    });
  },
  /** The note before a download is not stored. */
  forgetsIntents(engine) {
    const note = engine.note.bind(engine);
    engine.note = async (name, text) => (name.includes('/download') ? undefined : note(name, text));
  },
};

/** The same, of what engines do when they are opened. */
const FAULTS_OF_OPENING = {
  /** The spool of an earlier process is not transferred to Redis. */
  forgetsTheSpool: ({ spool }, { account }) => rm(join(spool, account), { recursive: true, force: true }),
};

/** An engine with a fault, by its name; without a name the engine itself. */
export function faulty(source, name, options) {
  if (name === undefined) return source;
  return {
    openEngine: async (context) => {
      await FAULTS_OF_OPENING[name]?.(options, context);
      const engine = await source.openEngine(context);
      FAULTS[name]?.(engine);
      return engine;
    },
  };
}

function changeQueues(engine, change) {
  const queueOf = engine.queue.bind(engine);
  const changed = new Set();
  engine.queue = (name, options) => {
    const queue = queueOf(name, options);
    if (!changed.has(queue)) change(queue, name);
    changed.add(queue);
    return queue;
  };
}

function changeJobs(engine, changes) {
  changeQueues(engine, (queue) => {
    const consume = queue.consume.bind(queue);
    queue.consume = (handler, options) => {
      const changed = (job) => {
        const { id, data, attempt, interrupted, interruptedAt, interruptedMark } = job;
        const own = { isHeld: () => job.isHeld(), atWork: (isAtWork, mark) => job.atWork(isAtWork, mark) };
        return { id, data, attempt, interrupted, interruptedAt, interruptedMark, ...own, ...changes };
      };
      return consume((job) => handler(changed(job)), options);
    };
  });
}
