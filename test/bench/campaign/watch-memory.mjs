import { clearInterval, setInterval } from 'node:timers';

const EVERY_MS = 10;

/** Looks at the memory of this process from now on, often. Needs `--expose-gc`, so that it starts from what is really held. */
export function watchMemory() {
  globalThis.gc();
  const before = process.memoryUsage();
  const most = { ...before };
  const look = () => {
    const { heapUsed, rss } = process.memoryUsage();
    most.heapUsed = Math.max(most.heapUsed, heapUsed);
    most.rss = Math.max(most.rss, rss);
  };
  const timer = setInterval(look, EVERY_MS);
  /** Bytes: the most that there was over what there was at the start. */
  const growth = () => {
    clearInterval(timer);
    look();
    // The system has seen peaks between two looks; those before the first one are none of ours.
    const peak = process.resourceUsage().maxRSS * 1024;
    return { rss: Math.max(most.rss, peak) - before.rss, heap: most.heapUsed - before.heapUsed };
  };
  return { growth };
}
