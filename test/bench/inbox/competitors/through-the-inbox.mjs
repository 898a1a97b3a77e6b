import { setTimeout as wait } from 'node:timers/promises';
import { DlrInbox } from '../../../../dist/index.js';
import { CountingListener, POLL, startApplication } from '../application.mjs';

/** The whole module: poller, store, listeners. A run ends when the store has forgotten the last page. */
export async function openInbox(baseUrl, storage) {
  const app = await startApplication(baseUrl, { storage, dlr: { poll: POLL } });
  const inbox = app.get(DlrInbox);
  const listener = app.get(CountingListener);
  await inbox.pause();
  const run = async (reports) => {
    const handled = listener.next(reports);
    await inbox.resume();
    await handled;
    while ((await inbox.stats()).pages > 0) await wait(1);
  };
  return { listener, run, rest: () => inbox.pause(), close: () => app.close() };
}
