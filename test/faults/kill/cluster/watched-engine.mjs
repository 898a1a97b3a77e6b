import { subscribe } from 'node:diagnostics_channel';
import { clearInterval, setInterval } from 'node:timers';

const LOOK_MS = 50;
/** Standing still for longer is worth a note. */
const STILL_MS = 250;

/** Milliseconds by a clock that all processes of a machine share, and that is never set. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

/**
 * An engine whose leases are written down: when they were got and given back, and for each download that leaves this process
 * whether its lease was valid in that moment. Also when this process stood still by itself, and in its journal, which downloads
 * were said to be durable.
 */
export function watched(source, life, { moves, journal }) {
  return {
    openEngine: async (context) => {
      const engine = await source.openEngine(context);
      if (context.account === 'default') {
        watchDownloads(engine, life, moves);
        watchPages(engine, journal);
      }
      return engine;
    },
  };
}

function watchPages(engine, write) {
  const queueOf = engine.queue.bind(engine);
  engine.queue = (name, options) => {
    const queue = queueOf(name, options);
    if (!name.endsWith('/pages')) return queue;
    const add = queue.add.bind(queue);
    queue.add = async (jobs, notes) => {
      await add(jobs, notes);
      for (const { id } of jobs) write('kept', id);
    };
    return queue;
  };
}

function watchDownloads(engine, life, write) {
  const exclusive = engine.exclusive.bind(engine);
  let held;
  engine.exclusive = async (name) => {
    const lease = await exclusive(name);
    // Got, and lost again while this process stood still.
    if (!name.endsWith('/poller') || !lease?.isValid()) return lease;
    write('took', { life, at: now() });
    held = lease;
    const release = lease.release.bind(lease);
    lease.release = () => {
      write('released', { life, at: now() });
      return release();
    };
    return lease;
  };
  // Published right before the request is written to its socket.
  subscribe('undici:client:sendHeaders', ({ request }) => {
    if (request.path.includes('/inbox/dlrs')) write('sends', { life, at: now(), isValid: held?.isValid() === true });
  });
  let last = Date.now();
  const timer = setInterval(() => {
    const at = Date.now();
    if (at - last > STILL_MS) write('still', { life, from: last, to: at });
    last = at;
  }, LOOK_MS);
  timer.unref();
  const close = engine.close.bind(engine);
  engine.close = () => {
    clearInterval(timer);
    return close();
  };
}
